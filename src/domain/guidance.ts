import { type Definition, FINISH } from './definition.ts';
import { type Sentence, splitSentences } from './sentences.ts';
import { foldName, resolveProse } from './step-names.ts';

/** One instruction of an author's guidance: under this condition, that step comes next. */
export interface GuidanceClause {
  /**
   * The author's words between "if" and "proceed to", without markup; absent where the clause always
   * holds. A condition that starts with `unless` or `until` keeps that word: it means the opposite.
   */
  readonly condition?: string;
  /** Whether it is what remains when no other clause of the guidance holds ("Otherwise, ..."). */
  readonly otherwise: boolean;
  /** A canonical step name, or FINISH. */
  readonly target: string;
  /** The whole sentence, on one line. */
  readonly sentence: string;
}

/** A place in guidance that sends the reader on, whether or not it names a step that exists. */
export interface GuidanceDirection extends Omit<GuidanceClause, 'target'> {
  /** Absent where the phrase means no step, or more than one. */
  readonly target?: string;
  /** The words that name the target, punctuation trimmed. */
  readonly phrase: string;
  /** Whether the author marked the phrase as a name: with backticks, quotes, bold or a link. */
  readonly quoted: boolean;
  /** Whether a step has to be meant: "proceed to X" sends to a step, "select X" or "X -> Y" may not. */
  readonly explicit: boolean;
  /** Where the phrase starts in the guidance, in UTF-16 units. */
  readonly offset: number;
}

/** Beyond these, guidance is no prose that someone wrote; the rest of it is not read. */
const DIRECTIONS_MAX = 200;
const SENTENCE_CHARS_MAX = 2_000;
const PHRASE_WORDS_MAX = 12;

/**
 * Reads guidance as a list of clauses, in the order in which they are written: "If ..., proceed to X",
 * "When ..., go to X", "X if ...", "Otherwise X", "Proceed to X", "On failure: `X`". A list item below
 * "If ...:" shares that condition. Targets are found by {@link resolveProse} on the longest phrase that
 * fits; a clause whose target is unknown or ambiguous is left out.
 */
export function readGuidance(definition: Definition, guidance: string): readonly GuidanceClause[] {
  return readDirections(definition, guidance).flatMap(({ condition, otherwise, target, sentence }) =>
    target === undefined
      ? []
      : [{ ...(condition === undefined ? {} : { condition }), otherwise, target, sentence }],
  );
}

/** Like {@link readGuidance}, but with the directions that lead nowhere, and where each stands. */
export function readDirections(definition: Definition, guidance: string): readonly GuidanceDirection[] {
  const directions: GuidanceDirection[] = [];
  const openConditions: OpenCondition[] = [];
  for (const sentence of splitSentences(guidance)) {
    if (directions.length >= DIRECTIONS_MAX) break;
    if (sentence.text.length > SENTENCE_CHARS_MAX) continue;
    while ((openConditions.at(-1)?.indent ?? -1) >= sentence.indent) openConditions.pop();
    const inherited = openConditions.at(-1)?.premise;
    const found = segmentsOf(sentence).flatMap((segment) => readSegment(definition, segment, inherited));
    directions.push(...found);
    if (found.length === 0 && /:\W*$/.test(sentence.text)) {
      const premise = readPremise(sentence.text);
      if (premise.condition !== undefined || premise.otherwise)
        openConditions.push({ indent: sentence.indent, premise });
    }
  }
  return directions.slice(0, DIRECTIONS_MAX);
}

interface Premise {
  readonly condition?: string;
  readonly otherwise: boolean;
}

/** "If it failed:", waiting for the list items below it. */
interface OpenCondition {
  readonly indent: number;
  readonly premise: Premise;
}

interface Segment {
  readonly text: string;
  readonly offset: number;
  readonly sentence: string;
}

const MOVE = new RegExp(
  [
    String.raw`\b(?:proceed|go|continue|move|return|advance|transition|switch|jump|skip|loop|branch|route)(?:e?s)?` +
      String.raw`(?:\s+(?:on|back|ahead|over|directly|straight|immediately|forward|again)){0,2}\s+(?:to|with|at|into)\b`,
    String.raw`\bgoto\b`,
    String.raw`\bnext\s+step\s*(?:(?:is|shall be|should be|will be|must be)\b|[:=])`,
  ].join('|'),
  'i',
);
const ACTION = new RegExp(
  [
    MOVE.source,
    String.raw`\b(?:stay|remain)s?\s+(?:on|at|in|with)\b`,
    String.raw`\b(?:choose|select|repeat|retry|redo|rerun|revisit)\b`,
    '->|=>|→|⇒',
  ].join('|'),
  'gi',
);
const NEGATION =
  /(?:\b(?:not|never|cannot|before|without|avoid|instead\s+of|rather\s+than)|n['’]t)(?:\s+(?:yet|ever|you|we|just|simply|directly|immediately))*\s+$/i;
const LEADING_MARKUP = /^[\s*_`"'“‘([]*/;
const CONDITION_WORD =
  /^(?:if|when|whenever|once|after|on|upon|in\s+case(?:\s+of)?|in\s+the\s+case\s+of|as\s+soon\s+as|as\s+long\s+as|provided(?:\s+that)?|should|while|for|(?=unless\b|until\b))\b/i;
const TRAILING_CONDITION =
  /[\s,(]+(?:but\s+)?(?:only\s+)?(?:if|when|whenever|in\s+case|provided\s+that|as\s+long\s+as|(?=unless\b|until\b))\s*(\S.*)$/i;
const OTHERWISE =
  /^(?:otherwise|else|by\s+default|default(?=\W*:)|in\s+(?:all|any|every)\s+other\s+cases?|in\s+any\s+other\s+event|for\s+(?:everything|anything)\s+else|if\s+not(?=\s*[,:])|if\s+none\s+of\s+(?:these|those|the\s+above)\b[^,:]*)/i;
/** "Failure: proceed to X" is a condition, "Note: proceed to X" is none. */
const OUTCOME_LABEL =
  /^([^:,.]{0,60}\b(?:success\w*|succeed\w*|fail\w*|errors?|yes|no|ok|done|approved|rejected|accepted|declined|valid|invalid|empty|blocked|cancell?ed)\b[^:,.]{0,40})(?::|(?=\s*$))/i;
const LABEL_END = /:[\s*_]*(?=[`"“[])/;
const NEW_CLAUSE =
  /[;,—–]?\s+(?:(?:and|but|or)\s+)?(?=(?:if|when|whenever|otherwise|else|unless|in\s+case)\b)|;\s+/gi;
const FILLER =
  /^(?:the|a|an|to|step|steps|state|next|following|named|called|with|first|last|final|previous|earlier)$/i;
const PHRASE_END =
  /[,;()—–]|\.(?=\s|$)|\s(?:if|when|whenever|unless|until|because|since|once|so\s+that|in\s+order|before|after|while|otherwise|else)\b/i;
const MARKED_NAME =
  /^(?:`+([^`]+)`+|\*\*\s*[`"“']?([^*]+?)[`"”']?\s*\*\*|__([^_].*?)__|"([^"]+)"|“([^”]+)”|«([^»]+)»|'([^']+)'(?!\w)|‘([^’]+)’|\[([^\]]+)\]\([^)]*\)|\[([^\]]+)\]|\*([^*\s][^*]*)\*|_([^\s_][^_]*)_(?!\w))/;

/** A sentence may hold several clauses: "If A, go to X; otherwise go to Y". */
function segmentsOf({ text, offset }: Sentence): readonly Segment[] {
  const sentence = text.replace(/\s+/g, ' ');
  const segments: Segment[] = [];
  let start = 0;
  for (const boundary of text.matchAll(NEW_CLAUSE)) {
    const end = boundary.index + boundary[0].length;
    const rest = text.slice(end);
    if (!hasAction(text.slice(start, boundary.index))) continue;
    if (!hasAction(rest) && !OTHERWISE.test(rest)) continue;
    segments.push({ text: text.slice(start, boundary.index), offset: offset + start, sentence });
    start = end;
  }
  segments.push({ text: text.slice(start), offset: offset + start, sentence });
  return segments;
}

function hasAction(text: string): boolean {
  return text.search(ACTION) !== -1;
}

function readSegment(
  definition: Definition,
  { text, offset, sentence }: Segment,
  inherited: Premise | undefined,
): readonly GuidanceDirection[] {
  const actions = [...text.matchAll(ACTION)].filter(
    (action) => !NEGATION.test(text.slice(Math.max(0, action.index - 60), action.index)),
  );
  const label = actions.length === 0 ? LABEL_END.exec(text) : null;
  const leading = readPremise(text.slice(0, actions[0]?.index ?? label?.index ?? text.length));
  const direct = (start: number, end: number, explicit = false): readonly GuidanceDirection[] => {
    const found = readTarget(definition, text.slice(start, end));
    if (found === undefined) return [];
    const { at, ...target } = found;
    const trailing = TRAILING_CONDITION.exec(text.slice(start + at + found.phrase.length, end))?.[1];
    const own =
      leading.condition !== undefined || leading.otherwise || trailing === undefined
        ? leading
        : { condition: plainText(trailing), otherwise: false };
    const premise = own.condition === undefined && !own.otherwise ? (inherited ?? own) : own;
    return [{ ...premise, ...target, explicit, sentence, offset: offset + start + at }];
  };
  if (actions.length > 0) {
    return actions.flatMap((action, index) =>
      direct(action.index + action[0].length, actions[index + 1]?.index ?? text.length, MOVE.test(action[0])),
    );
  }
  // Without a verb, only "Otherwise X" and "On failure: `X`" send anyone anywhere.
  const unmarked = text.length - text.replace(LEADING_MARKUP, '').length;
  const otherwise = OTHERWISE.exec(text.slice(unmarked));
  if (otherwise !== null) return direct(unmarked + otherwise[0].length, text.length);
  if (label === null || leading.condition === undefined) return [];
  return direct(label.index + label[0].length, text.length);
}

/** What stands before the verb: under which condition the clause holds. */
function readPremise(text: string): Premise {
  const words = text.replace(LEADING_MARKUP, '');
  if (OTHERWISE.test(words)) return { otherwise: true };
  const opener = CONDITION_WORD.exec(words);
  if (opener !== null) {
    const condition = conditionText(words.slice(opener[0].length));
    if (condition !== '') return { condition, otherwise: false };
  }
  const label = OUTCOME_LABEL.exec(plainText(text))?.[1];
  return label === undefined ? { otherwise: false } : { condition: plainText(label), otherwise: false };
}

/** Up to the first comma, unless what follows it goes on with "or" or "and". */
function conditionText(text: string): string {
  const parts = text.split(/,(?=\s)/);
  const continuation = parts.findLastIndex((part, index) => index > 0 && /^\s*(?:or|and|but)\s/i.test(part));
  const goesOn = continuation !== -1 && !/^\s*and\s+(?:then\b|\W*$)/i.test(parts[continuation] ?? '');
  const condition = parts.slice(0, goesOn ? continuation + 1 : 1).join(',');
  return plainText(
    condition.replace(/[\s,:]+(?:then|you|we|it|please|should|must|can|simply|just|always)*\s*$/i, ''),
  );
}

function plainText(text: string): string {
  return text
    .replace(/[`*"“”]|(?<!\w)_|_(?!\w)/g, '')
    .replace(/\s+/g, ' ')
    .replace(/^[\s,:;.()]+|[\s,:;.(]+$/g, '');
}

interface Target {
  readonly target?: string;
  readonly phrase: string;
  readonly quoted: boolean;
  /** Where the phrase starts in the text. */
  readonly at: number;
}

/** What the words after "proceed to" name. Undefined: nothing, as in "proceed to the next step". */
function readTarget(definition: Definition, text: string): Target | undefined {
  const words = [...text.matchAll(/\S+/g)];
  const fillers = words.findIndex((word) => !FILLER.test(trimWord(word[0])));
  const start = (fillers === -1 ? words[0] : words[fillers])?.index;
  if (start === undefined) return undefined;
  const marked = MARKED_NAME.exec(text.slice(start));
  if (marked !== null) {
    const phrase = marked.slice(1).find((group) => group !== undefined) ?? '';
    const name = phrase.replace(/[.,;:!?]+$/, '').trim();
    const target = resolveProse(definition, name);
    const at = start + marked[0].indexOf(phrase);
    const isOneOfSeveral = isAlternative(definition, text.slice(start + marked[0].length), target);
    return { ...(target === undefined || isOneOfSeveral ? {} : { target }), phrase: name, quoted: true, at };
  }
  return readPlainTarget(definition, text, words.slice(0, PHRASE_WORDS_MAX), start);
}

function readPlainTarget(
  definition: Definition,
  text: string,
  words: readonly RegExpExecArray[],
  start: number,
): Target | undefined {
  const firstKept = words.findIndex((word) => word.index === start);
  // A name may begin with a filler word ("Next Steps"), so the phrase is tried with them first.
  for (let from = 0; from <= firstKept; from += 1) {
    for (let to = words.length; to > from; to -= 1) {
      const at = words[from]?.index ?? 0;
      const last = words[to - 1];
      const end = last === undefined ? at : last.index + last[0].length;
      const phrase = trimWord(text.slice(at, end));
      const target = resolveProse(definition, phrase);
      if (target === undefined || !isNameOf(definition, target, phrase)) continue;
      if (isAlternative(definition, text.slice(end), target)) return { phrase, quoted: false, at };
      return { target, phrase, quoted: false, at };
    }
  }
  const rest = text.slice(start);
  const phrase = trimWord(rest.slice(0, PHRASE_END.exec(rest)?.index ?? rest.length));
  if (phrase === '') return undefined;
  const target = resolveProse(definition, phrase);
  return {
    ...(target === undefined ? {} : { target }),
    phrase,
    quoted: false,
    at: start + rest.indexOf(phrase),
  };
}

function trimWord(text: string): string {
  return text.replace(/^[\s*_`"'“”‘’([,:;.!?]+|[\s*_`"'“”‘’)\],:;.!?]+$/g, '');
}

/** Whether a phrase that means a step is a name of it, and does not merely contain the words of one. */
export function isNameOf(definition: Definition, target: string, phrase: string): boolean {
  const folded = foldName(phrase);
  if (foldName(target) === folded) return true;
  const step = definition.steps.find((candidate) => candidate.name === target);
  return foldName(step?.fileStem ?? FINISH) === folded || foldName(step?.heading ?? '') === folded;
}

/** "Proceed to A or B" names two steps, and so neither. */
function isAlternative(definition: Definition, rest: string, target: string | undefined): boolean {
  const or = /^[\s,)]*or\s+(?:(?:go|proceed|return|back)\s+)?(?:to\s+)?/i.exec(rest);
  if (or === null) return false;
  const other = readTarget(definition, rest.slice(or[0].length));
  return other?.target !== undefined && other.target !== target;
}

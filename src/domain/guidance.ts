import type { Definition } from './definition.ts';
import {
  isUnconditional,
  otherwiseLength,
  type Premise,
  readPremise,
  readTrailingPremise,
  refersBack,
} from './premise.ts';
import { type Sentence, splitSentences } from './sentences.ts';
import { readStepReference, type StepReference } from './step-reference.ts';

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
export interface GuidanceDirection extends Premise, Omit<StepReference, 'at'> {
  readonly sentence: string;
  /** Whether a step has to be meant: "proceed to X" sends to a step, "select X" or "X -> Y" may not. */
  readonly explicit: boolean;
  /** Where the phrase starts in the guidance, in UTF-16 units. */
  readonly offset: number;
}

/** Beyond these, guidance is no prose that someone wrote; the rest of it is not read. */
const DIRECTIONS_MAX = 200;
const SENTENCE_CHARS_MAX = 2_000;

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
const LABEL_END = /:[\s*_]*(?=[`"“[])/;
const NEW_CLAUSE =
  /[;,—–]?\s+(?:(?:and|but|or)\s+)?(?=(?:if|when|whenever|otherwise|else|unless|in\s+case)\b)|;\s+/gi;

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
      : [{ ...(condition !== undefined && { condition }), otherwise, target, sentence }],
  );
}

/** Like {@link readGuidance}, but with the directions that lead nowhere, and where each stands. */
export function readDirections(definition: Definition, guidance: string): readonly GuidanceDirection[] {
  const directions: GuidanceDirection[] = [];
  const openPremises: OpenPremise[] = [];
  let before: Premise = { otherwise: false };
  for (const sentence of splitSentences(guidance)) {
    if (sentence.text.length > SENTENCE_CHARS_MAX || directions.length >= DIRECTIONS_MAX) continue;
    while ((openPremises.at(-1)?.indent ?? -1) >= sentence.indent) openPremises.pop();
    const inherited = refersBack(sentence.text) ? before : openPremises.at(-1)?.premise;
    const found = segmentsOf(sentence).flatMap((segment) => readSegment(definition, segment, inherited));
    directions.push(...found);
    before = readPremise(sentence.text);
    if (found.length === 0 && /:\W*$/.test(sentence.text) && !isUnconditional(before))
      openPremises.push({ indent: sentence.indent, premise: before });
  }
  return directions.slice(0, DIRECTIONS_MAX);
}

/** "If it failed:", waiting for the list items below it. */
interface OpenPremise {
  readonly indent: number;
  readonly premise: Premise;
}

interface Segment {
  readonly text: string;
  readonly offset: number;
  /** The whole sentence, on one line. */
  readonly sentence: string;
}

/** A sentence may hold several clauses: "If A, go to X; otherwise go to Y". */
function segmentsOf({ text, offset }: Sentence): readonly Segment[] {
  const sentence = text.replace(/\s+/g, ' ');
  const segments: Segment[] = [];
  let start = 0;
  for (const boundary of text.matchAll(NEW_CLAUSE)) {
    const end = boundary.index + boundary[0].length;
    const rest = text.slice(end);
    if (!hasAction(text.slice(start, boundary.index))) continue;
    if (!hasAction(rest) && otherwiseLength(rest) === 0) continue;
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
  const direct = ({ start, end, leading, explicit }: Destination): readonly GuidanceDirection[] => {
    const reference = readStepReference(definition, text.slice(start, end));
    if (reference === undefined) return [];
    const { at, ...named } = reference;
    const trailing = readTrailingPremise(text.slice(start + at + named.phrase.length, end));
    const premises = refersBack(text) ? [inherited, leading] : [leading, trailing, inherited];
    const premise = premises.find((each) => each !== undefined && !isUnconditional(each)) ?? leading;
    return [{ ...premise, ...named, sentence, explicit, offset: offset + start + at }];
  };
  return destinationsOf(text).flatMap(direct);
}

/** A stretch of a segment that names where to go, and what was said before it. */
interface Destination {
  readonly start: number;
  readonly end: number;
  readonly leading: Premise;
  readonly explicit: boolean;
}

function destinationsOf(text: string): readonly Destination[] {
  const actions = [...text.matchAll(ACTION)].filter(
    (action) => !NEGATION.test(text.slice(Math.max(0, action.index - 60), action.index)),
  );
  if (actions.length > 0) {
    const leading = readPremise(text.slice(0, actions[0]?.index));
    return actions.map((action, index) => ({
      start: action.index + action[0].length,
      end: actions[index + 1]?.index ?? text.length,
      leading,
      explicit: MOVE.test(action[0]),
    }));
  }
  // Without a verb, only "Otherwise X" and "On failure: `X`" send anyone anywhere.
  const otherwise = otherwiseLength(text);
  if (otherwise > 0)
    return [{ start: otherwise, end: text.length, leading: { otherwise: true }, explicit: false }];
  const label = LABEL_END.exec(text);
  if (label === null) return [];
  const leading = readPremise(text.slice(0, label.index));
  const start = label.index + label[0].length;
  return isUnconditional(leading) ? [] : [{ start, end: text.length, leading, explicit: false }];
}

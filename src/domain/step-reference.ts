import { type Definition, FINISH } from './definition.ts';
import { foldName, resolveProse } from './step-names.ts';

/** The words by which prose names a step. */
export interface StepReference {
  /** A canonical step name, or FINISH; absent where the phrase means no step, or more than one. */
  readonly target?: string;
  /** Punctuation trimmed. */
  readonly phrase: string;
  /** Whether the author marked the phrase as a name: with backticks, quotes, bold or a link. */
  readonly quoted: boolean;
  /** Where the phrase starts in the text, in UTF-16 units. */
  readonly at: number;
}

const PHRASE_WORDS_MAX = 12;
const FILLER =
  /^(?:the|a|an|to|step|steps|state|next|following|named|called|with|first|last|final|previous|earlier)$/i;
const PHRASE_END =
  /[,;()—–]|\.(?=\s|$)|\s(?:if|when|whenever|unless|until|because|since|once|so\s+that|in\s+order|before|after|while|otherwise|else)\b/i;
const MARKED_NAME =
  /^(?:`+([^`]+)`+|\*\*\s*[`"“']?([^*]+?)[`"”']?\s*\*\*|__([^_].*?)__|"([^"]+)"|“([^”]+)”|«([^»]+)»|'([^']+)'(?!\w)|‘([^’]+)’|\[([^\]]+)\]\([^)]*\)|\[([^\]]+)\]|\*([^*\s][^*]*)\*|_([^\s_][^_]*)_(?!\w))/;

/** Reads what the words after "proceed to" name. Undefined: there are none. */
export function readStepReference(definition: Definition, text: string): StepReference | undefined {
  const words = [...text.matchAll(/\S+/g)].slice(0, PHRASE_WORDS_MAX);
  const kept = words.find((word) => !FILLER.test(trimWord(word[0]))) ?? words[0];
  if (kept === undefined) return undefined;
  return (
    readMarkedName(definition, text, kept.index) ??
    readPlainName({ definition, text, words, start: kept.index })
  );
}

function readMarkedName(definition: Definition, text: string, start: number): StepReference | undefined {
  const marked = MARKED_NAME.exec(text.slice(start));
  const written = marked?.slice(1).find((group) => group !== undefined);
  if (marked === null || written === undefined) return undefined;
  const phrase = written.replace(/[.,;:!?]+$/, '').trim();
  const rest = text.slice(start + marked[0].length);
  const target = withoutAlternative(definition, resolveProse(definition, phrase), rest);
  return {
    ...(target !== undefined && { target }),
    phrase,
    quoted: true,
    at: start + marked[0].indexOf(written),
  };
}

interface PlainNameParams {
  readonly definition: Definition;
  readonly text: string;
  readonly words: readonly RegExpExecArray[];
  /** Where the first word starts that is not mere filling, such as "the next step". */
  readonly start: number;
}

/** The longest run of words that is a name; else the step whose words are contained in the phrase. */
function readPlainName({ definition, text, words, start }: PlainNameParams): StepReference | undefined {
  // A name may begin with a filler word ("Next Steps"), so the phrase is tried with them first.
  for (const first of words.filter((word) => word.index <= start)) {
    for (const last of words.filter((word) => word.index >= first.index).reverse()) {
      const end = last.index + last[0].length;
      const phrase = trimWord(text.slice(first.index, end));
      const named = resolveProse(definition, phrase);
      if (named === undefined || !isNameOf(definition, named, phrase)) continue;
      const target = withoutAlternative(definition, named, text.slice(end));
      return { ...(target !== undefined && { target }), phrase, quoted: false, at: first.index };
    }
  }
  const rest = text.slice(start);
  const phrase = trimWord(rest.slice(0, PHRASE_END.exec(rest)?.index));
  if (phrase === '') return undefined;
  const target = resolveProse(definition, phrase);
  return { ...(target !== undefined && { target }), phrase, quoted: false, at: start + rest.indexOf(phrase) };
}

/** "Proceed to A or B" names two steps, and so neither. */
function withoutAlternative(
  definition: Definition,
  target: string | undefined,
  rest: string,
): string | undefined {
  const or = /^[\s,)]*or\s+(?:(?:go|proceed|return|back)\s+)?(?:to\s+)?/i.exec(rest);
  if (or === null || target === undefined) return target;
  const other = readStepReference(definition, rest.slice(or[0].length))?.target;
  return other === undefined || other === target ? target : undefined;
}

/** Whether a phrase that means a step is a name of it, and does not merely contain the words of one. */
export function isNameOf(definition: Definition, target: string, phrase: string): boolean {
  const step = definition.steps.find(({ name }) => name === target) ?? {
    fileStem: FINISH,
    heading: undefined,
  };
  return [target, step.fileStem, step.heading].some(
    (name) => name !== undefined && foldName(name) === foldName(phrase),
  );
}

function trimWord(text: string): string {
  return text.replace(/^[\s*_`"'“”‘’([,:;.!?]+|[\s*_`"'“”‘’)\],:;.!?]+$/g, '');
}

import { type Definition, FINISH } from './definition.ts';

/** What step names and headings are compared by: letters and digits only, case folded. */
export function foldName(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');
}

/**
 * Finds the step that a name from an LLM or a client means: exactly, or after folding to letters
 * and digits. Nothing fuzzier: a name that arrives at run time is data, not prose.
 *
 * @param candidates canonical names, FINISH included where it is allowed
 * @returns the canonical name, or undefined where none or more than one fits
 */
export function matchStepName(candidates: readonly string[], name: string): string | undefined {
  if (candidates.includes(name)) return name;
  const folded = foldName(name);
  if (folded === '') return undefined;
  return only(candidates.filter((candidate) => foldName(candidate) === folded));
}

/**
 * Finds the step that a phrase of an author's prose means. In this order, and only where exactly one
 * step fits: the exact name; letters and digits, case folded; the file stem; the step's heading; the
 * step whose words are all contained in the phrase. An ambiguous phrase means nothing, never a guess.
 */
export function resolveProse(definition: Definition, phrase: string): string | undefined {
  const index = indexOf(definition);
  const text = phrase.trim();
  if (index.names.has(text)) return text;
  const folded = foldName(text);
  if (folded === '') return undefined;
  for (const spellings of [index.byName, index.byFileStem, index.byHeading]) {
    const matches = spellings.get(folded);
    if (matches !== undefined) return only(matches);
  }
  const phraseWords = new Set(wordsOf(text));
  return only(
    index.words.filter(({ words }) => words.every((word) => phraseWords.has(word))).map(({ name }) => name),
  );
}

/** The names of a definition in every form that prose is compared with: guidance is read phrase by phrase. */
interface NameIndex {
  readonly names: ReadonlySet<string>;
  readonly byName: ReadonlyMap<string, readonly string[]>;
  readonly byFileStem: ReadonlyMap<string, readonly string[]>;
  readonly byHeading: ReadonlyMap<string, readonly string[]>;
  /** Names without any word are left out: they would be contained in every phrase. */
  readonly words: readonly { readonly name: string; readonly words: readonly string[] }[];
}

interface NamedStep {
  readonly name: string;
  readonly fileStem: string;
  readonly heading?: string | undefined;
}

/** A definition never changes, so neither does its index. */
const indexes = new WeakMap<Definition, NameIndex>();

function indexOf(definition: Definition): NameIndex {
  const known = indexes.get(definition);
  if (known !== undefined) return known;
  const hasFinish = definition.steps.some((step) => step.name === FINISH);
  const steps: readonly NamedStep[] = hasFinish
    ? definition.steps
    : [...definition.steps, { name: FINISH, fileStem: FINISH }];
  const index: NameIndex = {
    names: new Set(steps.map((step) => step.name)),
    byName: namesBy(steps, (step) => step.name),
    byFileStem: namesBy(steps, (step) => step.fileStem),
    byHeading: namesBy(steps, (step) => step.heading ?? ''),
    words: steps.map(({ name }) => ({ name, words: wordsOf(name) })).filter(({ words }) => words.length > 0),
  };
  indexes.set(definition, index);
  return index;
}

function namesBy(
  steps: readonly NamedStep[],
  spellingOf: (step: NamedStep) => string,
): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const step of steps) {
    const folded = foldName(spellingOf(step));
    if (folded !== '') names.set(folded, [...(names.get(folded) ?? []), step.name]);
  }
  return names;
}

/** `askTheme`, `ask_theme` and `Ask theme` are the same words. */
function wordsOf(text: string): readonly string[] {
  return text
    .normalize('NFKC')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

function only(names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined;
}

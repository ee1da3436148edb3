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
  const steps = [
    ...definition.steps,
    ...(definition.steps.some((step) => step.name === FINISH)
      ? []
      : [{ name: FINISH, fileStem: FINISH, heading: undefined }]),
  ];
  const text = phrase.trim();
  const folded = foldName(text);
  if (folded === '') return undefined;
  const exact = steps.find((step) => step.name === text);
  if (exact !== undefined) return exact.name;
  for (const keyOf of [
    (step: NamedStep) => step.name,
    (step: NamedStep) => step.fileStem,
    (step: NamedStep) => step.heading,
  ]) {
    const matches = steps.filter((step) => foldName(keyOf(step) ?? '') === folded);
    if (matches.length > 0) return only(matches.map((step) => step.name));
  }
  const phraseWords = new Set(wordsOf(text));
  return only(
    steps
      .filter((step) => wordsOf(step.name).every((word) => phraseWords.has(word)))
      .map((step) => step.name),
  );
}

interface NamedStep {
  readonly name: string;
  readonly fileStem: string;
  readonly heading?: string | undefined;
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

import type { Fact, Facts } from './facts.ts';
import { isNegation, isTopic, type Outcome, outcomeOf, plainPhrase, stem, wordsOf } from './words.ts';

/** Undefined: the facts do not say. */
type Verdict = boolean | undefined;

/**
 * Whether an author's condition holds, as far as simple means can tell. In this order: comparisons with a
 * number ("the score is 7 or more"), values that the condition names ("the choice is `revise`", "nothing
 * was found", "the commit matches"), the status ("it failed", "the report is a success"), and words that all
 * stand in what was reported ("the theme is too sad"). What the facts do not say does not hold.
 */
export function conditionHolds(condition: string, facts: Facts): boolean {
  const phrase = rewriteBounds(plainPhrase(condition).replace(/\b(?:because|since|so that)\b.*$/s, ''));
  const exception = /^\s*(?:unless|until)\b/.exec(phrase);
  if (exception !== null) return !holds(phrase.slice(exception[0].length), facts);
  return holds(phrase, facts);
}

function holds(phrase: string, facts: Facts): boolean {
  const [, subjects, predicate] = /^(.*?)\s(?:is|are|were)\s+(?:all|both)\s(.*)$/s.exec(phrase) ?? [];
  if (subjects !== undefined) {
    const parts = subjects.split(/,|\band\b/).filter((part) => wordsOf(part).length > 0);
    return parts.every((part) => judge(`${part} is ${predicate}`, facts) === true);
  }
  const alternatives = /\bor\b/.test(phrase) ? phrase.split(/\s*,\s*(?:or\b)?|\bor\b/) : [phrase];
  return alternatives.some((alternative) => {
    const parts = alternative.split(/\b(?:and|but)\b/).filter((part) => wordsOf(part).length > 0);
    return parts.length > 0 && parts.every((part) => judge(part, facts) === true);
  });
}

/** "7 or more" holds an "or" that separates nothing; "could not" means a failure, not the opposite of one. */
function rewriteBounds(phrase: string): string {
  return phrase
    .replace(/(\d[\d.]*)\s*%?\s+or\s+(?:more|higher|above|over|greater|better)\b/g, 'at least $1')
    .replace(/(\d[\d.]*)\s*%?\s+or\s+(?:less|fewer|lower|below|under)\b/g, 'at most $1')
    .replace(/\b(?:could|can|was|were|is|are)\s*not\s+able\b|\b(?:could|can)\s*not\b/g, 'failed');
}

function judge(part: string, facts: Facts): Verdict {
  const comparison = compareNumber(part, facts);
  if (comparison !== undefined) return comparison;
  const phrase = phraseOf(part);
  return (
    judgeLiteral(phrase, facts) ??
    judgeNamed(phrase, facts) ??
    judgeStatus(phrase, facts) ??
    judgeText(phrase, facts)
  );
}

const COMPARISONS: readonly [RegExp, (value: number, bound: number) => boolean][] = [
  [/(?:>=|\bat least|\bno (?:less|fewer) than)\s*(-?\d[\d.]*)/, (value, bound) => value >= bound],
  [/(?:<=|\bat most|\bno more than|\bup to)\s*(-?\d[\d.]*)/, (value, bound) => value <= bound],
  [
    /(?:>|\b(?:more|greater|higher|larger) than|\b(?:above|over|exceeds?))\s*(-?\d[\d.]*)/,
    (value, bound) => value > bound,
  ],
  [
    /(?:<|\b(?:less|fewer|lower|smaller) than|\b(?:below|under))\s*(-?\d[\d.]*)/,
    (value, bound) => value < bound,
  ],
  [
    /(?:=|\b(?:is|are|was|were|equals?|equal to|exactly)|(?<=\bnot))\s*(-?\d[\d.]*)/,
    (value, bound) => value === bound,
  ],
  // "After 3 attempts": so many, or more by now; but "0 files" are none.
  [/(?:^|\s)(-?\d[\d.]*)(?=\s)/, (value, bound) => (bound === 0 ? value === 0 : value >= bound)],
];

/** "The score is at least 7": a number, and words that name the value it is compared with. */
function compareNumber(part: string, facts: Facts): Verdict {
  for (const [pattern, isTrue] of COMPARISONS) {
    const match = pattern.exec(part);
    if (match === null) continue;
    const { words, stems } = phraseOf(part.replace(match[0], ' '));
    for (const { name, value } of factsNamed(stems, facts)) {
      const number = typeof value === 'boolean' || value === '' ? Number.NaN : Number(value);
      if (Number.isNaN(number)) continue;
      return isTrue(number, Number.parseFloat(match[1] ?? '')) !== isNegated(words, name);
    }
    return undefined;
  }
  return undefined;
}

interface Phrase {
  readonly words: readonly string[];
  readonly stems: ReadonlySet<string>;
  /** Stems of the words that say what it is about. */
  readonly topics: readonly string[];
  readonly outcome: Outcome;
  readonly negated: boolean;
}

function phraseOf(text: string): Phrase {
  const words = wordsOf(text);
  return {
    words,
    stems: new Set(words.map(stem)),
    topics: words.filter(isTopic).map(stem),
    outcome: outcomeOf(words),
    negated: isNegated(words),
  };
}

const LITERAL_WORDS_MAX = 4;

/** The phrase holds a value that was reported: "the user wants to `revise` it". */
function judgeLiteral({ words, stems }: Phrase, { values }: Facts): Verdict {
  for (const { source, listed, name, words: said } of values) {
    if (said.length === 0 || said.length > LITERAL_WORDS_MAX || outcomeOf(said) !== undefined) continue;
    // Contexts and lists hold many words, and "no" is a word of many phrases: these count with their key only.
    const isTelling = source === 'report' && !listed && said.some(isTopic);
    if (!isTelling && !isSubset(name, stems)) continue;
    if (!said.every((word) => stems.has(stem(word)))) continue;
    return !isNegated(words, new Set(said.map(stem)));
  }
  return undefined;
}

/** The phrase names a value by its key: "nothing suspicious was found", "the tests passed". */
function judgeNamed(phrase: Phrase, facts: Facts): Verdict {
  for (const fact of factsNamed(phrase.stems, facts)) {
    const verdict = judgeFact(phrase, fact);
    if (verdict !== undefined) return verdict !== isNegated(phrase.words, fact.name);
  }
  return undefined;
}

function judgeFact({ topics, outcome }: Phrase, fact: Fact): Verdict {
  const { source, name, outcome: keyOutcome, value, words } = fact;
  if (typeof value === 'string') {
    const told = outcomeOf(words);
    if (outcome !== undefined) return told === undefined ? undefined : told === outcome;
    if (topics.every((topic) => name.has(topic))) return value.trim() !== '';
    const isWord = words.length > 0 && words.length <= LITERAL_WORDS_MAX;
    return source === 'report' && isWord ? false : undefined;
  }
  if (outcome === undefined) return Boolean(value);
  if (keyOutcome === undefined) return undefined;
  return Boolean(value) === (keyOutcome === outcome);
}

function judgeStatus({ outcome, negated }: Phrase, facts: Facts): Verdict {
  if (outcome === undefined || facts.outcome === undefined) return undefined;
  return (outcome === facts.outcome) !== negated;
}

function judgeText({ topics, negated }: Phrase, { said }: Facts): Verdict {
  if (topics.length === 0) return undefined;
  return topics.every((topic) => said.has(topic)) ? !negated : undefined;
}

/** The facts whose key the words name, the longest name first. */
function factsNamed(stems: ReadonlySet<string>, { values }: Facts): readonly Fact[] {
  return values
    .filter(({ name }) => name.size > 0 && isSubset(name, stems))
    .sort((one, other) => other.name.size - one.name.size);
}

function isSubset(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  return [...part].every((item) => whole.has(item));
}

/** @param names stems that are names here, and negate nothing: "the `missing` files" */
function isNegated(words: readonly string[], names: ReadonlySet<string> = new Set()): boolean {
  return words.filter((word) => isNegation(word) && !names.has(stem(word))).length % 2 === 1;
}

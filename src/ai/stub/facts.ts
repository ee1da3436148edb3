import { isJsonObject, type JsonObject, type JsonValue } from '../../domain/json.ts';
import type { DecisionRequest } from '../model.ts';
import { isOutcomeWord, type Outcome, outcomeOf, plainPhrase, stem, wordsOf } from './words.ts';

/** A value that a condition can speak of, and the words of its name. */
export interface Fact {
  readonly source: 'report' | 'context';
  /** Whether it is one of several in a list. */
  readonly listed: boolean;
  /** Stems of the words of the key; those that tell an outcome only where there are no others. */
  readonly name: ReadonlySet<string>;
  /** What the key itself tells: `tests_passed` is about success. */
  readonly outcome: Outcome;
  /** A list counts by its size, `null` as false. */
  readonly value: string | number | boolean;
  /** The words of a short text; a long one is no word of a condition. */
  readonly words: readonly string[];
}

/** What can be known when a step is decided. */
export interface Facts {
  /** The outcome that the report's status tells, if it tells one. */
  readonly outcome: Outcome;
  /** Report before context, and the report's `result` before the rest. */
  readonly values: readonly Fact[];
  /** Stems of all words that the report says. */
  readonly said: ReadonlySet<string>;
}

const FACTS_MAX = 200;
const NOTHING: JsonObject = {};
const SHORT_TEXT_CHARS_MAX = 60;
const TEXT_CHARS_MAX = 2_000;

export function factsOf({ report, context, visits, step }: DecisionRequest): Facts {
  const { step_id: _, status, result, ...rest } = report ?? NOTHING;
  const reported = [
    ...collect('report', { result: result ?? false }),
    ...collect('report', rest),
    ...(typeof status === 'string' ? collect('report', { status }) : []),
  ];
  const visitCount = visits[step.name] ?? 0;
  return {
    outcome: outcomeOf(wordsOf(plainPhrase(typeof status === 'string' ? status : ''))),
    values: [
      ...reported,
      ...collect('context', context),
      ...collect('context', visits),
      ...collect('context', { visit: visitCount, attempt: visitCount, time: visitCount, round: visitCount }),
    ],
    said: new Set(
      reported.flatMap(({ value }) =>
        typeof value === 'string' ? wordsOf(plainPhrase(value)).map(stem) : [],
      ),
    ),
  };
}

function collect(source: Fact['source'], object: JsonObject): readonly Fact[] {
  const facts: Fact[] = [];
  const visit = (key: string, value: JsonValue, listed: boolean): void => {
    if (facts.length >= FACTS_MAX) return;
    if (isJsonObject(value)) {
      for (const [childKey, child] of Object.entries(value)) visit(childKey, child, listed);
      return;
    }
    facts.push({ source, listed, value: measure(value), words: shortWords(value), ...nameOf(key) });
    if (Array.isArray(value)) for (const item of value.slice(0, FACTS_MAX)) visit(key, item, true);
  };
  for (const [key, value] of Object.entries(object)) visit(key, value, false);
  return facts;
}

function nameOf(key: string): Pick<Fact, 'name' | 'outcome'> {
  const words = wordsOf(plainPhrase(key));
  const topics = words.filter((word) => !isOutcomeWord(word));
  return { name: new Set((topics.length > 0 ? topics : words).map(stem)), outcome: outcomeOf(words) };
}

function shortWords(value: JsonValue): readonly string[] {
  return typeof value === 'string' && value.length <= SHORT_TEXT_CHARS_MAX ? wordsOf(plainPhrase(value)) : [];
}

function measure(value: Exclude<JsonValue, JsonObject>): Fact['value'] {
  if (value === null) return false;
  if (typeof value === 'string') return value.slice(0, TEXT_CHARS_MAX);
  return typeof value === 'object' ? value.length : value;
}

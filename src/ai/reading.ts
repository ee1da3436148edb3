import type { z } from 'zod';
import { Fault } from '../domain/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import { checkJsonSize } from '../domain/json-size.ts';
import { DEFAULT_LIMITS } from '../domain/limits.ts';
import { cutText } from './excerpt.ts';

const ANSWER_BYTES_MAX = DEFAULT_LIMITS.contextUpdateBytesMax;
const PROBLEM_BYTES_MAX = 300;

/** What an answer came to; a `problem` is one sentence for the model that wrote it. */
export type Reading<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: string };

export function unusable(problem: string): Reading<never> {
  return { ok: false, problem };
}

/** Reads the text that a model answered with: a JSON object, bare or in a code fence or among other words. */
export function readJsonAnswer(text: string): Reading<JsonObject> {
  if (text.trim() === '') return unusable('it was empty.');
  if (Buffer.byteLength(text) > ANSWER_BYTES_MAX) {
    return unusable(`it is larger than ${ANSWER_BYTES_MAX} bytes.`);
  }
  const value = findJsonObject(text);
  return value === undefined ? unusable('it is not a JSON object.') : { ok: true, value };
}

export function readFitting<Value>(schema: z.ZodType<Value>, answer: unknown): Reading<Value> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return { ok: true, value: parsed.data };
  return unusable(`it does not fit the schema: ${issuesText(parsed.error)}.`);
}

/** A few words that a model wrote, for a sentence about them. */
export function quoteBriefly(text: string): string {
  return JSON.stringify(cutText(text, PROBLEM_BYTES_MAX));
}

/** JSON text becomes its value. Text that is no JSON is a string that the model did not quote. */
export function decodeJsonText(value: JsonValue): JsonValue {
  if (typeof value !== 'string') return value;
  const decoded = parseJson(value);
  return decoded === undefined ? value : (decoded as JsonValue);
}

export interface SizeParams {
  readonly what: string;
  readonly value: JsonValue;
  readonly bytesMax: number;
}

/** What whoever gets the value would refuse it for. */
export function sizeProblem(params: SizeParams): string | undefined {
  try {
    checkJsonSize({ ...params, depthMax: DEFAULT_LIMITS.jsonDepthMax });
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

/** Models without schema support wrap their answer in a fence, in thoughts or in a sentence. */
function findJsonObject(text: string): JsonObject | undefined {
  const answer = text.split('</think>').at(-1) ?? text;
  const fenced = /```[a-z]*\s*\n([\s\S]*?)```/i.exec(answer)?.[1];
  const braced = answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1);
  for (const candidate of [text, fenced, braced]) {
    const value = candidate === undefined ? undefined : parseJson(candidate);
    if (isJsonObject(value)) return value;
  }
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function issuesText(error: z.ZodError): string {
  const issues = error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
  return cutText(issues.join('; '), PROBLEM_BYTES_MAX);
}

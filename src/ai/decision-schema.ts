import { z } from 'zod';
import {
  type ContextEntry,
  type Decision,
  STATUS_SUGGESTIONS,
  type StatusSuggestion,
} from '../domain/decision.ts';
import { FINISH } from '../domain/definition.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import { DEFAULT_LIMITS } from '../domain/limits.ts';
import { matchStepName } from '../domain/step-names.ts';
import { cutText } from './excerpt.ts';

/** Providers refuse schemas whose enums are too large; beyond this the names stand in the prompt alone. */
const ENUM_NAMES_MAX = 100;
const ANSWER_BYTES_MAX = DEFAULT_LIMITS.contextUpdateBytesMax;
const CONTEXT_ENTRIES_MAX = 200;
const KEY_CHARS_MAX = 256;
const REASONING_BYTES_MAX = 1_000;
const PROBLEM_BYTES_MAX = 300;

/**
 * JSON Schema of an answer. It keeps to what both Gemini's subset and OpenAI's strict mode accept: every
 * member is required, and `value` is JSON text, because neither can say "any JSON". `reasoning` comes first:
 * models write members in this order, and decide better after having said why.
 */
export function decisionSchema(allowed: readonly string[]): JsonObject {
  return {
    type: 'object',
    properties: {
      reasoning: { type: 'string', description: 'Why, in one or two sentences.' },
      next_step_name:
        allowed.length <= ENUM_NAMES_MAX ? { type: 'string', enum: allowed } : { type: 'string' },
      updated_context: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            key: { type: 'string' },
            value: { type: 'string', description: 'The new value, as JSON text.' },
          },
          required: ['key', 'value'],
          additionalProperties: false,
        },
      },
      status_suggestion: { type: 'string', enum: STATUS_SUGGESTIONS },
    },
    required: ['reasoning', 'next_step_name', 'updated_context', 'status_suggestion'],
    additionalProperties: false,
  };
}

/** What an answer came to; a `problem` is one sentence for the model that wrote it. */
export type DecisionReading =
  | { readonly ok: true; readonly decision: Decision }
  | { readonly ok: false; readonly problem: string };

/** Only the step's name is indispensable: a model without schema support leaves out what is empty. */
const wireDecision = z.object({
  next_step_name: z.string(),
  updated_context: z
    .array(
      z.object({
        key: z.string().min(1).max(KEY_CHARS_MAX),
        value: z.unknown().refine((value) => value !== undefined, 'Required'),
      }),
    )
    .max(CONTEXT_ENTRIES_MAX)
    .nullish(),
  status_suggestion: z.enum(STATUS_SUGGESTIONS).nullish(),
  reasoning: z.string().nullish(),
});

/** Reads the text that a model answered with: JSON, bare or in a code fence or among other words. */
export function readDecision(text: string, allowed: readonly string[]): DecisionReading {
  if (text.trim() === '') return problem('it was empty.');
  if (Buffer.byteLength(text) > ANSWER_BYTES_MAX) {
    return problem(`it is larger than ${ANSWER_BYTES_MAX} bytes.`);
  }
  const value = findJsonObject(text);
  return value === undefined
    ? problem('it is not a JSON object.')
    : readWireDecision(value, allowed, decodeValue);
}

/**
 * Reads a decision as it travels: `{next_step_name, updated_context?, status_suggestion?, reasoning?}`.
 *
 * @param decode turns the `value` of a context entry into what it means
 */
export function readWireDecision(
  value: unknown,
  allowed: readonly string[],
  decode: (value: JsonValue) => JsonValue = (same) => same,
): DecisionReading {
  const parsed = wireDecision.safeParse(value);
  if (!parsed.success) return problem(`it does not fit the schema: ${issuesText(parsed.error)}.`);
  const { next_step_name, updated_context, status_suggestion, reasoning } = parsed.data;
  const nextStepName = matchStepName(allowed, next_step_name);
  if (nextStepName === undefined) {
    return problem(
      `next_step_name ${JSON.stringify(cutText(next_step_name, PROBLEM_BYTES_MAX))} is not allowed.`,
    );
  }
  const updatedContext: ContextEntry[] = [];
  for (const entry of updated_context ?? []) {
    const decoded = isShallow(entry.value) ? decode(entry.value) : undefined;
    if (!isShallow(decoded))
      return problem(`the value of ${JSON.stringify(entry.key)} is nested too deeply.`);
    updatedContext.push({ key: entry.key, value: decoded });
  }
  return {
    ok: true,
    decision: {
      nextStepName,
      updatedContext,
      statusSuggestion: normalizeStatus(nextStepName, status_suggestion ?? 'RUNNING'),
      ...(reasoning ? { reasoning: cutText(reasoning, REASONING_BYTES_MAX) } : {}),
    },
  };
}

/**
 * A run ends at FINISH and nowhere else: there a suggestion is COMPLETED unless it is FAILED, and elsewhere
 * RUNNING unless it is SUSPENDED. Models call a run FAILED when only the step has failed.
 */
function normalizeStatus(nextStepName: string, suggestion: StatusSuggestion): StatusSuggestion {
  if (nextStepName === FINISH) return suggestion === 'FAILED' ? 'FAILED' : 'COMPLETED';
  return suggestion === 'SUSPENDED' ? 'SUSPENDED' : 'RUNNING';
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

/** JSON text becomes its value. Text that is no JSON is a string that the model forgot to quote. */
function decodeValue(value: JsonValue): JsonValue {
  if (typeof value !== 'string') return value;
  const decoded = parseJson(value);
  return decoded === undefined ? value : (decoded as JsonValue);
}

/** Whether a value that came out of JSON is nested no deeper than a context may be. */
function isShallow(value: unknown, depthLeft = DEFAULT_LIMITS.jsonDepthMax): value is JsonValue {
  if (value === undefined) return false;
  if (typeof value !== 'object' || value === null) return true;
  return depthLeft > 0 && Object.values(value).every((member) => isShallow(member, depthLeft - 1));
}

function issuesText(error: z.ZodError): string {
  const issues = error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
  return cutText(issues.join('; '), PROBLEM_BYTES_MAX);
}

function problem(text: string): DecisionReading {
  return { ok: false, problem: text };
}

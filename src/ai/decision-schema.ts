import { z } from 'zod';
import { type Decision, STATUS_SUGGESTIONS, type StatusSuggestion } from '../domain/decision.ts';
import { FINISH } from '../domain/definition.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import { matchStepName } from '../domain/step-names.ts';
import { CONTEXT_ENTRIES_SCHEMA, readContextEntries, wireContextEntries } from './context-entries.ts';
import { cutText } from './excerpt.ts';
import {
  decodeJsonText,
  quoteBriefly,
  type Reading,
  readFitting,
  readJsonAnswer,
  unusable,
} from './reading.ts';

/** Providers refuse schemas whose enums are too large; beyond this the names stand in the prompt alone. */
const ENUM_NAMES_MAX = 100;
const REASONING_BYTES_MAX = 1_000;

/**
 * JSON Schema of an answer. It keeps to what both Gemini's subset and OpenAI's strict mode accept: every
 * member is required, and values are JSON text. `reasoning` comes first: models write members in this order,
 * and decide better after having said why.
 */
export function decisionSchema(allowed: readonly string[]): JsonObject {
  return {
    type: 'object',
    properties: {
      reasoning: { type: 'string', description: 'Why, in one or two sentences.' },
      next_step_name:
        allowed.length <= ENUM_NAMES_MAX ? { type: 'string', enum: allowed } : { type: 'string' },
      updated_context: CONTEXT_ENTRIES_SCHEMA,
      status_suggestion: { type: 'string', enum: STATUS_SUGGESTIONS },
    },
    required: ['reasoning', 'next_step_name', 'updated_context', 'status_suggestion'],
    additionalProperties: false,
  };
}

/** Only the step's name is indispensable: a model without schema support leaves out what is empty. */
const wireDecision = z.object({
  next_step_name: z.string(),
  updated_context: wireContextEntries,
  status_suggestion: z.enum(STATUS_SUGGESTIONS).nullish(),
  reasoning: z.string().nullish(),
});

/** Reads the text that a model answered with. */
export function readDecision(text: string, allowed: readonly string[]): Reading<Decision> {
  const answer = readJsonAnswer(text);
  return answer.ok ? readWireDecision(answer.value, allowed, decodeJsonText) : answer;
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
): Reading<Decision> {
  const wire = readFitting(wireDecision, value);
  if (!wire.ok) return wire;
  const { next_step_name, updated_context, status_suggestion, reasoning } = wire.value;
  const nextStepName = matchStepName(allowed, next_step_name);
  if (nextStepName === undefined) {
    return unusable(`next_step_name ${quoteBriefly(next_step_name)} is not allowed.`);
  }
  const entries = readContextEntries(updated_context, decode);
  if (!entries.ok) return entries;
  return {
    ok: true,
    value: {
      nextStepName,
      updatedContext: entries.value,
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

import { z } from 'zod';
import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import { DEFAULT_LIMITS } from '../domain/limits.ts';
import type { ToolCall } from './performer.ts';
import {
  decodeJsonText,
  quoteBriefly,
  type Reading,
  readFitting,
  readJsonAnswer,
  sizeProblem,
  unusable,
} from './reading.ts';

/** Of one piece of work. */
export const CALLS_MAX = 100;
const NAME_CHARS_MAX = 256;
/** The status of an answer that asks for calls, in the place of an outcome. */
export const WORKING = 'working';

/** JSON Schema of the calls in an answer; `arguments` is JSON text, because no provider's schemas can say "any JSON". */
export const CALLS_SCHEMA: JsonObject = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      server: { type: 'string' },
      tool: { type: 'string' },
      arguments: { type: 'string', description: 'The JSON text of an object.' },
    },
    required: ['server', 'tool', 'arguments'],
    additionalProperties: false,
  },
};

const word = z.string().min(1).max(NAME_CHARS_MAX);
const wireCalls = z.object({
  status: z.unknown().optional(),
  calls: z
    .array(z.object({ server: word, tool: word, arguments: z.unknown() }))
    .max(CALLS_MAX)
    .nullish(),
});

/** What an answer of a model that has tools comes to. */
export type ToolAnswer<Outcome> =
  | { readonly kind: 'calls'; readonly calls: readonly ToolCall[] }
  | { readonly kind: 'outcome'; readonly outcome: Outcome };

/**
 * Reads the text that a model with tools answered with. Calls come before an outcome in the same answer: it was written
 * without knowing what comes of them.
 *
 * @param readOutcome reads an answer without calls
 */
export function readCalls<Outcome>(
  text: string,
  readOutcome: (text: string) => Reading<Outcome>,
): Reading<ToolAnswer<Outcome>> {
  const answer = readJsonAnswer(text);
  const wire = answer.ok ? readFitting(wireCalls, answer.value) : answer;
  if (!wire.ok) return wire;
  const { status, calls } = wire.value;
  if (calls === undefined || calls === null || calls.length === 0) {
    if (status === WORKING) return unusable(`the status ${WORKING} goes with calls, and there are none.`);
    const outcome = readOutcome(text);
    return outcome.ok ? { ok: true, value: { kind: 'outcome', outcome: outcome.value } } : outcome;
  }
  const read: ToolCall[] = [];
  for (const { server, tool, arguments: given } of calls) {
    const args = readArguments(given);
    if (!args.ok) return unusable(`the arguments for ${quoteBriefly(tool)} ${args.problem}`);
    read.push({ server, tool, args: args.value });
  }
  return { ok: true, value: { kind: 'calls', calls: read } };
}

function readArguments(given: unknown): Reading<JsonObject> {
  if (given === undefined || given === null || given === '') return { ok: true, value: {} };
  const args = decodeJsonText(given as JsonValue);
  if (!isJsonObject(args)) return unusable('are not the JSON text of an object.');
  const problem = sizeProblem({
    what: 'the object',
    value: args,
    bytesMax: DEFAULT_LIMITS.contextUpdateBytesMax,
  });
  return problem === undefined ? { ok: true, value: args } : unusable(`cannot be used: ${problem}`);
}

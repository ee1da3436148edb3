import { z } from 'zod';
import type { ContextEntry } from '../domain/decision.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import { DEFAULT_LIMITS } from '../domain/limits.ts';
import { type Reading, unusable } from './reading.ts';

const ENTRIES_MAX = 200;
const KEY_CHARS_MAX = 256;

/** JSON Schema of variables that are set; `value` is JSON text, because no provider's schemas can say "any JSON". */
export const CONTEXT_ENTRIES_SCHEMA: JsonObject = {
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
};

/** Variables that are set, as they travel; a model without schema support leaves them out where there are none. */
export const wireContextEntries = z
  .array(
    z.object({
      key: z.string().min(1).max(KEY_CHARS_MAX),
      value: z.unknown().refine((value) => value !== undefined, 'Required'),
    }),
  )
  .max(ENTRIES_MAX)
  .nullish();

/** @param decode turns the `value` of an entry into what it means */
export function readContextEntries(
  entries: z.infer<typeof wireContextEntries>,
  decode: (value: JsonValue) => JsonValue,
): Reading<readonly ContextEntry[]> {
  const decoded: ContextEntry[] = [];
  for (const { key, value } of entries ?? []) {
    const meant = isShallow(value) ? decode(value) : undefined;
    if (!isShallow(meant)) return unusable(`the value of ${JSON.stringify(key)} is nested too deeply.`);
    decoded.push({ key, value: meant });
  }
  return { ok: true, value: decoded };
}

/** Whether a value that came out of JSON is nested no deeper than a context may be. */
function isShallow(value: unknown, depthLeft = DEFAULT_LIMITS.jsonDepthMax): value is JsonValue {
  if (value === undefined) return false;
  if (typeof value !== 'object' || value === null) return true;
  return depthLeft > 0 && Object.values(value).every((member) => isShallow(member, depthLeft - 1));
}

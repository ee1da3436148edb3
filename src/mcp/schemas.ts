import * as z from 'zod';
import { DECIDERS } from '../domain/decision.ts';
import { HISTORY_KINDS } from '../domain/history.ts';
import { INSTANCE_STATUSES } from '../domain/instance.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import type { Report } from '../domain/report.ts';
import { VERDICTS } from '../engine/answer.ts';

/**
 * A JSON object that is passed on as it is. Not `z.record`, which copies, and in copying drops a key named
 * `__proto__`: clients get back exactly what they stored.
 */
export const jsonObject = z
  .custom<JsonObject>(isJsonObject, 'expected a JSON object')
  .meta({ type: 'object' });

/** Whatever JSON can say, null included, passed on as it is. */
export const anyJson = z.custom<JsonValue>((value) => value !== undefined, 'expected a text, or any JSON');

/** What is stored as plain text cannot hold everything that a JSON string can. */
const isPlain = (value: string) => !/[\0\p{Surrogate}]/u.test(value);
/** Far more than a name or a reason takes; not in the schema, which every client pays for. */
const PLAIN_TEXT_CHARS_MAX = 4_096;

/** Of any length: whoever takes it says how long it may be. */
export const longText = z
  .string()
  .min(1)
  .refine(isPlain, 'expected text without NUL and unpaired surrogates');

export const plainText = longText.refine(
  (value) => value.length <= PLAIN_TEXT_CHARS_MAX,
  `expected at most ${PLAIN_TEXT_CHARS_MAX} characters`,
);

const anyReport = z
  .custom<Report>(isJsonObject, 'expected an object with at least `status`')
  .refine((value) => plainText.safeParse(value.status).success, {
    path: ['status'],
    message: 'expected a word such as "success" or "failure"',
  })
  .refine((value) => value.step_id === undefined || typeof value.step_id === 'string', {
    path: ['step_id'],
    message: 'expected the name of the step that you report on',
  });

export const report = anyReport.meta({
  type: 'object',
  properties: {
    status: {
      type: 'string',
      description: 'success: carried out, whatever came of it; failure: it could not be',
    },
    step_id: { type: 'string', description: 'next_step.step_name of the last answer' },
    result: { description: 'what the instructions ask for' },
    message: { type: 'string' },
    error: { type: 'string' },
  },
  required: ['status'],
});

/** The same, for a tool that refers to another one for its shape. */
export const briefReport = anyReport.meta({ type: 'object' });

export const instanceId = plainText.max(200);
export const limit = z.int().min(1).optional();
/** `next_cursor` of the page before. */
export const cursor = plainText.optional();
export const requestId = plainText.max(200).optional();

const text = z.string();
const names = z.array(z.string());
const status = z.enum(INSTANCE_STATUSES);

export const answer = z.object({
  instance_id: text,
  workflow_name: text,
  status,
  status_reason: text.optional(),
  revision: z.int(),
  step_token: text,
  next_step: z.object({
    step_name: text,
    instructions: text,
    visit: z.int().optional(),
    report_schema: jsonObject.optional(),
  }),
  current_context: jsonObject,
  missing_context: names.optional(),
  failed_scripts: z.array(z.object({ step_name: text, error: text })).optional(),
  decision: z.object({ decider: z.enum(DECIDERS), reasoning: text.optional() }).optional(),
  decision_request: z.object({ guidance: text, options: names }).optional(),
  replayed: z.boolean().optional(),
  reconciliation: z.object({ verdict: z.enum(VERDICTS), explanation: text }).optional(),
  definition_changed: z.boolean().optional(),
});

export const workflowPage = z.object({
  workflows: z.array(
    z.object({
      name: text,
      usable: z.boolean(),
      description: text.optional(),
      version: text.optional(),
      tags: names.optional(),
      steps: names.optional(),
      inputs: jsonObject.optional(),
      errors: names.optional(),
    }),
  ),
  next_cursor: text.optional(),
});

export const instancePage = z.object({
  instances: z.array(
    z.object({
      instance_id: text,
      workflow_name: text,
      status,
      status_reason: text.optional(),
      current_step_name: text,
      revision: z.int(),
      created_at: text,
      updated_at: text,
      completed_at: text.optional(),
    }),
  ),
  next_cursor: text.optional(),
});

export const historyPage = z.object({
  instance_id: text,
  entries: z.array(
    z.object({
      history_entry_id: z.int(),
      kind: z.enum(HISTORY_KINDS),
      revision: z.int(),
      timestamp: text,
      step_name: text,
      user_report: jsonObject.optional(),
      outcome_status: text.optional(),
      context_updates: jsonObject.optional(),
      requested_next_step: text.optional(),
      decision: jsonObject.optional(),
      determined_next_step: text.optional(),
      status,
      status_reason: text.optional(),
      request_id: text.optional(),
      detail: jsonObject.optional(),
    }),
  ),
  next_cursor: text.optional(),
});

import { z } from 'zod';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import type { Judgement } from '../domain/judgement.ts';
import { DEFAULT_LIMITS } from '../domain/limits.ts';
import type { Report } from '../domain/report.ts';
import { CONTEXT_ENTRIES_SCHEMA, readContextEntries, wireContextEntries } from './context-entries.ts';
import { cutText } from './excerpt.ts';
import type { StepOutcome, TaskOutcome } from './performer.ts';
import {
  decodeJsonText,
  type Reading,
  readFitting,
  readJsonAnswer,
  sizeProblem,
  unusable,
} from './reading.ts';
import { CALLS_SCHEMA, WORKING } from './tool-calls.ts';

// The schemas keep to what decisionSchema keeps to. The words come first: models write members in this order, and a
// model that has said what it lacks does not claim success.

const REMARK_BYTES_MAX = 4_096;
const OUTCOMES = ['success', 'failure'] as const;

const WORK_MESSAGE: JsonObject = { type: 'string', description: 'What you did, or why it cannot be done.' };
const WORK_RESULT: JsonObject = { type: 'string', description: 'A text, or the JSON text of another value.' };
const WORK_MEMBERS: JsonObject = {
  message: WORK_MESSAGE,
  status: { type: 'string', enum: OUTCOMES },
  result: WORK_RESULT,
};
export const TASK_SCHEMA = closedObject(WORK_MEMBERS);
export const STEP_SCHEMA = closedObject({ ...WORK_MEMBERS, context_updates: CONTEXT_ENTRIES_SCHEMA });
/** The same for a model that has tools; see `readCalls`. What is to be called comes before what came of it all. */
const TOOL_WORK_MEMBERS: JsonObject = {
  message: WORK_MESSAGE,
  calls: CALLS_SCHEMA,
  status: { type: 'string', enum: [WORKING, ...OUTCOMES] },
  result: WORK_RESULT,
};
export const TOOL_TASK_SCHEMA = closedObject(TOOL_WORK_MEMBERS);
export const TOOL_STEP_SCHEMA = closedObject({
  ...TOOL_WORK_MEMBERS,
  context_updates: CONTEXT_ENTRIES_SCHEMA,
});
export const JUDGEMENT_SCHEMA = closedObject({
  reasoning: { type: 'string', description: 'Why, in one or two sentences.' },
  accepted: { type: 'boolean' },
  feedback: { type: 'string', description: 'What the next attempt has to do better; empty if accepted.' },
});

function closedObject(properties: JsonObject): JsonObject {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

/** `result` is read beside it: any JSON is right. */
const wireWork = z.object({
  message: z.string().nullish(),
  status: z.enum(OUTCOMES),
  context_updates: wireContextEntries,
});

const wireJudgement = z.object({ accepted: z.boolean(), feedback: z.string().nullish() });

/** What an answer about work says, whatever the work. */
interface Work {
  readonly status: (typeof OUTCOMES)[number];
  readonly message: string;
  readonly result?: JsonValue;
  readonly contextUpdates: JsonObject;
}

/** Reads the text that a model answered with when it was to carry out a step. */
export function readStepOutcome(text: string): Reading<StepOutcome> {
  const work = readWork(text);
  if (!work.ok) return work;
  const { status, message, result, contextUpdates } = work.value;
  const report: Report = {
    status,
    ...(result === undefined || (status === 'failure' && result === null) ? {} : { result }),
    ...(message === '' ? {} : { message }),
  };
  const problem =
    sizeProblem({ what: 'the report', value: report, bytesMax: DEFAULT_LIMITS.reportBytesMax }) ??
    sizeProblem({
      what: 'context_updates',
      value: contextUpdates,
      bytesMax: DEFAULT_LIMITS.contextUpdateBytesMax,
    });
  if (problem !== undefined) return unusable(problem);
  const hasUpdates = Object.keys(contextUpdates).length > 0;
  return { ok: true, value: { report, ...(hasUpdates ? { contextUpdates } : {}) } };
}

/** Reads the text that a model answered with when it was to do a task. */
export function readTaskOutcome(text: string): Reading<TaskOutcome> {
  const work = readWork(text);
  if (!work.ok) return work;
  const { status, message, result = null } = work.value;
  if (status === 'failure') return { ok: true, value: { status, error: message } };
  if (result === null || result === '') return unusable('a success needs a result.');
  const problem = sizeProblem({
    what: 'the result',
    value: result,
    bytesMax: DEFAULT_LIMITS.taskResultBytesMax,
  });
  return problem === undefined ? { ok: true, value: { status, result } } : unusable(problem);
}

/** Reads the text that a model answered with when it was to judge. */
export function readJudgement(text: string): Reading<Judgement> {
  const answer = readJsonAnswer(text);
  const wire = answer.ok ? readFitting(wireJudgement, answer.value) : answer;
  if (!wire.ok) return wire;
  const feedback = remark(wire.value.feedback);
  if (wire.value.accepted) return { ok: true, value: { accepted: true } };
  if (feedback === '') return unusable('a result that is not accepted needs feedback.');
  return { ok: true, value: { accepted: false, feedback } };
}

function readWork(text: string): Reading<Work> {
  const answer = readJsonAnswer(text);
  if (!answer.ok) return answer;
  const wire = readFitting(wireWork, answer.value);
  if (!wire.ok) return wire;
  const { status, context_updates } = wire.value;
  const message = remark(wire.value.message);
  if (status === 'failure' && message === '') return unusable('a failure needs a message that says why.');
  const entries = readContextEntries(context_updates, decodeJsonText);
  if (!entries.ok) return entries;
  const { result } = answer.value;
  return {
    ok: true,
    value: {
      status,
      message,
      ...(result === undefined ? {} : { result: decodeJsonText(result) }),
      contextUpdates: Object.fromEntries(entries.value.map(({ key, value }) => [key, value])),
    },
  };
}

function remark(text: string | null | undefined): string {
  return cutText((text ?? '').trim(), REMARK_BYTES_MAX);
}

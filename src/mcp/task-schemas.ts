import * as z from 'zod';
import { isJsonObject } from '../domain/json.ts';
import { LEASE_SECONDS, TASK_ATTEMPTS_MAX, TASK_PRIORITY, TASK_STATUSES } from '../domain/task.ts';
import type { TaskOptions } from '../queue/task-queue.ts';
import { anyJson, jsonObject, plainText, requestId } from './schemas.ts';

// Ranges and sizes are the queue's to check: only it knows all of them.

export const taskId = plainText.max(200);
export const taskIds = z.array(taskId);
export const fencingToken = z.int().optional();
export const leaseSeconds = z.int().optional();

/** By task id. Not `z.record`, whose schema tells that keys are strings. */
export const fencingTokens = z
  .custom<Readonly<Record<string, number>>>(
    (value) => isJsonObject(value) && Object.values(value).every(Number.isSafeInteger),
    'expected an object with a whole number by task id',
  )
  .meta({ type: 'object' });

/** What came of a task. */
export const taskResult = anyJson.describe('What came of it: a text, or any JSON');

/** What `add_task` and `add_tasks_batch` have in common. */
export const taskOptions = {
  priority: z.int().optional(),
  max_attempts: z.int().optional(),
  workflow_name: plainText.optional(),
  context: jsonObject.optional(),
  request_id: requestId,
};

const { min: first, max: last, default: usual } = TASK_PRIORITY;

/** The same, with what they mean: told once for both tools, since every client pays for it. */
export const describedTaskOptions = {
  priority: taskOptions.priority.describe(`${first} (first) to ${last}; default ${usual}`),
  max_attempts: taskOptions.max_attempts.describe(`default ${TASK_ATTEMPTS_MAX.default}`),
  workflow_name: taskOptions.workflow_name.describe('The workflow that carries it out'),
  context: taskOptions.context.describe('Its inputs, or facts for whoever does it'),
  request_id: taskOptions.request_id.describe('Unique; its repeat adds nothing'),
};

interface WireOptions {
  readonly priority?: number;
  readonly max_attempts?: number;
  readonly workflow_name?: string;
  readonly context?: TaskOptions['context'];
  readonly request_id?: string;
}

export function optionsOf({
  priority,
  max_attempts,
  workflow_name,
  context,
  request_id,
}: WireOptions): TaskOptions {
  return { priority, maxAttempts: max_attempts, workflowName: workflow_name, context, requestId: request_id };
}

const text = z.string();

const task = z.object({
  id: text,
  description: text,
  status: z.enum(TASK_STATUSES),
  priority: z.int(),
  attempts: z.int(),
  max_attempts: z.int(),
  result: z.unknown().optional(),
  error: text.optional(),
  feedback: text.optional(),
  workflow_name: text.optional(),
  context: jsonObject.optional(),
  lease_expires_at: text.optional(),
  instance_id: text.optional(),
  created_at: text,
  updated_at: text,
  started_at: text.optional(),
  completed_at: text.optional(),
});

const heldTask = task.extend({ fencing_token: z.int() });

const replayed = z.boolean().optional();

export const taskAnswer = z.object({ task, replayed });
/** Which tasks, and not all that is in them. */
export const tasksAnswer = z.object({
  tasks: z.array(task.pick({ id: true, status: true, priority: true, description: true })),
  replayed,
});
/** `task` is missing where none is pending. */
export const peekAnswer = z.object({ task: task.optional(), message: text });
export const claimAnswer = z.object({ task: heldTask.optional(), message: text });
export const startAnswer = z.object({ task: heldTask, message: text });
export const retryAnswer = z.object({ task, retried: z.boolean(), message: text, replayed });

export const DEFAULT_LEASE = `default ${LEASE_SECONDS.default}`;

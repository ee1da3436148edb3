import { checkJsonSize } from '../domain/json-size.ts';
import type { Limits } from '../domain/limits.ts';
import { type NewTask, TASK_ATTEMPTS_MAX, TASK_PRIORITY } from '../domain/task.ts';
import { checkRange, checkText } from './task-checks.ts';
import type { AddTaskParams, TaskOptions } from './task-queue.ts';

/** A task that nobody has begun. */
export function newTask(params: AddTaskParams, now: string): NewTask {
  const { description, workflowName, context } = params;
  return {
    description,
    status: 'pending',
    priority: params.priority ?? TASK_PRIORITY.default,
    attempts: 0,
    maxAttempts: params.maxAttempts ?? TASK_ATTEMPTS_MAX.default,
    workflowName,
    context,
    fencingToken: 0,
    runNumber: 1,
    createdAt: now,
    updatedAt: now,
  };
}

/** Throws `INVALID_ARGUMENT` or `TOO_LARGE`. */
export function checkDescription(description: string, limits: Limits): void {
  checkText({ what: 'description', text: description, limits });
}

/** Throws `INVALID_ARGUMENT` or `TOO_LARGE`. */
export function checkOptions({ priority, maxAttempts, context }: TaskOptions, limits: Limits): void {
  if (priority !== undefined) checkRange('priority', priority, TASK_PRIORITY);
  if (maxAttempts !== undefined) checkRange('max_attempts', maxAttempts, TASK_ATTEMPTS_MAX);
  if (context === undefined) return;
  checkJsonSize({
    what: 'The context',
    value: context,
    bytesMax: limits.contextBytesMax,
    depthMax: limits.jsonDepthMax,
  });
}

import { Fault, type FaultCode } from '../domain/errors.ts';
import type { JsonValue } from '../domain/json.ts';
import type { Limits } from '../domain/limits.ts';
import type { Task } from '../domain/task.ts';
import { completeTask, failAttempt, rejectResult, releaseTask } from './task-changes.ts';
import { storableText } from './task-checks.ts';

interface AsHolder {
  readonly now: string;
  readonly fencingToken: number;
}

/** What is to become of a task after an attempt. */
export interface Ending {
  change(task: Task, holder: AsHolder): Task;
  /** What the attempt says to the circuit breaker. */
  readonly outcome: 'success' | 'failure' | 'neither';
  /** The same in words. */
  readonly message: string;
}

export function accepted(result: JsonValue): Ending {
  return {
    change: (task, holder) => completeTask(task, { ...holder, result }),
    outcome: 'success',
    message: 'completed',
  };
}

export function rejected(feedback: string): Ending {
  return {
    change: (task, holder) => rejectResult(task, { ...holder, feedback }),
    outcome: 'failure',
    message: `rejected: ${feedback}`,
  };
}

export interface FailedParams {
  readonly error: string;
  readonly permanent?: boolean;
  readonly goesOn?: boolean;
}

export function failed(params: FailedParams): Ending {
  return {
    change: (task, holder) => failAttempt(task, { ...holder, ...params }),
    outcome: 'failure',
    message: `failed: ${params.error}`,
  };
}

/** The attempt counts; the next one goes on with what was done. */
export function noJudgement(why: string): Ending {
  return failed({ error: `There is no verdict on the result. ${why}`, goesOn: true });
}

/** The attempt is refunded: it was stopped from outside. */
export function stopped(): Ending {
  return {
    change: (task, holder) => releaseTask(task, holder),
    outcome: 'neither',
    message: 'stopped, and given back',
  };
}

/**
 * What executors and verifiers work with, and what tasks are not to blame for: an outage must not use up their attempts. Answers that
 * make no sense (`AI_INVALID_DECISION`) are not among these: one task that provokes them would hold up all others. Nor is a
 * verifying command that cannot be started (`VERIFIER_UNAVAILABLE`), which is looked for before a task is taken: where that
 * has not told, the work is done, and would be done again without end.
 */
const OUTAGES: readonly FaultCode[] = [
  'AI_UNAVAILABLE',
  'AI_TIMEOUT',
  'AI_RATE_LIMITED',
  'AI_MISCONFIGURED',
  'MODEL_REQUIRED',
  'STORAGE_BUSY',
  'STORAGE_UNAVAILABLE',
  'STORAGE_FULL',
  'CANCELLED',
];

export function isOutage(error: unknown): error is Fault {
  return error instanceof Fault && OUTAGES.includes(error.code);
}

/** What an error means for the task that was worked on. What was done so far still holds. */
export function endingOfFault(error: unknown, limits: Limits): Ending {
  const message = storableText(messageOf(error), limits);
  if (!isOutage(error)) return failed({ error: message, goesOn: true });
  return {
    change: (task, holder) => releaseTask(task, { ...holder, error: message }),
    outcome: 'failure',
    message: `given back: ${message}`,
  };
}

export function messageOf(error: unknown): string {
  if (error instanceof Fault) return `${error.code}: ${error.message}`;
  return `Something unexpected went wrong: ${error instanceof Error ? error.message : String(error)}`;
}

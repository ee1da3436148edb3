import { Fault } from '../domain/errors.ts';
import type { JsonValue } from '../domain/json.ts';
import { canonicalJson } from '../domain/json.ts';
import type { Task } from '../domain/task.ts';
import { isRepeatedRetry } from './repeated-call.ts';
import { checkHolder, checkToken, hasAttemptsLeft, wrongStatus } from './task-holder.ts';

/**
 * The task machine. Each function is the whole truth of one transition: it gives what the task becomes, or throws why
 * that cannot be. A call that was made before gives the very task that it got.
 */

interface At {
  /** ISO-8601 UTC. */
  readonly now: string;
}

interface AsHolder extends At {
  /** Of whoever says to hold the task. */
  readonly fencingToken: number;
}

interface AsCaller extends At {
  /** What the caller of a tool shows, if it shows any. */
  readonly fencingToken?: number;
}

interface ClaimTaskParams extends At {
  readonly leaseMs: number;
  /** Of the call, so that its repeat finds the task. */
  readonly claimKey?: string;
}

/** pending -> in_progress: the worker that gets it has it for so long. */
export function claimTask(task: Task, { now, leaseMs, claimKey }: ClaimTaskParams): Task {
  return { ...begin(task, now, leaseMs), claimKey };
}

/**
 * pending -> in_progress, for a task that was chosen by its id; without a lease it is held until it is ended. On a
 * task that the caller holds, renews the lease.
 */
export function startTask(task: Task, params: AsCaller & { readonly leaseMs?: number }): Task {
  const { now, fencingToken, leaseMs } = params;
  if (fencingToken !== undefined) return keepTask(checkHolder(task, fencingToken), now, leaseMs);
  const found = expireLease(task, now);
  if (found.status !== 'pending') throw wrongStatus(found, 'be started');
  return begin(found, now, leaseMs);
}

/** Holds a task for longer; throws `LEASE_LOST` where that is too late. */
export function renewLease(task: Task, params: AsHolder & { readonly leaseMs: number }): Task {
  return keepTask(checkHolder(task, params.fencingToken), params.now, params.leaseMs);
}

/** Keeps which run of its workflow carries the task out. */
export function noteInstance(task: Task, params: AsHolder & { readonly instanceId: string }): Task {
  const held = checkHolder(task, params.fencingToken);
  if (held.instanceId === params.instanceId) return held;
  return { ...held, instanceId: params.instanceId, updatedAt: params.now };
}

/** in_progress -> completed. */
export function completeTask(task: Task, params: AsCaller & { readonly result: JsonValue }): Task {
  const { now, result, fencingToken } = params;
  checkToken(task, fencingToken);
  if (task.status === 'completed' && canonicalJson(task.result) === canonicalJson(result)) return task;
  if (task.status !== 'in_progress') throw wrongStatus(task, 'be completed');
  return {
    ...task,
    status: 'completed',
    result,
    error: undefined,
    feedback: undefined,
    leaseExpiresAt: undefined,
    updatedAt: now,
    completedAt: now,
  };
}

/** in_progress -> failed, whatever attempts are left: the judgement of whoever works on it. */
export function failTask(task: Task, params: AsCaller & { readonly reason: string }): Task {
  const { now, reason, fencingToken } = params;
  checkToken(task, fencingToken);
  if (task.status === 'failed' && task.error === reason) return task;
  if (task.status !== 'in_progress') throw wrongStatus(task, 'be failed');
  return {
    ...task,
    status: 'failed',
    error: reason,
    leaseExpiresAt: undefined,
    updatedAt: now,
    completedAt: now,
  };
}

interface RetryTaskParams extends At {
  readonly feedback?: string;
  /** Of the call, made by `retryKeyOf`, so that its repeat changes nothing. */
  readonly retryKey?: string;
}

/**
 * failed or in_progress -> pending, to begin anew; failed where no attempt is left. Whoever had it has lost it. A task
 * that waits for its next attempt gets the feedback, and nothing else changes; one that was retried with this key stays
 * as it is, whoever works on it now.
 */
export function retryTask(task: Task, { now, feedback, retryKey }: RetryTaskParams): Task {
  if (isRepeatedRetry(task, retryKey)) return task;
  const waits = task.status === 'pending' && (task.attempts > 0 || feedback !== undefined);
  if (waits) return adviseTask(task, { now, feedback, retryKey });
  if (task.status !== 'failed' && task.status !== 'in_progress') throw wrongStatus(task, 'be retried');
  const error = task.status === 'failed' ? task.error : 'It was taken back from its worker.';
  return {
    ...handBack(task, { now, error, feedback, startsOver: true }),
    retryKey: retryKey ?? task.retryKey,
  };
}

function adviseTask(
  task: Task,
  { now, feedback = task.feedback, retryKey = task.retryKey }: RetryTaskParams,
): Task {
  if (feedback === task.feedback && retryKey === task.retryKey) return task;
  return { ...task, feedback, retryKey, updatedAt: now };
}

/** in_progress -> pending with what the next attempt has to do better; failed where no attempt is left. */
export function rejectResult(task: Task, params: AsHolder & { readonly feedback: string }): Task {
  const { now, feedback, fencingToken } = params;
  const error = `The result was rejected: ${feedback}`;
  return handBack(checkHolder(task, fencingToken), { now, error, feedback, startsOver: true });
}

export interface FailAttemptParams extends AsHolder {
  readonly error: string;
  /** No further attempt can succeed. */
  readonly permanent?: boolean;
  /** What was done so far still holds: the next attempt goes on with the same run of the workflow. */
  readonly goesOn?: boolean;
}

/** in_progress -> pending; failed where no attempt is left, or none would help. */
export function failAttempt(task: Task, params: FailAttemptParams): Task {
  const { now, error, fencingToken, permanent = false, goesOn = false } = params;
  const held = checkHolder(task, fencingToken);
  if (permanent) return failTask(held, { now, fencingToken, reason: error });
  return handBack(held, { now, error, startsOver: !goesOn });
}

/**
 * in_progress -> pending as if the attempt had not been made: its worker was stopped, or what it works with failed.
 * The next one goes on with the same run of the workflow.
 */
export function releaseTask(task: Task, params: AsHolder & { readonly error?: string }): Task {
  const held = checkHolder(task, params.fencingToken);
  const refunded = { ...held, attempts: held.attempts - 1 };
  return handBack(refunded, { now: params.now, error: params.error ?? held.error, startsOver: false });
}

/**
 * in_progress -> pending, where the lease has ended: the next worker goes on with the same run of the workflow. Failed
 * where no attempt is left. A task that is not in such a state stays as it is.
 */
export function expireLease(task: Task, now: string): Task {
  const { status, leaseExpiresAt } = task;
  if (status !== 'in_progress' || leaseExpiresAt === undefined || leaseExpiresAt > now) return task;
  const error = 'Its worker did not finish it before its lease ended.';
  return handBack(task, { now, error, startsOver: false });
}

/** -> pending, as if nothing had ever been done for it; only the run that is to be ended is remembered. */
export function resetTask(task: Task, now: string): Task {
  return {
    ...task,
    status: 'pending',
    attempts: 0,
    result: undefined,
    error: undefined,
    feedback: undefined,
    leaseExpiresAt: undefined,
    startedAt: undefined,
    completedAt: undefined,
    fencingToken: task.fencingToken + 1,
    runNumber: task.runNumber + 1,
    updatedAt: now,
  };
}

/** What is said of a task that has none left. */
function attemptsUsedUp({ maxAttempts }: Task): string {
  return maxAttempts === 1
    ? 'Its only attempt is used up (max_attempts 1).'
    : `All ${maxAttempts} attempts are used up (max_attempts).`;
}

function begin(task: Task, now: string, leaseMs: number | undefined): Task {
  return {
    ...task,
    status: 'in_progress',
    attempts: task.attempts + 1,
    fencingToken: task.fencingToken + 1,
    leaseExpiresAt: leaseEnd(now, leaseMs),
    claimKey: undefined,
    startedAt: now,
    updatedAt: now,
    completedAt: undefined,
  };
}

function keepTask(task: Task, now: string, leaseMs: number | undefined): Task {
  if (leaseMs !== undefined) return { ...task, leaseExpiresAt: leaseEnd(now, leaseMs), updatedAt: now };
  if (task.leaseExpiresAt === undefined) return task;
  throw new Fault('INVALID_ARGUMENT', `Task ${task.id} is leased; for how much longer has to be said.`, {
    hint: 'Call start_task again with lease_seconds.',
    details: { argument: 'lease_seconds' },
  });
}

interface HandBackParams extends At {
  readonly error: string | undefined;
  readonly feedback?: string;
  readonly startsOver: boolean;
}

/** The one way back to pending, so that no task is pending that has no attempt left. */
function handBack(task: Task, { now, error, feedback, startsOver }: HandBackParams): Task {
  const returned: Task = {
    ...task,
    status: 'pending',
    error,
    feedback: feedback ?? task.feedback,
    fencingToken: task.fencingToken + 1,
    runNumber: startsOver ? task.runNumber + 1 : task.runNumber,
    leaseExpiresAt: undefined,
    updatedAt: now,
    completedAt: undefined,
  };
  if (hasAttemptsLeft(task)) return returned;
  return {
    ...returned,
    status: 'failed',
    error: withLastWord(error, attemptsUsedUp(task)),
    completedAt: now,
  };
}

/** However often it is said. */
function withLastWord(error: string | undefined, word: string): string {
  if (error === undefined) return word;
  if (error.endsWith(word)) return error;
  const stop = ENDS_SENTENCE.test(error) ? '' : '.';
  return `${error}${stop} ${word}`;
}

/** Also within quotes or brackets. */
const ENDS_SENTENCE = /[.!?…]["'”’)\]]*\s*$/u;

function leaseEnd(now: string, leaseMs: number | undefined): string | undefined {
  return leaseMs === undefined ? undefined : new Date(Date.parse(now) + leaseMs).toISOString();
}

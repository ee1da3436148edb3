import type { Clock } from '../domain/clock.ts';
import { Fault } from '../domain/errors.ts';
import { failpoint } from '../domain/failpoint.ts';
import type { JsonValue } from '../domain/json.ts';
import { isJudgement } from '../domain/judgement.ts';
import type { Limits } from '../domain/limits.ts';
import type { Logger } from '../domain/logger.ts';
import type { Task } from '../domain/task.ts';
import type { Timers } from '../domain/timers.ts';
import type { TaskStore } from '../store/task-store.ts';
import {
  accepted,
  type Ending,
  endingOfFault,
  failed,
  isOutage,
  messageOf,
  noJudgement,
  rejected,
  stopped,
} from './attempt-ending.ts';
import { changeTask } from './change-task.ts';
import type { Executor } from './executor.ts';
import { isLoss, type KeptLease, keepLease } from './kept-lease.ts';
import { persist } from './persist.ts';
import { checkResult, storableText } from './task-checks.ts';
import type { Verifier } from './verifier.ts';

export interface AttemptDeps {
  readonly tasks: TaskStore;
  readonly executor: Executor;
  readonly verifier: Verifier;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

export interface AttemptParams {
  /** As it was claimed. */
  readonly task: Task;
  readonly leaseMs: number;
  /** Aborted when the run is to stop. */
  readonly signal: AbortSignal;
  /** Called from time to time while the attempt goes on; may throw the `STORAGE_` codes. */
  onHeartbeat(): Promise<void>;
  onProgress(message: string): void;
}

export interface AttemptResult {
  /** `lost`: it is somebody else's, and this attempt did nothing to it. */
  readonly becomes: Task['status'] | 'lost';
  /** What the attempt says to the circuit breaker. */
  readonly outcome: Ending['outcome'];
  /** The same in words. */
  readonly message: string;
}

const LOST: AttemptResult = { becomes: 'lost', outcome: 'neither', message: 'lost to another worker' };

/**
 * Makes one attempt at a task that this worker holds: execute, verify, and keep what came of it, whatever happens on the
 * way. Throws the `STORAGE_` codes where that cannot be kept; the lease then gives the task back.
 */
export async function makeAttempt(deps: AttemptDeps, params: AttemptParams): Promise<AttemptResult> {
  const { tasks, timers, clock } = deps;
  const { id, fencingToken } = params.task;
  const lease = keepLease({ ...deps, ...params });
  try {
    const ending = await work(deps, params, lease);
    lease.stop();
    const { task } = await persist(timers, () =>
      changeTask(tasks, id, (held) => ending.change(held, { now: clock.now(), fencingToken })),
    );
    return { becomes: task.status, outcome: ending.outcome, message: ending.message };
  } catch (error) {
    if (isLoss(error)) return LOST;
    throw error;
  } finally {
    lease.stop();
  }
}

/** Throws `LEASE_LOST` where there is nothing left to end; whatever else goes wrong is an ending too. */
async function work(deps: AttemptDeps, params: AttemptParams, lease: KeptLease): Promise<Ending> {
  try {
    return await execute(deps, params, lease);
  } catch (error) {
    lease.throwIfLost();
    if (isLoss(error)) throw error;
    if (params.signal.aborted) return stopped();
    if (!(error instanceof Fault))
      deps.logger.error('An executor failed unexpectedly.', { task: params.task.id, error });
    return endingOfFault(error, deps.limits);
  }
}

async function execute(deps: AttemptDeps, params: AttemptParams, lease: KeptLease): Promise<Ending> {
  const { task, onProgress } = params;
  const execution = await deps.executor.execute(task, {
    signal: lease.signal,
    renewLease: lease.renew,
    noteInstance: lease.noteInstance,
    onProgress,
  });
  lease.throwIfLost();
  if (execution.status === 'failure') {
    if (params.signal.aborted) return stopped();
    const { error, permanent } = execution;
    return failed({ error: storableText(error, deps.limits), permanent });
  }
  try {
    checkResult(execution.result, deps.limits);
  } catch (error) {
    return failed({ error: messageOf(error) });
  }
  failpoint('task_executed');
  onProgress('verifying the result');
  return verify(deps, { task, result: execution.result, lease });
}

interface VerifyParams {
  readonly task: Task;
  readonly result: JsonValue;
  readonly lease: KeptLease;
}

/**
 * Where the verifier says nothing that makes sense, the attempt counts. Either way, the next one goes on where this one
 * ended.
 */
async function verify(
  { verifier, limits, logger }: AttemptDeps,
  { task, result, lease }: VerifyParams,
): Promise<Ending> {
  let judgement: unknown;
  try {
    judgement = await verifier.verify(task, result, { signal: lease.signal });
  } catch (error) {
    if (lease.signal.aborted || isOutage(error)) throw error;
    logger.warn('A verifier came to no verdict.', { task: task.id, error });
    return noJudgement(storableText(messageOf(error), limits));
  }
  failpoint('task_verified');
  if (!isJudgement(judgement))
    return noJudgement('The verifier neither accepted it nor said what is wrong with it.');
  return judgement.accepted ? accepted(result) : rejected(storableText(judgement.feedback, limits));
}

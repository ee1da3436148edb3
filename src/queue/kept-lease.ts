import type { Clock } from '../domain/clock.ts';
import { Fault } from '../domain/errors.ts';
import type { Logger } from '../domain/logger.ts';
import type { Task } from '../domain/task.ts';
import type { Timers } from '../domain/timers.ts';
import type { TaskChange, TaskStore } from '../store/task-store.ts';
import { changeTask } from './change-task.ts';
import { noteInstance, renewLease } from './task-changes.ts';
import { leaseLost } from './task-holder.ts';

/** Of a lease: two renewals may be late or fail before it ends. */
const HEARTBEAT_SHARE = 1 / 3;

export interface KeepLeaseParams {
  readonly tasks: TaskStore;
  /** As it was claimed. */
  readonly task: Task;
  readonly leaseMs: number;
  /** Aborted when the work for the task is to stop. */
  readonly signal: AbortSignal;
  /** Called after every renewal that time has asked for: whatever else others wait for goes on, too. */
  onHeartbeat(): Promise<void>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** A task in the hands of this worker. */
export interface KeptLease {
  /** Aborted like the signal that was given, and when the lease is lost. */
  readonly signal: AbortSignal;
  /** Throws `LEASE_LOST` if another worker has the task, or may have it. */
  throwIfLost(): void;
  /** Throws `LEASE_LOST`, and the `STORAGE_` codes. */
  renew(): Promise<void>;
  /** The same, and keeps which run of its workflow carries the task out. */
  noteInstance(instanceId: string): Promise<void>;
  /** Lets the lease run out, unless something else is done with the task. */
  stop(): void;
}

/** Renews the lease of a task at a third of its time, until it is stopped. */
export function keepLease(params: KeepLeaseParams): KeptLease {
  const { tasks, task, leaseMs, clock, timers, logger } = params;
  const { fencingToken } = task;
  // Not `AbortSignal.any`: its traces would stay with a run's signal for as long as that lives.
  const ended = new AbortController();
  const passOn = () => ended.abort(params.signal.reason);
  let lost: Fault | undefined;
  let endsMs = clock.monotonicMs() + leaseMs;
  let stopped = false;
  let stopTimer = () => {};

  function lose(): void {
    if (stopped) return;
    lost = leaseLost(task);
    ended.abort(lost);
  }

  async function change(work: TaskChange): Promise<void> {
    const askedMs = clock.monotonicMs();
    try {
      await changeTask(tasks, task.id, work);
      endsMs = askedMs + leaseMs;
    } catch (error) {
      if (isLoss(error)) lose();
      throw error;
    }
  }

  const renew = () => change((held) => renewLease(held, { now: clock.now(), leaseMs, fencingToken }));

  async function beat(): Promise<void> {
    try {
      await renew();
      await params.onHeartbeat();
    } catch (error) {
      if (stopped || isLoss(error)) return;
      logger.warn('A lease could not be renewed.', { task: task.id, error });
      // Nothing was heard of this worker for a whole lease: another one may have the task by now.
      if (clock.monotonicMs() >= endsMs) lose();
    }
    if (!stopped && lost === undefined) scheduleBeat();
  }

  function scheduleBeat(): void {
    stopTimer = timers.start(leaseMs * HEARTBEAT_SHARE, () => void beat());
  }

  if (params.signal.aborted) passOn();
  else params.signal.addEventListener('abort', passOn, { once: true });
  scheduleBeat();
  return {
    signal: ended.signal,
    throwIfLost() {
      if (lost !== undefined) throw lost;
    },
    renew,
    noteInstance: (instanceId) =>
      change((held) => {
        const now = clock.now();
        const noted = noteInstance(held, { now, fencingToken, instanceId });
        return renewLease(noted, { now, leaseMs, fencingToken });
      }),
    stop() {
      stopped = true;
      stopTimer();
      params.signal.removeEventListener('abort', passOn);
    },
  };
}

/** Whether it says that the task is somebody else's, or gone. */
export function isLoss(error: unknown): boolean {
  return error instanceof Fault && (error.code === 'LEASE_LOST' || error.code === 'TASK_NOT_FOUND');
}

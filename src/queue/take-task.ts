import type { Clock } from '../domain/clock.ts';
import type { Task } from '../domain/task.ts';
import type { TaskStore } from '../store/task-store.ts';
import { giveBackExpired } from './expired-leases.ts';
import type { Safety, StopReason } from './safety.ts';
import { claimTask } from './task-changes.ts';

export interface TakeTaskParams {
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly safety: Safety;
  readonly leaseMs: number;
  /** Whether the run may work on this one: it is among its tasks, or there may be more of them. */
  mayTake(task: Task): boolean;
}

export interface NothingTaken {
  readonly task?: undefined;
  /** Absent where there was no task to take. */
  readonly stoppedBy?: StopReason;
  readonly retryAfterMs?: number;
}

export type Taken = { readonly task: Task } | NothingTaken;

/** Takes the next pending task, if safety lets the run go on and there is one that it may take. */
export async function takeTask(params: TakeTaskParams): Promise<Taken> {
  const { tasks, clock, safety, leaseMs, mayTake } = params;
  await giveBackExpired(tasks, clock);
  const next = await tasks.nextTask();
  if (next === undefined) return {};
  if (!mayTake(next)) return { stoppedBy: 'max_tasks' };
  const admission = await safety.admit();
  if (!admission.admitted) return admission;
  const now = clock.now();
  let task: Task | undefined;
  try {
    // Another worker may have been faster, so that this is not the task that was seen.
    task = await tasks.claimTask((pending) =>
      mayTake(pending) ? claimTask(pending, { now, leaseMs }) : pending,
    );
  } finally {
    if (task?.status !== 'in_progress') await safety.record('neither');
  }
  if (task?.status === 'in_progress') return { task };
  return task === undefined ? {} : { stoppedBy: 'max_tasks' };
}

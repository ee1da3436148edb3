import type { Clock } from '../domain/clock.ts';
import { Fault } from '../domain/errors.ts';
import type { TaskStore } from '../store/task-store.ts';
import { expireLease } from './task-changes.ts';

/** One transaction gives back so many; the next one follows, so that others get in between. */
const LEASES_PER_TRANSACTION = 100;

/** Gives back every task whose lease has ended. Costs next to nothing where none has. */
export async function giveBackExpired(tasks: TaskStore, clock: Clock): Promise<void> {
  const now = clock.now();
  for (;;) {
    const changed = await tasks.changeExpiredTasks({
      now,
      limit: LEASES_PER_TRANSACTION,
      change: (task) => expireLease(task, now),
    });
    // Each round leaves fewer leases that ended at `now` or before, so that the last one comes.
    if (changed.length < LEASES_PER_TRANSACTION) return;
  }
}

/** The same before a read, which works while nothing can be written: then whoever can gives them back. */
export async function giveBackExpiredIfWritable(tasks: TaskStore, clock: Clock): Promise<void> {
  try {
    await giveBackExpired(tasks, clock);
  } catch (error) {
    if (!(error instanceof Fault && error.retryable)) throw error;
  }
}

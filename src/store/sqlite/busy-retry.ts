import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../domain/errors.ts';
import { isBusy, toStorageError } from './storage-fault.ts';

/** How long SQLite itself waits for a lock. It blocks the event loop meanwhile, so it is short. */
export const BUSY_TIMEOUT_MS = 25;
const PAUSE_MS_MAX = 25;

export interface BusyRetryParams {
  /** How long to keep trying, in milliseconds. */
  readonly budgetMs: number;
  /** In [0, 1). Without jitter, processes that collided once would go on colliding. */
  readonly random: () => number;
}

/** Runs something synchronous on the database, again and again while other processes hold its lock. */
export type BusyRetry = <Result>(attempt: () => Result) => Promise<Result>;

/**
 * Makes the retry that every access to the database goes through: errors come out classified, and
 * `STORAGE_BUSY` means that the budget was used up.
 */
export function createBusyRetry({ budgetMs, random }: BusyRetryParams): BusyRetry {
  return async (attempt) => {
    // Counted rather than measured, so that a process that was stopped for a while still gets its tries.
    let waitedMs = 0;
    for (;;) {
      try {
        return attempt();
      } catch (error) {
        if (!isBusy(error)) throw toStorageError(error);
        if (waitedMs >= budgetMs) throw stillBusy(error);
      }
      const pauseMs = Math.ceil(random() * PAUSE_MS_MAX);
      await sleep(pauseMs);
      waitedMs += BUSY_TIMEOUT_MS + pauseMs;
    }
  };
}

function stillBusy(cause: unknown): Fault {
  return new Fault('STORAGE_BUSY', 'Other processes kept the database locked for too long.', {
    hint: 'Nothing was written: make the same call again.',
    retryAfterMs: 1_000,
    cause,
  });
}

import { Fault } from '../domain/errors.ts';
import type { Timers } from '../domain/timers.ts';

/** On top of what the store itself does about a locked database. */
const DELAYS_MS = [100, 500, 2_000];

/**
 * Does what must not be given up at the first difficulty: what a worker has brought about would be done again. Throws the
 * `STORAGE_` fault of the last try.
 */
export async function persist<Result>(timers: Timers, write: () => Promise<Result>): Promise<Result> {
  for (const delayMs of DELAYS_MS) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof Fault && error.retryable)) throw error;
      await timers.sleep(delayMs);
    }
  }
  return write();
}

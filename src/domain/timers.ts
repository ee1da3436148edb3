import { setTimeout as delay } from 'node:timers/promises';

/** How this program waits; injected, so that tests need no wall time. */
export interface Timers {
  /** Resolves after `ms` milliseconds; rejects as soon as the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back after `ms` milliseconds, unless stopped before with the function that it returns. */
  start(ms: number, onElapsed: () => void): () => void;
}

export const systemTimers: Timers = {
  sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
  start: (ms, onElapsed) => {
    const timer = setTimeout(onElapsed, ms);
    return () => clearTimeout(timer);
  },
};

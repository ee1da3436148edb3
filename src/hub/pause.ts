import type { Clock } from '../domain/clock.ts';

/** Leaves a server alone for a while after a failure, the longer the more failures there were in a row. */
export interface Pause {
  /** Milliseconds until the server may be tried again; 0 for at once. */
  leftMs(): number;
  /** After a failure. */
  begin(): void;
  /** The server works: the next failure is the first one again. */
  reset(): void;
}

export interface PauseParams {
  /** After the first failure; doubles with each further one. */
  readonly pauseMs: number;
  readonly pauseMsMax: number;
  readonly clock: Clock;
  /** Uniform in [0, 1); for jitter, so that many do not come back at the same moment. */
  readonly random: () => number;
}

/** A timer may fire this much early: who waits as long as told must not be sent away once more. */
const TIMER_EARLY_MS = 1;

export function createPause({ pauseMs, pauseMsMax, clock, random }: PauseParams): Pause {
  let failures = 0;
  let endsMs = 0;
  return {
    leftMs() {
      const ms = endsMs - clock.monotonicMs();
      return ms <= TIMER_EARLY_MS ? 0 : Math.ceil(ms);
    },
    begin() {
      const longest = Math.min(pauseMsMax, pauseMs * 2 ** failures);
      failures += 1;
      endsMs = clock.monotonicMs() + longest * (0.5 + random() / 2);
    },
    reset() {
      failures = 0;
      endsMs = 0;
    },
  };
}

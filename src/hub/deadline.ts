import type { Clock } from '../domain/clock.ts';
import type { Timers } from '../domain/timers.ts';

/** The end of someone's patience. */
export interface Deadline {
  /** Aborted when the time is up, and when the caller's own signal is. */
  readonly signal: AbortSignal;
  /** How many milliseconds were too long; undefined as long as they were not. */
  exceededMs(): number | undefined;
  /** There was a sign of progress: the patience for silence begins anew, that for the whole does not. */
  extend(): void;
  stop(): void;
}

export interface DeadlineParams {
  /** Milliseconds without a sign of progress. */
  readonly silenceMs: number;
  /** Milliseconds in all. */
  readonly totalMs: number;
  /** The caller's. */
  readonly signal?: AbortSignal;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** What the system's timers can take; longer ones would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export function startDeadline({ silenceMs, totalMs, signal, clock, timers }: DeadlineParams): Deadline {
  const ended = new AbortController();
  const startedMs = clock.monotonicMs();
  let exceeded: number | undefined;
  let stopTimer = () => {};
  const abort = () => ended.abort();
  const wait = () => {
    const leftMs = totalMs - (clock.monotonicMs() - startedMs);
    const [ms, limit] = leftMs < silenceMs ? [leftMs, totalMs] : [silenceMs, silenceMs];
    stopTimer = timers.start(Math.min(Math.max(0, ms), TIMER_MS_MAX), () => {
      exceeded = limit;
      ended.abort();
    });
  };
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  wait();
  return {
    signal: ended.signal,
    exceededMs: () => exceeded,
    extend() {
      if (ended.signal.aborted) return;
      stopTimer();
      wait();
    },
    stop() {
      stopTimer();
      signal?.removeEventListener('abort', abort);
    },
  };
}

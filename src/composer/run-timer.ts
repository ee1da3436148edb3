import type { Clock } from '../domain/clock.ts';
import type { Timers } from '../domain/timers.ts';

/** The time that a script may take, from when it is created on. */
export interface RunTimer {
  /** Does the work, and lets no time pass meanwhile. */
  paused<Result>(work: () => Promise<Result>): Promise<Result>;
  stop(): void;
}

export interface RunTimerParams {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Told once, unless the timer is stopped before. */
  readonly onElapsed: () => void;
}

export function createRunTimer({ timeoutMs, clock, timers, onElapsed }: RunTimerParams): RunTimer {
  let leftMs = timeoutMs;
  let pauses = 0;
  let isStopped = false;
  let hold = () => {};

  function go(): void {
    const sinceMs = clock.monotonicMs();
    const stopTimer = timers.start(leftMs, () => {
      isStopped = true;
      onElapsed();
    });
    hold = () => {
      stopTimer();
      leftMs = Math.max(0, leftMs - (clock.monotonicMs() - sinceMs));
    };
  }

  go();
  return {
    async paused(work) {
      if (pauses === 0) hold();
      pauses += 1;
      try {
        return await work();
      } finally {
        pauses -= 1;
        if (pauses === 0 && !isStopped) go();
      }
    },
    stop() {
      isStopped = true;
      hold();
    },
  };
}

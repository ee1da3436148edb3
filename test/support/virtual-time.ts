import type { Clock } from '../../src/domain/clock.ts';
import type { Timers } from '../../src/domain/timers.ts';

/** Time that only passes when told to. */
export interface VirtualTime {
  readonly clock: Clock;
  /** A sleep lets its time pass at once, so nothing waits; a started timer fires when time is let pass. */
  /** Its members may be replaced. */
  readonly timers: { -readonly [Member in keyof Timers]: Timers[Member] };
  /** Every sleep so far, in milliseconds. */
  readonly sleeps: readonly number[];
  /** Lets time pass; timers that are due fire, the earliest first. */
  elapse(ms: number): void;
  /** When the next timer would fire, in milliseconds from now. */
  untilNextTimer(): number | undefined;
}

export function createVirtualTime(startsAt = '2026-01-01T00:00:00.000Z'): VirtualTime {
  const epochMs = Date.parse(startsAt);
  const pending = new Map<symbol, { readonly dueMs: number; readonly onElapsed: () => void }>();
  const sleeps: number[] = [];
  let nowMs = 0;
  const elapse = (ms: number) => {
    nowMs += ms;
    const due = [...pending]
      .filter(([, { dueMs }]) => dueMs <= nowMs)
      .sort(([, a], [, b]) => a.dueMs - b.dueMs);
    for (const [id, { onElapsed }] of due) if (pending.delete(id)) onElapsed();
  };
  return {
    sleeps,
    elapse,
    clock: { now: () => new Date(epochMs + nowMs).toISOString(), monotonicMs: () => nowMs },
    timers: {
      async sleep(ms, signal) {
        sleeps.push(ms);
        signal?.throwIfAborted();
        elapse(ms);
      },
      start(ms, onElapsed) {
        const id = Symbol();
        pending.set(id, { dueMs: nowMs + ms, onElapsed });
        return () => pending.delete(id);
      },
    },
    untilNextTimer: () => {
      const dues = [...pending.values()].map(({ dueMs }) => dueMs - nowMs);
      return dues.length === 0 ? undefined : Math.min(...dues);
    },
  };
}

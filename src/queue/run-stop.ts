import { Fault } from '../domain/errors.ts';
import type { Timers } from '../domain/timers.ts';

export interface RunStopParams {
  /** Aborted when the caller gave up. */
  readonly signal: AbortSignal | undefined;
  /** Of the run's time; may be infinite. */
  readonly remainingMs: number;
  readonly timers: Timers;
}

/** What ends a run in the middle of a task. */
export interface RunStop {
  readonly signal: AbortSignal;
  reason(): 'cancelled' | 'seconds' | undefined;
  dispose(): void;
}

export function createRunStop({ signal, remainingMs, timers }: RunStopParams): RunStop {
  const stopped = new AbortController();
  let reason: ReturnType<RunStop['reason']>;
  const stop = (why: 'cancelled' | 'seconds') => {
    reason ??= why;
    stopped.abort(new Fault('CANCELLED', `The run was stopped (${reason}).`));
  };
  const onAbort = () => stop('cancelled');
  signal?.addEventListener('abort', onAbort, { once: true });
  const stopTimer = Number.isFinite(remainingMs)
    ? timers.start(remainingMs, () => stop('seconds'))
    : () => {};
  if (signal?.aborted) onAbort();
  return {
    signal: stopped.signal,
    reason: () => reason,
    dispose() {
      stopTimer();
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

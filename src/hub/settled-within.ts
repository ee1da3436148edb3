import type { Timers } from '../domain/timers.ts';

/** Whether something is over, whatever came of it, before the time is up. */
export function settledWithin(what: Promise<unknown>, ms: number, timers: Timers): Promise<boolean> {
  return new Promise((resolve) => {
    const stopTimer = timers.start(ms, () => resolve(false));
    const settle = () => {
      stopTimer();
      resolve(true);
    };
    what.then(settle, settle);
  });
}

import type { Clock } from '../domain/clock.ts';
import type { TaskStore } from '../store/task-store.ts';
import {
  admitAttempt,
  type BreakerAnswer,
  type BreakerSettings,
  recordAttempt,
  type Trial,
} from './circuit-breaker.ts';
import type { Admission, Safety } from './safety.ts';

/** When runs are stopped; milliseconds, and counts. */
export interface SafetySettings extends BreakerSettings {
  /** Attempts of one run. */
  readonly iterationsMax: number;
  /** Of one run. */
  readonly runMsMax: number;
}

export const DEFAULT_SAFETY: SafetySettings = {
  failuresInRowMax: 5,
  cooldownMs: 60_000,
  trialMs: 600_000,
  iterationsMax: 1_000,
  runMsMax: 3_600_000,
};

export interface RunSafetyParams {
  readonly tasks: Pick<TaskStore, 'findBreaker' | 'changeBreaker'>;
  readonly clock: Clock;
  readonly settings: SafetySettings;
}

/** The safety of one run, which begins now. Throws the `STORAGE_` codes. */
export function createRunSafety({ tasks, clock, settings }: RunSafetyParams): Safety {
  const startedMs = clock.monotonicMs();
  let iterations = 0;
  let trial: Trial;
  let openedByThisRun = false;

  const remainingMs = () => settings.runMsMax - (clock.monotonicMs() - startedMs);

  async function askBreaker(): Promise<BreakerAnswer> {
    const now = clock.now();
    let asked = await tasks.findBreaker();
    // A closed one admits without being written to: workers need not wait for each other.
    if (asked.state !== 'closed') {
      await tasks.changeBreaker((current) => {
        asked = current;
        return admitAttempt(current, now, settings).breaker;
      });
    }
    return admitAttempt(asked, now, settings);
  }

  return {
    async admit(): Promise<Admission> {
      if (iterations >= settings.iterationsMax) return { admitted: false, stoppedBy: 'iterations' };
      if (remainingMs() <= 0) return { admitted: false, stoppedBy: 'seconds' };
      const answer = await askBreaker();
      if (!answer.admitted) {
        const stoppedBy = openedByThisRun ? 'failures_in_row' : 'breaker_open';
        return { admitted: false, stoppedBy, retryAfterMs: answer.retryAfterMs };
      }
      openedByThisRun = false;
      iterations += 1;
      trial = answer.trial;
      return { admitted: true };
    },

    async record(outcome) {
      const attempt = { outcome, trial, now: clock.now() };
      const found = await tasks.findBreaker();
      if (recordAttempt(found, attempt, settings) === found) return;
      await tasks.changeBreaker((current) => {
        const recorded = recordAttempt(current, attempt, settings);
        openedByThisRun = recorded !== current && recorded.state === 'open';
        return recorded;
      });
    },

    remainingMs,
  };
}

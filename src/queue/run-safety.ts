import type { Clock } from '../domain/clock.ts';
import type { TaskStore } from '../store/task-store.ts';
import {
  admitAttempt,
  type BreakerAnswer,
  type BreakerSettings,
  recordAttempt,
  renewTrial,
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

export interface RunSafetyParams {
  readonly tasks: Pick<TaskStore, 'findBreaker' | 'changeBreaker'>;
  readonly clock: Clock;
  readonly settings: SafetySettings;
  /** Milliseconds for which others wait for an attempt on trial that is not heard of: as long as its task is leased. */
  readonly trialMs: number;
}

/** The safety of one run, which begins now. Throws the `STORAGE_` codes. */
export function createRunSafety({ tasks, clock, settings, trialMs }: RunSafetyParams): Safety {
  const startedMs = clock.monotonicMs();
  let iterations = 0;
  let trial: Trial;
  /** The last one: until it has ended, nobody knows what the trial has to show. */
  let renewal = Promise.resolve();
  let openedByThisRun = false;

  const remainingMs = () => settings.runMsMax - (clock.monotonicMs() - startedMs);

  async function askBreaker(): Promise<BreakerAnswer> {
    const now = clock.now();
    let asked = await tasks.findBreaker();
    // A closed one admits without being written to: workers need not wait for each other.
    if (asked.state !== 'closed') {
      await tasks.changeBreaker((current) => {
        asked = current;
        return admitAttempt(current, { now, trialMs }, settings).breaker;
      });
    }
    return admitAttempt(asked, { now, trialMs }, settings);
  }

  async function keepTrial(): Promise<void> {
    if (trial === undefined) return;
    const asked = { now: clock.now(), trialMs, trial };
    let renewed: Trial = trial;
    await tasks.changeBreaker((current) => {
      const kept = renewTrial(current, asked);
      renewed = kept === current ? asked.trial : kept.trialExpiresAt;
      return kept;
    });
    trial = renewed;
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

    async renew() {
      renewal = renewal.catch(() => {}).then(keepTrial);
      await renewal;
    },

    async record(outcome) {
      await renewal.catch(() => {});
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

import { describe, expect, onTestFinished, test } from 'vitest';
import { type CircuitBreaker, CLOSED_BREAKER } from '../../../src/domain/circuit-breaker.ts';
import {
  admitAttempt as admit,
  type BreakerSettings,
  recordAttempt,
  renewTrial,
  retryAfterMs,
} from '../../../src/queue/circuit-breaker.ts';
import { createRunSafety } from '../../../src/queue/run-safety.ts';
import type { TaskStore } from '../../../src/store/task-store.ts';
import { openQueue } from '../../support/queue-on-file.ts';
import { DEFAULT_SAFETY } from '../../support/safety-settings.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';

const SETTINGS: BreakerSettings = { failuresInRowMax: 3, cooldownMs: 60_000 };
const TRIAL_MS = 10_000;
const at = (seconds: number) =>
  new Date(Date.parse('2026-01-01T00:00:00.000Z') + seconds * 1_000).toISOString();

const admitAttempt = (breaker: CircuitBreaker, now: string) =>
  admit(breaker, { now, trialMs: TRIAL_MS }, SETTINGS);

const open = { state: 'open', failuresInRow: 3, openedAt: at(0) } as const;
const halfOpen = { ...open, state: 'half_open', trialExpiresAt: at(70) } as const;

describe('the circuit breaker', () => {
  test('opens at so many failures in a row; a success in between starts the count anew', () => {
    const outcomes = ['failure', 'failure', 'success', 'failure', 'neither', 'failure', 'failure'] as const;
    let breaker: ReturnType<typeof recordAttempt> = CLOSED_BREAKER;
    const states = outcomes.map((outcome) => {
      breaker = recordAttempt(breaker, { outcome, trial: undefined, now: at(0) }, SETTINGS);
      return [breaker.state, breaker.failuresInRow];
    });
    expect(states).toEqual([
      ['closed', 1],
      ['closed', 2],
      ['closed', 0],
      ['closed', 1],
      ['closed', 1],
      ['closed', 2],
      ['open', 3],
    ]);
    expect(breaker).toEqual(open);
  });

  test('admits nobody while it is open, then one attempt on trial', () => {
    expect(admitAttempt(open, at(59))).toEqual({
      admitted: false,
      breaker: open,
      retryAfterMs: 1_000,
    });
    expect(admitAttempt(open, at(60))).toEqual({
      admitted: true,
      trial: at(70),
      breaker: halfOpen,
    });
  });

  test('admits nobody beside the trial, until that counts as lost', () => {
    expect(admitAttempt(halfOpen, at(69))).toMatchObject({ admitted: false, retryAfterMs: 1_000 });
    expect(admitAttempt(halfOpen, at(70))).toMatchObject({ admitted: true, trial: at(80) });
  });

  test('waits for a trial that is renewed, and for no other', () => {
    const now = at(65);
    const renewed = renewTrial(halfOpen, { now, trialMs: TRIAL_MS, trial: at(70) });
    expect(renewed).toEqual({ ...halfOpen, trialExpiresAt: at(75) });
    expect(renewTrial(renewed, { now, trialMs: TRIAL_MS, trial: at(70) })).toBe(renewed);
    expect(renewTrial(open, { now, trialMs: TRIAL_MS, trial: at(70) })).toBe(open);
    expect(renewTrial(CLOSED_BREAKER, { now, trialMs: TRIAL_MS, trial: undefined })).toBe(CLOSED_BREAKER);
  });

  test('the trial decides: closed, open anew, or for the next to try', () => {
    const trial = at(70);
    const now = at(65);
    expect(recordAttempt(halfOpen, { outcome: 'success', trial, now }, SETTINGS)).toEqual(CLOSED_BREAKER);
    expect(recordAttempt(halfOpen, { outcome: 'failure', trial, now }, SETTINGS)).toEqual({
      state: 'open',
      failuresInRow: 4,
      openedAt: now,
    });
    const untried = recordAttempt(halfOpen, { outcome: 'neither', trial, now }, SETTINGS);
    expect(admitAttempt(untried, now).admitted).toBe(true);
  });

  test.each(['success', 'failure', 'neither'] as const)(
    'a %s of an attempt begun before it opened, or of a lost trial, changes nothing',
    (outcome) => {
      for (const trial of [undefined, at(60)])
        for (const breaker of [open, halfOpen])
          expect(recordAttempt(breaker, { outcome, trial, now: at(65) }, SETTINGS)).toBe(breaker);
    },
  );

  test('says when it is worth to ask again', () => {
    expect(retryAfterMs(CLOSED_BREAKER, at(0), SETTINGS)).toBe(0);
    expect(retryAfterMs(open, at(20), SETTINGS)).toBe(40_000);
    expect(retryAfterMs(open, at(99), SETTINGS)).toBe(0);
    expect(retryAfterMs(halfOpen, at(68), SETTINGS)).toBe(2_000);
  });
});

/** Answers a while after what it does is done. */
function slowly(change: TaskStore['changeBreaker']): TaskStore['changeBreaker'] {
  return async (work) => {
    const changed = await change(work);
    await new Promise(setImmediate);
    return changed;
  };
}

/** Two files' worth of objects on one database, as two processes would have them. */
async function twoProcesses() {
  const folder = temporaryFolder();
  const time = createVirtualTime();
  const files = [await openQueue({ folder, time }), await openQueue({ folder, time })] as const;
  onTestFinished(async () => {
    for (const file of files) await file.close();
  });
  const settings = { ...DEFAULT_SAFETY, failuresInRowMax: 2 };
  const safety = (index: 0 | 1, changes: Partial<typeof settings> = {}) =>
    createRunSafety({
      tasks: { ...files[index].stores.tasks, changeBreaker: slowly(files[index].stores.tasks.changeBreaker) },
      clock: time.clock,
      settings: { ...settings, ...changes },
      trialMs: TRIAL_MS,
    });
  return { time, safety, breaker: () => files[0].stores.tasks.findBreaker() };
}

describe('the safety of a run', () => {
  test('tells the run that opened the breaker from the others, and outlasts a restart', async () => {
    const { time, safety } = await twoProcesses();
    const first = safety(0);
    for (let n = 0; n < 2; n++) {
      expect(await first.admit()).toEqual({ admitted: true });
      await first.record('failure');
    }
    time.elapse(10_000);
    const refusal = { admitted: false, retryAfterMs: 50_000 };
    expect(await first.admit()).toEqual({ ...refusal, stoppedBy: 'failures_in_row' });
    expect(await safety(1).admit()).toEqual({ ...refusal, stoppedBy: 'breaker_open' });
  });

  test('of two that ask at once after the cool-down, one gets the trial; its success closes', async () => {
    const { time, safety, breaker } = await twoProcesses();
    const before = safety(0);
    for (let n = 0; n < 2; n++) await before.record('failure');
    time.elapse(60_000);
    const askers = [safety(0), safety(1)] as const;
    const answers = await Promise.all(askers.map((asker) => asker.admit()));
    expect(answers.map(({ admitted }) => admitted).sort()).toEqual([false, true]);
    expect((await breaker()).state).toBe('half_open');

    const [trier, other] = answers[0]?.admitted === true ? askers : [askers[1], askers[0]];
    await other.record('success');
    expect((await breaker()).state).toBe('half_open');
    await trier.record('success');
    expect(await breaker()).toEqual(CLOSED_BREAKER);
    expect(await other.admit()).toEqual({ admitted: true });
  });

  test('a trial that fails opens anew; one that died blocks nobody for ever', async () => {
    const { time, safety, breaker } = await twoProcesses();
    const first = safety(0);
    for (let n = 0; n < 2; n++) await first.record('failure');
    time.elapse(60_000);
    expect((await first.admit()).admitted).toBe(true);
    await first.record('failure');
    expect(await breaker()).toMatchObject({ state: 'open', failuresInRow: 3 });
    time.elapse(60_000);
    const dead = safety(1);
    expect((await dead.admit()).admitted).toBe(true);
    time.elapse(TRIAL_MS);
    expect((await first.admit()).admitted).toBe(true);
    await dead.record('success');
    expect((await breaker()).state).toBe('half_open');
    await first.record('success');
    expect((await breaker()).state).toBe('closed');
  });

  test('a trial goes on for as long as it is renewed, and then decides', async () => {
    const { time, safety, breaker } = await twoProcesses();
    const first = safety(0);
    for (let n = 0; n < 2; n++) await first.record('failure');
    time.elapse(60_000);
    await first.admit();
    for (let beat = 0; beat < 5; beat++) {
      time.elapse(TRIAL_MS - 1_000);
      await first.renew();
      expect(await safety(1).admit()).toMatchObject({ admitted: false, retryAfterMs: TRIAL_MS });
    }
    // What comes of it may be told while it is still renewed.
    time.elapse(1_000);
    const renewing = first.renew();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    await first.record('success');
    await renewing;
    expect(await breaker()).toEqual(CLOSED_BREAKER);
  });

  test('bounds attempts and seconds', async () => {
    const { time, safety } = await twoProcesses();
    const run = safety(0, { iterationsMax: 2, runMsMax: 1_000 });
    expect(run.remainingMs()).toBe(1_000);
    await run.admit();
    time.elapse(999);
    expect(await run.admit()).toEqual({ admitted: true });
    expect(await run.admit()).toEqual({ admitted: false, stoppedBy: 'iterations' });
    const other = safety(0, { runMsMax: 1_000 });
    time.elapse(1_000);
    expect(await other.admit()).toEqual({ admitted: false, stoppedBy: 'seconds' });
  });
});

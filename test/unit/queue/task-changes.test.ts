import { describe, expect, test } from 'vitest';
import type { Task } from '../../../src/domain/task.ts';
import {
  claimTask,
  completeTask,
  expireLease,
  failAttempt,
  failTask,
  noteInstance,
  rejectResult,
  releaseTask,
  renewLease,
  resetTask,
  retryTask,
  startTask,
} from '../../../src/queue/task-changes.ts';
import { faultOf } from '../../support/fault-of.ts';
import { sampleTask } from '../../support/sample-tasks.ts';

const NOW = '2026-01-01T00:01:00.000Z';
const LATER = '2026-01-01T00:02:00.000Z';

const pending: Task = { id: 'task-001', ...sampleTask() };
const leased = claimTask(pending, { now: NOW, leaseMs: 60_000 });
const unleased = startTask(pending, { now: NOW });
const completed = completeTask(leased, { now: NOW, fencingToken: 1, result: { n: 1, m: 2 } });
const failed = failTask(leased, { now: NOW, fencingToken: 1, reason: 'No.' });
const TASKS = { pending, leased, unleased, completed, failed };
const holder = { now: NOW, fencingToken: 1 };
const thief = { now: NOW, fencingToken: 2 };
/** On its last attempt. */
const last = { ...leased, attempts: 3 };

const codeOf = async (change: () => unknown) => (await faultOf(change)).code;

describe('beginning', () => {
  test('a claim takes the task, counts the attempt, fences and leases', () => {
    expect(leased).toEqual({
      ...pending,
      status: 'in_progress',
      attempts: 1,
      fencingToken: 1,
      leaseExpiresAt: LATER,
      startedAt: NOW,
      updatedAt: NOW,
    });
  });

  test('a start leases only where a lease is asked for', () => {
    expect(unleased).toMatchObject({ status: 'in_progress', attempts: 1, fencingToken: 1 });
    expect(unleased.leaseExpiresAt).toBeUndefined();
    expect(startTask(pending, { now: NOW, leaseMs: 60_000 })).toEqual(leased);
  });

  test('a start takes over where the lease has ended, and only there', async () => {
    const taken = startTask(leased, { now: LATER, leaseMs: 1_000 });
    expect(taken).toMatchObject({ attempts: 2, fencingToken: 3, runNumber: 1, status: 'in_progress' });
    expect(await codeOf(() => startTask(leased, { now: NOW }))).toBe('TASK_STATUS_INVALID');
    expect(await codeOf(() => startTask(last, { now: LATER }))).toBe('TASK_STATUS_INVALID');
  });

  test.each(['unleased', 'completed', 'failed'] as const)('a start refuses %s', async (name) => {
    const task = TASKS[name];
    const fault = await faultOf(() => startTask(task, { now: NOW }));
    expect(fault).toMatchObject({ code: 'TASK_STATUS_INVALID', details: { status: task.status } });
    expect(fault.hint).toBeTruthy();
  });
});

describe('holding', () => {
  test('a start by the holder renews the lease, even one that ran out', () => {
    const renewed = { ...leased, leaseExpiresAt: '2026-01-01T00:02:01.000Z', updatedAt: LATER };
    expect(startTask(leased, { now: LATER, fencingToken: 1, leaseMs: 1_000 })).toEqual(renewed);
    expect(renewLease(leased, { now: LATER, fencingToken: 1, leaseMs: 1_000 })).toEqual(renewed);
  });

  test('a start by the holder says for how long, unless there is no lease to renew', async () => {
    expect(await codeOf(() => startTask(leased, holder))).toBe('INVALID_ARGUMENT');
    expect(startTask(unleased, holder)).toBe(unleased);
    expect(startTask(unleased, { ...holder, leaseMs: 60_000 })).toMatchObject({ leaseExpiresAt: LATER });
  });

  test.each(['pending', 'completed', 'failed', 'leased'] as const)('nobody else holds %s', async (name) => {
    const task = TASKS[name];
    expect(await codeOf(() => startTask(task, { ...thief, leaseMs: 1 }))).toBe('LEASE_LOST');
    expect(await codeOf(() => renewLease(task, { ...thief, leaseMs: 1 }))).toBe('LEASE_LOST');
    expect(await codeOf(() => noteInstance(task, { ...thief, instanceId: 'x' }))).toBe('LEASE_LOST');
    expect(await codeOf(() => rejectResult(task, { ...thief, feedback: 'x' }))).toBe('LEASE_LOST');
    expect(await codeOf(() => failAttempt(task, { ...thief, error: 'x' }))).toBe('LEASE_LOST');
    expect(await codeOf(() => releaseTask(task, thief))).toBe('LEASE_LOST');
    expect(await codeOf(() => completeTask(task, { ...thief, result: 1 }))).toBe('LEASE_LOST');
    expect(await codeOf(() => failTask(task, { ...thief, reason: 'x' }))).toBe('LEASE_LOST');
  });

  test.each([0, -1, 2])(
    'who shows a token that was never given out is told to check it: %s',
    async (token) => {
      for (const change of [
        () => completeTask(leased, { now: NOW, fencingToken: token, result: 1 }),
        () => startTask(leased, { now: NOW, fencingToken: token, leaseMs: 1 }),
      ]) {
        const fault = await faultOf(change);
        expect(fault).toMatchObject({
          code: 'LEASE_LOST',
          message: `Task task-001 was never given out with the fencing_token ${token}.`,
          hint: expect.stringContaining('Compare it with the answer that gave you the task'),
        });
      }
      const taken = startTask(leased, { now: LATER });
      const fault = await faultOf(() => completeTask(taken, { now: LATER, fencingToken: 1, result: 1 }));
      expect(fault.hint).toContain('Stop working on it');
    },
  );

  test('the run that carries it out is kept, once', () => {
    const noted = noteInstance(leased, { ...holder, instanceId: 'run-1' });
    expect(noted).toEqual({ ...leased, instanceId: 'run-1' });
    expect(noteInstance(noted, { ...holder, instanceId: 'run-1' })).toBe(noted);
  });
});

describe('completing', () => {
  test('keeps the result and lets go of the lease, of feedback and of errors', () => {
    const second = { ...leased, feedback: 'Shorter.', error: 'Too long.' };
    const done = completeTask(second, { now: LATER, fencingToken: 1, result: null });
    expect(done).toEqual({
      ...leased,
      status: 'completed',
      result: null,
      leaseExpiresAt: undefined,
      updatedAt: LATER,
      completedAt: LATER,
    });
  });

  test('needs the token where there is a lease, and only there', async () => {
    expect(await codeOf(() => completeTask(leased, { now: LATER, result: 1 }))).toBe(
      'FENCING_TOKEN_REQUIRED',
    );
    expect(await codeOf(() => failTask(leased, { now: LATER, reason: 'x' }))).toBe('FENCING_TOKEN_REQUIRED');
    expect(completeTask(unleased, { now: NOW, result: 1 }).status).toBe('completed');
    expect(failTask(unleased, { now: NOW, reason: 'x' }).status).toBe('failed');
    expect(await codeOf(() => completeTask(unleased, { ...thief, result: 1 }))).toBe('LEASE_LOST');
  });

  test('a lease that ran out counts as long as nobody else has the task', () => {
    expect(completeTask(leased, { now: LATER, fencingToken: 1, result: 1 }).status).toBe('completed');
  });

  test('is safe to repeat with the same result, whatever the order of its keys', async () => {
    const result = { m: 2, n: 1 };
    expect(completeTask(completed, { now: LATER, result })).toBe(completed);
    expect(completeTask(completed, { now: LATER, result, fencingToken: 1 })).toBe(completed);
    expect(await codeOf(() => completeTask(completed, { ...thief, result }))).toBe('LEASE_LOST');
    expect(await codeOf(() => completeTask(completed, { now: LATER, result: 2 }))).toBe(
      'TASK_STATUS_INVALID',
    );
  });

  test('failing is safe to repeat with the same reason', async () => {
    expect(failTask(failed, { now: LATER, reason: 'No.' })).toBe(failed);
    expect(await codeOf(() => failTask(failed, { now: LATER, reason: 'Yes.' }))).toBe('TASK_STATUS_INVALID');
  });

  test.each(['pending', 'failed'] as const)('is refused for %s', async (name) => {
    const task = TASKS[name];
    expect(await codeOf(() => completeTask(task, { now: NOW, result: 1 }))).toBe('TASK_STATUS_INVALID');
  });

  test.each(['pending', 'completed'] as const)('failing is refused for %s', async (name) => {
    const task = TASKS[name];
    expect(await codeOf(() => failTask(task, { now: NOW, reason: 'x' }))).toBe('TASK_STATUS_INVALID');
  });

  test('failing is final whatever attempts are left', () => {
    expect(failed).toEqual({
      ...leased,
      status: 'failed',
      error: 'No.',
      leaseExpiresAt: undefined,
      completedAt: NOW,
    });
  });
});

describe('trying again', () => {
  test.each(['failed', 'leased', 'unleased'] as const)('begins anew with feedback: %s', (name) => {
    const task = TASKS[name];
    expect(retryTask(task, { now: LATER, feedback: 'Better.' })).toMatchObject({
      status: 'pending',
      attempts: 1,
      feedback: 'Better.',
      fencingToken: 2,
      runNumber: 2,
      leaseExpiresAt: undefined,
      completedAt: undefined,
    });
  });

  test('keeps why the last attempt came to nothing, and earlier feedback', () => {
    const task = { ...failed, feedback: 'Shorter.' };
    expect(retryTask(task, { now: LATER })).toMatchObject({ error: 'No.', feedback: 'Shorter.' });
  });

  test('past max_attempts it is failed, says so, and says it once', () => {
    const word = 'All 3 attempts are used up (max_attempts).';
    const one = retryTask({ ...failed, attempts: 3 }, { now: LATER, feedback: 'Again.' });
    expect(one).toMatchObject({ status: 'failed', attempts: 3, error: `No. ${word}`, feedback: 'Again.' });
    expect(retryTask(one, { now: LATER }).error).toBe(`No. ${word}`);
    expect(retryTask(last, { now: LATER })).toMatchObject({ status: 'failed', completedAt: LATER });
    const only = { ...leased, maxAttempts: 1, error: undefined };
    expect(retryTask(only, { now: LATER }).error).toContain('Its only attempt is used up');
  });

  test.each([
    ['cannot', 'cannot. All'],
    ['No.', 'No. All'],
    ['What?!', 'What?! All'],
    ['It said "No."', 'It said "No." All'],
    ['exit code 1 (of 2)', 'exit code 1 (of 2). All'],
    ['Cut off…', 'Cut off… All'],
  ])('what went wrong gets its stop before more is said: %s', (error, said) => {
    expect(retryTask({ ...failed, attempts: 3, error }, { now: LATER }).error).toContain(said);
  });

  test('a task that waits for it already gets the feedback, and else stays as it is', () => {
    const waiting = retryTask(failed, { now: LATER, feedback: 'Better.' });
    expect(retryTask(waiting, { now: LATER, feedback: 'Better.' })).toBe(waiting);
    expect(retryTask(waiting, { now: LATER })).toBe(waiting);
    expect(retryTask(waiting, { now: LATER, feedback: 'Other.' })).toEqual({
      ...waiting,
      feedback: 'Other.',
      updatedAt: LATER,
    });
    expect(retryTask(pending, { now: LATER, feedback: 'Other.' })).toMatchObject({
      status: 'pending',
      attempts: 0,
      feedback: 'Other.',
    });
  });

  test.each([
    ['failed', 1, true],
    ['failed', 3, false],
    ['in_progress', 1, true],
    ['in_progress', 3, false],
    ['completed', 1, false],
  ] as const)('is advised where it helps: %s, attempt %s of 3', async (status, attempts, isAdvised) => {
    const fault = await faultOf(() => startTask({ ...pending, status, attempts }, { now: LATER }));
    expect(fault.hint?.includes('retry_task')).toBe(isAdvised);
  });

  test.each(['pending', 'completed'] as const)('is refused for %s', async (name) => {
    const task = TASKS[name];
    expect(await codeOf(() => retryTask(task, { now: LATER }))).toBe('TASK_STATUS_INVALID');
  });
});

describe('what the orchestrator does', () => {
  test('a rejection gives feedback and begins anew, or fails the last attempt', () => {
    expect(rejectResult(leased, { ...holder, feedback: 'Shorter.' })).toMatchObject({
      status: 'pending',
      attempts: 1,
      feedback: 'Shorter.',
      error: 'The result was rejected: Shorter.',
      fencingToken: 2,
      runNumber: 2,
    });
    expect(rejectResult(last, { ...holder, feedback: 'Shorter.' })).toMatchObject({
      status: 'failed',
      attempts: 3,
      error: 'The result was rejected: Shorter. All 3 attempts are used up (max_attempts).',
    });
  });

  test('a failed attempt begins anew, or goes on with what was done', () => {
    const again = { status: 'pending', attempts: 1, error: 'x', fencingToken: 2 };
    expect(failAttempt(leased, { ...holder, error: 'x' })).toMatchObject({ ...again, runNumber: 2 });
    expect(failAttempt(leased, { ...holder, error: 'x', goesOn: true })).toMatchObject({
      ...again,
      runNumber: 1,
    });
    expect(failAttempt(last, { ...holder, error: 'x' }).status).toBe('failed');
    expect(failAttempt(leased, { ...holder, error: 'x', permanent: true })).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: 'x',
    });
  });

  test('a release refunds the attempt and goes on with the same run', () => {
    expect(releaseTask(last, { ...holder, error: 'down' })).toMatchObject({
      status: 'pending',
      attempts: 2,
      error: 'down',
      fencingToken: 2,
      runNumber: 1,
    });
    expect(releaseTask({ ...leased, error: 'before' }, holder).error).toBe('before');
  });
});

describe('the end of a lease', () => {
  test('gives the task back to go on with the same run, or fails the last attempt', () => {
    expect(expireLease(leased, LATER)).toMatchObject({
      status: 'pending',
      attempts: 1,
      fencingToken: 2,
      runNumber: 1,
      leaseExpiresAt: undefined,
    });
    const over = expireLease(last, LATER);
    expect(over).toMatchObject({ status: 'failed', attempts: 3, fencingToken: 2, completedAt: LATER });
    expect(over.error).toContain('max_attempts');
  });

  test.each(['pending', 'unleased', 'completed', 'failed'] as const)('is no matter for %s', (name) => {
    const task = TASKS[name];
    expect(expireLease(task, LATER)).toBe(task);
  });

  test('comes at its very millisecond, and not before', () => {
    expect(expireLease(leased, '2026-01-01T00:01:59.999Z')).toBe(leased);
    expect(expireLease(leased, LATER).status).toBe('pending');
  });
});

test.each(['pending', 'leased', 'completed', 'failed'] as const)('a reset forgets all: %s', (name) => {
  const task = TASKS[name];
  const used: Task = { ...task, feedback: 'x', error: 'y', instanceId: 'run-1' };
  expect(resetTask(used, LATER)).toEqual({
    ...pending,
    instanceId: 'run-1',
    fencingToken: task.fencingToken + 1,
    runNumber: 2,
    updatedAt: LATER,
  });
});

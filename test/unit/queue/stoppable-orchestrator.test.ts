import { expect, test } from 'vitest';
import { systemTimers } from '../../../src/domain/timers.ts';
import type { Orchestrator, RunResult } from '../../../src/queue/run.ts';
import { createStoppableOrchestrator } from '../../../src/queue/stoppable-orchestrator.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';

const DONE: RunResult = { processed: 0, completed: 0, failed: 0, attempts: 0, elapsed_seconds: 0 };

/** Ends its runs in the turn after they were told to stop. */
const obedient: Orchestrator = {
  run: ({ signal }) =>
    new Promise((resolve) => {
      const end = () => setImmediate(() => resolve({ ...DONE, stopped_by: 'cancelled' }));
      if (signal?.aborted) end();
      else signal?.addEventListener('abort', end);
    }),
};

test('stopping ends every run, also those that begin later, and waits for them', async () => {
  const { run, stop } = createStoppableOrchestrator(obedient, systemTimers);
  const ended: string[] = [];
  const follow = async (name: string, signal?: AbortSignal) => {
    const { stopped_by } = await run({ signal });
    ended.push(`${name}: ${stopped_by}`);
  };
  void follow('first');
  void follow('second', new AbortController().signal);
  await stop(60_000);
  expect(ended).toEqual(['first: cancelled', 'second: cancelled']);
  await follow('late');
  expect(ended).toHaveLength(3);
});

test('the signal of one run ends that one', async () => {
  const { run, stop } = createStoppableOrchestrator(obedient, createVirtualTime().timers);
  const controller = new AbortController();
  const other = run({});
  const cancelled = run({ signal: controller.signal });
  controller.abort();
  expect(await cancelled).toMatchObject({ stopped_by: 'cancelled' });
  await stop(1_000);
  await other;
});

test('a run that does not end is waited for so long, and no longer', async () => {
  const { timers, sleeps } = createVirtualTime();
  const { run, stop } = createStoppableOrchestrator({ run: () => new Promise(() => {}) }, timers);
  void run({});
  await stop(1_000);
  expect(sleeps).toEqual([1_000]);
});

test('a run that failed is no longer waited for, and its failure is the callers', async () => {
  const { timers } = createVirtualTime();
  const failing: Orchestrator = { run: async () => Promise.reject(new Error('no')) };
  const { run, stop } = createStoppableOrchestrator(failing, timers);
  await expect(run({})).rejects.toThrow('no');
  await stop(1_000);
});

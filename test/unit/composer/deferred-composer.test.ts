import { expect, test, vi } from 'vitest';
import type { ComposedResult, Composer, ExecuteParams } from '../../../src/composer/composer.ts';
import { deferComposer } from '../../../src/composer/deferred-composer.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';

const DONE: ComposedResult = { status: 'completed', run_id: 'a', output: '', returncode: 0, calls: [] };
const GIVEN_UP: ComposedResult = { ...DONE, status: 'cancelled', returncode: 1 };

/** Executes until it is told to stop, or for ever if it does not listen. */
function createBusyComposer({ isDeaf = false } = {}) {
  const execute = ({ signal }: ExecuteParams) =>
    new Promise<ComposedResult>((resolve) => {
      if (isDeaf) return;
      if (signal?.aborted) resolve(GIVEN_UP);
      signal?.addEventListener('abort', () => resolve(GIVEN_UP));
    });
  return { execute: vi.fn(execute) } as Partial<Composer> as Composer;
}

test('it is opened by its first use, once, and after a failure anew', async () => {
  const open = vi.fn(async (): Promise<Composer> => {
    if (open.mock.calls.length === 1) throw new Error('not yet');
    return { execute: async () => DONE } as Partial<Composer> as Composer;
  });
  const { timers } = createVirtualTime();
  const composer = deferComposer({ open, timers });
  expect(open).not.toHaveBeenCalled();
  await expect(composer.execute({ code: '' })).rejects.toThrow('not yet');
  expect(await Promise.all([composer.execute({ code: '' }), composer.execute({ code: '' })])).toEqual([
    DONE,
    DONE,
  ]);
  expect(open).toHaveBeenCalledTimes(2);
});

test('it can be opened before its first use', async () => {
  const open = vi.fn(async () => ({ execute: async () => DONE }) as Partial<Composer> as Composer);
  const composer = deferComposer({ open, timers: createVirtualTime().timers });
  await composer.warmUp();
  expect(open).toHaveBeenCalledOnce();
  expect(await composer.execute({ code: '' })).toBe(DONE);
  expect(open).toHaveBeenCalledOnce();
});

test('a script stops when its caller gives up, and when the process ends', async () => {
  const { timers } = createVirtualTime();
  const composer = deferComposer({ open: async () => createBusyComposer(), timers });
  const caller = new AbortController();
  const first = composer.execute({ code: '', signal: caller.signal });
  const second = composer.execute({ code: '', signal: new AbortController().signal });
  caller.abort();
  expect(await first).toBe(GIVEN_UP);
  await composer.stop(1_000);
  expect(await second).toBe(GIVEN_UP);
  expect(await composer.execute({ code: '' })).toBe(GIVEN_UP);
});

test('an end is not put off for ever by a script that does not stop', async () => {
  const { timers, sleeps } = createVirtualTime();
  const busy = createBusyComposer({ isDeaf: true });
  const composer = deferComposer({ open: async () => busy, timers });
  void composer.execute({ code: '' });
  await vi.waitFor(() => expect(busy.execute).toHaveBeenCalled());
  await composer.stop(1_000);
  expect(sleeps).toEqual([1_000]);
});

test('to stop one that was never used opens nothing', async () => {
  const open = vi.fn();
  const { timers } = createVirtualTime();
  await deferComposer({ open, timers }).stop(1_000);
  expect(open).not.toHaveBeenCalled();
});

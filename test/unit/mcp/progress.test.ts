import type { ServerContext } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { progressTo } from '../../../src/mcp/progress.ts';

/** As much as is passed on at once. */
const BURST = 50;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A client that asked for progress, and takes each notification when it is told to. */
function openClient() {
  const told: number[] = [];
  const takes: (() => void)[] = [];
  const notify = ({ params }: { readonly params: { readonly progress: number } }) => {
    told.push(params.progress);
    return new Promise<void>((resolve) => takes.push(resolve));
  };
  const ctx = { mcpReq: { _meta: { progressToken: 'p' }, notify } } as unknown as ServerContext;
  return {
    told,
    progress: progressTo(ctx),
    async take() {
      takes.shift()?.();
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

test('all of a little progress is passed on, in its order', async () => {
  const { progress, told, take } = openClient();
  for (let step = 1; step <= 5; step++) progress.tell({ progress: step, message: 'on' });
  for (let step = 1; step <= 5; step++) await take();
  expect(told).toEqual([1, 2, 3, 4, 5]);
});

test('of progress that is told faster than the client takes it, little and the newest is kept', async () => {
  const { progress, told, take } = openClient();
  for (let step = 1; step <= 10_000; step++) progress.tell({ progress: step, message: 'on' });
  for (let step = 1; step <= 1_000; step++) await take();
  expect(told).toEqual(Array.from({ length: BURST }, (_, index) => index + 1));
  await vi.advanceTimersByTimeAsync(99);
  expect(told).toHaveLength(BURST);
  await vi.advanceTimersByTimeAsync(1);
  expect(told.at(-1)).toBe(10_000);
});

test('a client that is flooded hears of it ten times a second at most', async () => {
  const { progress, told, take } = openClient();
  for (let step = 0; step < 1_000; step++) {
    progress.tell({ progress: step, message: 'on' });
    await take();
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(told).toHaveLength(BURST + 100);
});

test('the newest is sent at once when the answer is to follow, and nothing after it', async () => {
  const { progress, told, take } = openClient();
  for (let step = 1; step <= 1_000; step++) progress.tell({ progress: step, message: 'on' });
  let isSent = false;
  const sent = progress.sent().then(() => {
    isSent = true;
  });
  for (let step = 1; step <= BURST; step++) await take();
  expect(told).toHaveLength(BURST + 1);
  expect(told.at(-1)).toBe(1_000);
  expect(isSent).toBe(false);
  await take();
  await sent;
  expect(vi.getTimerCount()).toBe(0);
});

test('whatever a call waits for, a model or a script, it is said to be at work', async () => {
  const said: string[] = [];
  const notify = async ({ params }: { readonly params: { readonly message: string } }) => {
    said.push(params.message);
  };
  const ctx = { mcpReq: { _meta: { progressToken: 'p' }, notify } } as unknown as ServerContext;
  const pulsing = progressTo(ctx).pulse(() => new Promise<void>((resolve) => setTimeout(resolve, 11_000)));
  await vi.advanceTimersByTimeAsync(11_000);
  await pulsing;
  expect(said).toEqual(['At work', 'Still at work', 'Still at work']);
});

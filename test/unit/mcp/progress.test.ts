import type { ServerContext } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { progressTo } from '../../../src/mcp/progress.ts';

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

test('of progress that is told faster than the client takes it, only the newest is kept', async () => {
  const { progress, told, take } = openClient();
  for (let step = 1; step <= 1_000; step++) progress.tell({ progress: step, message: 'on' });
  expect(told).toEqual([1]);
  await take();
  await vi.advanceTimersByTimeAsync(99);
  expect(told).toEqual([1]);
  await vi.advanceTimersByTimeAsync(1);
  expect(told).toEqual([1, 1_000]);
});

test('a client hears of it ten times a second at most', async () => {
  const { progress, told, take } = openClient();
  for (let step = 0; step < 100; step++) {
    progress.tell({ progress: step, message: 'on' });
    await take();
    await vi.advanceTimersByTimeAsync(10);
  }
  // In one second, its two ends included.
  expect(told).toHaveLength(11);
});

test('the newest is sent at once when the answer is to follow, and nothing after it', async () => {
  const { progress, told, take } = openClient();
  for (const step of [1, 2, 3]) progress.tell({ progress: step, message: 'on' });
  let isSent = false;
  const sent = progress.sent().then(() => {
    isSent = true;
  });
  await take();
  expect(told).toEqual([1, 3]);
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

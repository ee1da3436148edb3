import { expect, test } from 'vitest';
import type { SandboxThread } from '../../../src/sandbox/sandbox-thread.ts';
import { createThreadPool, type ThreadPool } from '../../../src/sandbox/thread-pool.ts';

/** Threads that do nothing but be there. */
function pooled({ threadsMax = 2, idleMs = 60_000, ready = () => Promise.resolve() } = {}) {
  const started: { isAlive: boolean; inUse: boolean }[] = [];
  const pool = createThreadPool({
    threadsMax,
    idleMs,
    start(): SandboxThread {
      const state = { isAlive: true, inUse: false };
      started.push(state);
      return {
        ready: ready(),
        post() {},
        listen() {},
        isAlive: () => state.isAlive,
        setInUse(inUse) {
          state.inUse = inUse;
        },
        async end() {
          state.isAlive = false;
        },
      };
    },
  });
  return { pool, started };
}

const live = () => new AbortController().signal;
const acquireAll = (pool: ThreadPool, count: number) =>
  Promise.all(Array.from({ length: count }, () => pool.acquire(live())));

test('a thread is used again', async () => {
  const { pool, started } = pooled();
  const first = await pool.acquire(live());
  expect(started).toEqual([{ isAlive: true, inUse: true }]);
  pool.release(first, { reusable: true });
  expect(started).toEqual([{ isAlive: true, inUse: false }]);
  expect(await pool.acquire(live())).toBe(first);
});

test('one that was started ahead is the first that is used, and the only one', async () => {
  const { pool, started } = pooled();
  pool.warmUp();
  pool.warmUp();
  expect(started).toEqual([{ isAlive: true, inUse: false }]);
  await pool.acquire(live());
  pool.warmUp();
  expect(started).toEqual([{ isAlive: true, inUse: true }]);
  await pool.close();
});

test('one that was started ahead is ended when nobody came', async () => {
  const { pool, started } = pooled();
  pool.warmUp();
  await pool.close();
  expect(started).toEqual([{ isAlive: false, inUse: false }]);
});

test('one that is not to be used again is ended, and makes room', async () => {
  const { pool, started } = pooled({ threadsMax: 1 });
  const first = await pool.acquire(live());
  const waiting = pool.acquire(live());
  pool.release(first, { reusable: false });
  expect(await waiting).not.toBe(first);
  expect(started.map(({ isAlive }) => isAlive)).toEqual([false, true]);
});

test('one that died while nobody used it is not used again', async () => {
  const { pool, started } = pooled({ threadsMax: 1 });
  const first = await pool.acquire(live());
  pool.release(first, { reusable: true });
  if (started[0] !== undefined) started[0].isAlive = false;
  expect(await pool.acquire(live())).not.toBe(first);
});

test('who comes first is served first', async () => {
  const { pool } = pooled();
  const [one, two] = await acquireAll(pool, 2);
  const served: string[] = [];
  const later = ['a', 'b', 'c'].map((name) =>
    pool.acquire(live()).then((thread) => {
      served.push(name);
      return thread;
    }),
  );
  if (one !== undefined) pool.release(one, { reusable: true });
  expect(await later[0]).toBe(one);
  if (two !== undefined) pool.release(two, { reusable: true });
  expect(await later[1]).toBe(two);
  expect(served).toEqual(['a', 'b']);
});

test('who gives up loses the place, and takes no thread along', async () => {
  const { pool, started } = pooled({ threadsMax: 1 });
  const [only] = await acquireAll(pool, 1);
  const leaving = new AbortController();
  const left = pool.acquire(leaving.signal);
  const staying = pool.acquire(live());
  leaving.abort(new Error('enough'));
  await expect(left).rejects.toThrow('enough');
  if (only !== undefined) pool.release(only, { reusable: true });
  expect(await staying).toBe(only);
  expect(started.length).toBe(1);
  await expect(pool.acquire(AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
});

test('one that never gets ready makes room for the next', async () => {
  let isFirst = true;
  const ready = () => {
    const failing = isFirst;
    isFirst = false;
    return failing ? Promise.reject(new Error('no file')) : Promise.resolve();
  };
  const { pool, started } = pooled({ threadsMax: 1, ready });
  const [first, second] = await Promise.allSettled([pool.acquire(live()), pool.acquire(live())]);
  expect([first?.status, second?.status]).toEqual(['rejected', 'fulfilled']);
  expect(started.map(({ isAlive }) => isAlive)).toEqual([false, true]);
});

test('closing ends those that nobody uses', async () => {
  const { pool, started } = pooled();
  const [one] = await acquireAll(pool, 2);
  if (one !== undefined) pool.release(one, { reusable: true });
  await pool.close();
  expect(started.map(({ isAlive }) => isAlive)).toEqual([false, true]);
});

test('one that nobody needs is ended after a while', async () => {
  const { pool, started } = pooled({ idleMs: 1 });
  const thread = await pool.acquire(live());
  pool.release(thread, { reusable: true });
  while (started[0]?.isAlive) await new Promise(setImmediate);
  expect(await pool.acquire(live())).not.toBe(thread);
});

import { describe, expect, test } from 'vitest';
import { startDeadline } from '../../../src/hub/deadline.ts';
import { createPause } from '../../../src/hub/pause.ts';
import { settledWithin } from '../../../src/hub/settled-within.ts';
import { createStartQueue } from '../../../src/hub/start-queue.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';

describe('a deadline', () => {
  const start = (signal?: AbortSignal) => {
    const { clock, timers, elapse, untilNextTimer } = createVirtualTime();
    const deadline = startDeadline({ silenceMs: 10, totalMs: 25, signal, clock, timers });
    return { deadline, elapse, untilNextTimer };
  };

  test('is over after silence', () => {
    const { deadline, elapse } = start();
    elapse(9);
    expect([deadline.signal.aborted, deadline.exceededMs()]).toEqual([false, undefined]);
    elapse(1);
    expect([deadline.signal.aborted, deadline.exceededMs()]).toEqual([true, 10]);
  });

  test('is put off by progress up to the whole', () => {
    const { deadline, elapse } = start();
    for (const _ of [1, 2]) {
      elapse(9);
      deadline.extend();
    }
    elapse(6);
    expect(deadline.signal.aborted).toBe(false);
    elapse(1);
    expect(deadline.exceededMs()).toBe(25);
    deadline.extend();
  });

  test('is over when the caller gives up, and that is no exceeding', () => {
    const stop = new AbortController();
    const { deadline } = start(stop.signal);
    stop.abort();
    expect([deadline.signal.aborted, deadline.exceededMs()]).toEqual([true, undefined]);
    expect(start(AbortSignal.abort()).deadline.signal.aborted).toBe(true);
  });

  test('leaves no timer behind', () => {
    const { deadline, untilNextTimer } = start();
    deadline.extend();
    deadline.stop();
    expect(untilNextTimer()).toBeUndefined();
  });
});

test('a pause doubles with each failure in a row, with jitter, up to a limit', () => {
  const { clock, elapse } = createVirtualTime();
  const luck = [0, 0.999, 0.5, 0.5];
  const pause = createPause({ pauseMs: 100, pauseMsMax: 400, clock, random: () => luck.shift() ?? 0.5 });
  expect(pause.leftMs()).toBe(0);
  const lengths = [1, 2, 3, 4].map(() => {
    pause.begin();
    return pause.leftMs();
  });
  expect(lengths).toEqual([50, 200, 300, 300]);
  elapse(250);
  expect(pause.leftMs()).toBe(50);
  pause.reset();
  expect(pause.leftMs()).toBe(0);
  pause.begin();
  expect(pause.leftMs()).toBe(75);
});

describe('the queue of starts', () => {
  test('lets so many run, in order, and others when one is done or its turn is over', async () => {
    const { timers, elapse } = createVirtualTime();
    const queue = createStartQueue({ startsMax: 2, turnMs: 10, timers });
    const begun: string[] = [];
    const ends = new Map<string, () => void>();
    const run = (name: string) =>
      queue.run(() => {
        begun.push(name);
        return new Promise<void>((resolve) => ends.set(name, resolve));
      });
    const runs = ['a', 'b', 'c', 'd', 'e'].map(run);
    await settle();
    expect(begun).toEqual(['a', 'b']);
    ends.get('b')?.();
    await settle();
    expect(begun).toEqual(['a', 'b', 'c']);
    elapse(10);
    await settle();
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
    for (const end of ends.values()) end();
    await Promise.all(runs);
    // All turns are back, and none twice.
    const more = ['f', 'g', 'h'].map(run);
    await settle();
    expect(begun.slice(5)).toEqual(['f', 'g']);
    for (const name of ['f', 'g']) ends.get(name)?.();
    await settle();
    ends.get('h')?.();
    await Promise.all(more);
  });

  test('gives the turn of a start that fails to the next', async () => {
    const { timers } = createVirtualTime();
    const queue = createStartQueue({ startsMax: 1, turnMs: 10, timers });
    const failed = queue.run(() => Promise.reject(new Error('No')));
    const next = queue.run(() => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('No');
    expect(await next).toBe('yes');
  });
});

test('what is over in time, whatever came of it', async () => {
  const { timers, elapse, untilNextTimer } = createVirtualTime();
  expect(await settledWithin(Promise.reject(new Error('No')), 5, timers)).toBe(true);
  expect(untilNextTimer()).toBeUndefined();
  const late = settledWithin(new Promise(() => {}), 5, timers);
  elapse(5);
  expect(await late).toBe(false);
});

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

import { expect, test } from 'vitest';
import { createRunTimer } from '../../../src/composer/run-timer.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';

function open(timeoutMs: number) {
  const time = createVirtualTime();
  let elapsed = 0;
  const onElapsed = () => (elapsed += 1);
  const timer = createRunTimer({ ...time, timeoutMs, onElapsed });
  return { time, timer, elapsed: () => elapsed };
}

/** Work that ends when the test says so. */
function pending() {
  let end = () => {};
  const work = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work: () => work, end };
}

test('it elapses once, unless it is stopped', () => {
  const { time, elapsed } = open(100);
  time.elapse(99);
  expect(elapsed()).toBe(0);
  time.elapse(1_000);
  expect(elapsed()).toBe(1);
  const stopped = open(100);
  stopped.timer.stop();
  stopped.time.elapse(1_000);
  expect(stopped.elapsed()).toBe(0);
});

test('no time passes as long as anything pauses it', async () => {
  const { time, timer, elapsed } = open(100);
  const [one, two] = [pending(), pending()];
  time.elapse(60);
  const pauses = [timer.paused(one.work), timer.paused(two.work)];
  time.elapse(1_000);
  one.end();
  await pauses[0];
  time.elapse(1_000);
  two.end();
  await pauses[1];
  time.elapse(39);
  expect(elapsed()).toBe(0);
  time.elapse(1);
  expect(elapsed()).toBe(1);
});

test('a pause that ends after it was stopped, or in failure, lets nothing run on', async () => {
  const { time, timer, elapsed } = open(100);
  const { work, end } = pending();
  const paused = timer.paused(work);
  timer.stop();
  end();
  await paused;
  time.elapse(1_000);
  expect(elapsed()).toBe(0);
  const failing = open(100);
  await expect(failing.timer.paused(() => Promise.reject(new Error('No.')))).rejects.toThrow('No.');
  failing.time.elapse(100);
  expect(failing.elapsed()).toBe(1);
});

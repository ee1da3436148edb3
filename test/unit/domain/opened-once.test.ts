import { expect, test } from 'vitest';
import { openedOnce } from '../../../src/domain/opened-once.ts';

test('it is opened by the first who asks, once for all', async () => {
  let openings = 0;
  const get = openedOnce(async () => ++openings);
  expect(openings).toBe(0);
  expect(await Promise.all([get(), get()])).toEqual([1, 1]);
  expect(await get()).toBe(1);
});

test('who waits for an opening that fails gets the failure, and the next one tries again', async () => {
  let openings = 0;
  const get = openedOnce(async () => {
    openings += 1;
    if (openings === 1) throw new Error('not yet');
    return openings;
  });
  const outcomes = await Promise.allSettled([get(), get()]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await get()).toBe(2);
});

import { expect, test } from 'vitest';
import { createRecentlyUsed } from '../../../src/definitions/recently-used.ts';

test('forgets what was not asked for the longest', () => {
  const entries = createRecentlyUsed<string, number>(2);
  entries.set('a', 1);
  entries.set('b', 2);
  expect(entries.get('a')).toBe(1);
  entries.set('c', 3);
  expect([...entries.keys()]).toEqual(['a', 'c']);
  expect(entries.get('b')).toBeUndefined();
  entries.set('a', 4);
  expect([...entries.keys()]).toEqual(['c', 'a']);
  entries.delete('a');
  expect(entries.get('a')).toBeUndefined();
});

import { expect, test } from 'vitest';
import { suggestion } from '../../../src/sandbox/guest/name-suggestion.ts';

const names = ['everything__echo', 'everything__add', 'git__log'];

test.each([
  ['everything__ecoh', ' Did you mean `everything__echo`?'],
  ['Everything__Echo', ' Did you mean `everything__echo`?'],
  ['everythingEcho', ' Did you mean `everything__echo`?'],
  ['everything_add', ' Did you mean `everything__add`?'],
  ['everything', ' Did you mean a function such as `everything__echo`?'],
  ['gitlog', ' Did you mean `git__log`?'],
  ['somethingQuiteDifferent', ''],
  ['x', ''],
  ['x'.repeat(100_000), ''],
])('%s', (unknown, expected) => expect(suggestion(names, unknown)).toBe(expected));

test('where there is nothing, nothing is meant', () => expect(suggestion([], 'echo')).toBe(''));

test('what other places have is said to be missing', () => {
  expect(suggestion(names, 'fetch')).toContain('There are the functions of the tools');
});

import { expect, it } from 'vitest';
import { matchExpressions } from '../../../src/store/sqlite/match-expressions.ts';

it.each([
  ['', []],
  [' "*" ', []],
  ['deploy', ['"deploy"*']],
  ['Deploy host', ['"Deploy"* AND "host"*', '"Deploy"* OR "host"*']],
  ['host host', ['"host"*']],
  ['NOT a-b:"c"', ['"NOT"* AND "a"* AND "b"* AND "c"*', '"NOT"* OR "a"* OR "b"* OR "c"*']],
  ['cafe\u0301 \u0301', ['"cafe\u0301"*']],
])('%j is asked for as %j', (query, expressions) => {
  expect(matchExpressions(query)).toEqual(expressions);
});

it('asks for no more than the first 32 words, and for how they begin', () => {
  const [all = ''] = matchExpressions(Array.from({ length: 1_000 }, (_, i) => `w${i}`).join(' '));
  expect(all.split(' AND ')).toHaveLength(32);
  expect(all).toMatch(/^"w0"\* AND .* AND "w31"\*$/);
  expect(matchExpressions('𐐷'.repeat(500))).toEqual([`"${'𐐷'.repeat(64)}"*`]);
});

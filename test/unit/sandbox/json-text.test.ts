import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonValue } from '../../../src/domain/json.ts';
import { hasMoreMembersThan, isJson, nestsDeeperThan } from '../../../src/sandbox/guest/json-text.ts';

function depthOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test('the text tells how deeply a value is nested', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(7), (value, depthMax) => {
      const json = JSON.stringify(value);
      expect(nestsDeeperThan(json, depthMax)).toBe(depthOf(JSON.parse(json)) > depthMax);
    }),
  );
});

function membersOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  const members = Object.values(value);
  return members.reduce<number>((sum, member) => sum + membersOf(member), Math.max(1, members.length));
}

test('the text tells how many members there are', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.nat(12), (value, membersMax) => {
      const json = JSON.stringify(value);
      expect(hasMoreMembersThan(json, membersMax)).toBe(membersOf(JSON.parse(json)) > membersMax);
    }),
  );
});

test('brackets in texts are none', () => {
  expect(nestsDeeperThan('["[[[[\\"[[[[", {"{{{": "\\\\"}]', 2)).toBe(false);
  expect(nestsDeeperThan('["[[[[\\"[[[[", {"{{{": "\\\\"}]', 1)).toBe(true);
});

test.each([['1'], ['"a"'], ['{"__proto__":1}'], [' [] ']])('%j is JSON', (text) =>
  expect(isJson(text)).toBe(true),
);
test.each([[''], ['<null>'], ['undefined'], ['[1,]'], ['NaN']])('%j is none', (text) =>
  expect(isJson(text)).toBe(false),
);

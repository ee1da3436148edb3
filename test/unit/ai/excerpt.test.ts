import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutText, excerptJson } from '../../../src/ai/excerpt.ts';
import type { JsonValue } from '../../../src/domain/json.ts';

const MARK_BYTES_MAX = 40;

test('text that fits stays as it is', () => {
  expect(cutText('bees', 4)).toBe('bees');
  expect(excerptJson({ a: [1, 'b', null] }, 100)).toBe('{"a":[1,"b",null]}');
});

test.each([
  ['bees and wasps', 4, 'bees… [cut: 14 bytes in all]'],
  ['ääää', 3, 'ä… [cut: 8 bytes in all]'],
  ['🐝🐝🐝', 7, '🐝… [cut: 12 bytes in all]'],
])('%j is cut between characters', (text, bytesMax, expected) => {
  expect(cutText(text, bytesMax)).toBe(expected);
});

test('strings are cut before anything is left out', () => {
  const value = { id: 7, log: 'x'.repeat(5_000), files: ['a', 'b'] };
  expect(JSON.parse(excerptJson(value, 800))).toEqual({
    id: 7,
    log: `${'x'.repeat(512)}… [cut: 5000 bytes in all]`,
    files: ['a', 'b'],
  });
});

test('no value gets past its bound', () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 6 }),
      fc.string({ minLength: 500, maxLength: 2_000 }),
      (value, long) => {
        const text = excerptJson([value, long] as JsonValue, 200);
        return Buffer.byteLength(text) <= 200 + MARK_BYTES_MAX && text.includes('[cut: ');
      },
    ),
  );
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../../src/domain/json.ts';
import { DEFAULT_HUB_LIMITS } from '../../../src/hub/limits.ts';
import { isNestedDeeper } from '../../../src/hub/nesting.ts';
import { readResult } from '../../../src/hub/read-result.ts';
import { readTools } from '../../../src/hub/read-tools.ts';

const text = (words: string) => ({ type: 'text', text: words });

describe('the value of a result', () => {
  test.each<[string, JsonValue, JsonValue]>([
    ['structured content', { content: [text('a')], structuredContent: { b: 1 } }, { b: 1 }],
    ['structured content that is a list', { structuredContent: [1] }, [1]],
    ['text', { content: [text('plain')] }, 'plain'],
    ['JSON in a text', { content: [text('{"a": [1]}')] }, { a: [1] }],
    ['something that only begins like JSON', { content: [text('[draft] 1')] }, '[draft] 1'],
    ['a number in a text, which stays a text', { content: [text('42')] }, '42'],
    ['several texts', { content: [text('a'), text('b')] }, 'a\nb'],
    [
      'an image beside a text',
      { content: [text('a'), { type: 'image', data: 'AA', mimeType: 'image/png' }] },
      [text('a'), { type: 'image', data: 'AA', mimeType: 'image/png' }],
    ],
    ['nothing', { content: [] }, null],
    ['what the first protocol called it', { toolResult: { a: 1 } }, { a: 1 }],
    ['members in place of content', { a: 1, _meta: {}, isError: false }, { a: 1 }],
    ['a text in place of blocks', { content: 'plain' }, 'plain'],
    ['a block in place of blocks', { content: text('plain') }, 'plain'],
    ['a list in place of a result', ['a', 1], 'a\n1'],
    ['null', null, null],
  ])('%s', (_name, raw, value) => {
    expect(readResult(raw).value).toEqual(value);
  });

  test('is found in anything', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (raw) => {
        const { content, isError, text: words } = readResult(raw);
        expect(content.every((block) => typeof block === 'object')).toBe(true);
        expect([typeof isError, typeof words]).toEqual(['boolean', 'string']);
      }),
    );
  });
});

describe('a page of tools', () => {
  const read = (raw: unknown, limits = {}) => readTools('one', raw, { ...DEFAULT_HUB_LIMITS, ...limits });

  test('keeps what is sound', () => {
    const sound = {
      name: 'a',
      description: 'd',
      inputSchema: { type: 'object' },
      outputSchema: { type: 'array' },
      annotations: { readOnlyHint: true },
    };
    expect(read({ tools: [{ ...sound, icons: [] }], nextCursor: 'c' })).toEqual({
      tools: [{ server: 'one', ...sound }],
      dropped: 0,
      cursor: 'c',
    });
    const odd = { name: 'a', description: 1, inputSchema: true, outputSchema: null, annotations: 'none' };
    expect(read({ tools: [odd], nextCursor: 5 })).toEqual({
      tools: [{ server: 'one', name: 'a' }],
      dropped: 0,
    });
  });

  test('drops what is no tool', () => {
    expect(read({ tools: [{}, { name: '' }, 1, null, { name: 'a' }] })).toMatchObject({
      tools: [{ name: 'a' }],
      dropped: 4,
    });
    for (const raw of [null, 'x', {}, { tools: 'none' }])
      expect(read(raw)).toEqual({ tools: [], dropped: 0 });
  });

  test('leaves schemas out that are too large or too deep', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(70)}1${'}'.repeat(70)}`);
    const tool = { name: 'a', description: 'd', inputSchema: { big: 'x'.repeat(500) }, outputSchema: deep };
    expect(read({ tools: [tool] }, { toolBytesMax: 200 }).tools).toEqual([
      { server: 'one', name: 'a', description: 'd' },
    ]);
  });

  test('is read from anything', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(fc.jsonValue()), (raw, tools) => {
        for (const { name } of [...read(raw).tools, ...read({ tools }).tools]) expect(name).not.toBe('');
      }),
    );
  });
});

test('nesting is measured without recursion', () => {
  const nested = (levels: number) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
  expect([nested(3), nested(4)].map((value) => isNestedDeeper(value, 3))).toEqual([false, true]);
  expect(isNestedDeeper({ a: [{ b: 1 }] }, 2)).toBe(true);
  expect(isNestedDeeper('text', 0)).toBe(false);
  expect(isNestedDeeper(nested(100_000), 64)).toBe(true);
});

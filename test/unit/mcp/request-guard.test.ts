import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRequestGuard } from '../../../src/mcp/request-guard.ts';
import type { RequestId } from '../../../src/mcp/request-scanner.ts';

const LIMITS = { requestBytesMax: 60, requestDepthMax: 4 };

/** What comes through, and what is refused, when the bytes arrive in chunks of these lengths, over and over. */
async function guarded(text: string, chunkLengths: readonly number[] = [1_000]) {
  const refused: { readonly id: RequestId | null; readonly details: unknown }[] = [];
  const guard = createRequestGuard({
    limits: LIMITS,
    onRefused: ({ code, details }, id) => {
      expect(code).toBe('TOO_LARGE');
      refused.push({ id, details });
    },
  });
  const passed: string[] = [];
  guard.on('data', (chunk: Buffer) => void passed.push(chunk.toString('utf8')));
  const bytes = Buffer.from(text);
  for (let from = 0, turn = 0; from < bytes.length; turn += 1) {
    const length = chunkLengths[turn % chunkLengths.length] ?? 1;
    guard.write(bytes.subarray(from, from + length));
    from += length;
  }
  guard.end();
  await new Promise((resolve) => guard.on('end', resolve));
  return { passed, refused };
}

const padded = (id: string, bytes: number) => {
  const text = `{"a":"","id":${id}}`;
  return text.replace('""', `"${'x'.repeat(bytes - text.length)}"`);
};

test('a line passes up to the limit, and not one byte further', async () => {
  for (const chunkLengths of [[1], [7, 3], [1_000]]) {
    expect(await guarded(`${padded('1', 60)}\n`, chunkLengths)).toEqual({
      passed: [`${padded('1', 60)}\n`],
      refused: [],
    });
    expect(await guarded(`${padded('1', 61)}\nnext\n`, chunkLengths)).toEqual({
      passed: ['next\n'],
      refused: [{ id: 1, details: { what: 'The request', bytes: 61, bytes_max: 60 } }],
    });
  }
});

test('nesting passes up to the limit; brackets in strings are no nesting', async () => {
  expect((await guarded('[[[[]]]]\n[{"[[[[[": "\\"[[[["}]\n')).passed).toHaveLength(2);
  expect(await guarded('[[[[[]]]]]\n[]\n')).toMatchObject({
    passed: ['[]\n'],
    refused: [{ id: null, details: { depth: 5, depth_max: 4 } }],
  });
});

test.each<[string, RequestId | null]>([
  [`{"id":7,"x":"${'x'.repeat(80)}"}`, 7],
  [`{"x":"${'x'.repeat(80)}","id":7}`, 7],
  [`{"x":"${'x'.repeat(80)}", "id" : "a,b}\\"c" }`, 'a,b}"c'],
  [`{"x":{"id":8,"y":[{"id":9}]},"id":7,"z":"${'x'.repeat(80)}"}`, 7],
  [`{"x":{"id":8},"z":"${'x'.repeat(80)}"}`, null],
  [`{"id":null,"x":"${'x'.repeat(80)}"}`, null],
  [`{"id":1.5,"x":"${'x'.repeat(80)}"}`, null],
  [`{"id":{"id":5},"x":"${'x'.repeat(80)}"}`, null],
  [`{"id":"${'x'.repeat(300)}"}`, null],
  ['x'.repeat(80), null],
  [`"id":5,${'}'.repeat(80)}`, null],
])('the id of %s is found', async (line, id) => {
  for (const chunkLengths of [[1], [5, 2], [1_000]])
    expect((await guarded(`${line}\n`, chunkLengths)).refused.map((each) => each.id)).toEqual([id]);
});

test('whatever the chunks, lines come through whole and in order, and nothing else does', async () => {
  const line = fc.string({ maxLength: 90, unit: 'binary' }).map((text) => text.replaceAll('\n', ' '));
  await fc.assert(
    fc.asyncProperty(
      fc.array(line),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      async (lines, chunkLengths) => {
        const { passed, refused } = await guarded(lines.map((text) => `${text}\n`).join(''), chunkLengths);
        expect(passed.length + refused.length).toBe(lines.length);
        const sent = lines.map((text) => `${Buffer.from(text).toString('utf8')}\n`);
        expect(passed).toEqual(sent.filter((text) => passed.includes(text)));
      },
    ),
  );
});

test('what follows the last end of a line is never a request', async () => {
  expect(await guarded('one\ntwo')).toEqual({ passed: ['one\n'], refused: [] });
});

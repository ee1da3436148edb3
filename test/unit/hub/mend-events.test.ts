import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mendEvents } from '../../../src/hub/mend-events.ts';

/** What comes out of a stream that arrives in these pieces, where every message is mended to its own text. */
async function passOn(pieces: readonly Uint8Array[], bytesMax = 1_000): Promise<string> {
  const mended = ReadableStream.from(pieces).pipeThrough(
    mendEvents({
      bytesMax,
      mend: (text) => (text.startsWith('{') ? text.split('|') : []),
      exceeded: () => new Error('too long'),
    }),
  );
  return new Response(mended).text();
}

const bytes = (text: string) => new TextEncoder().encode(text);

test.each([
  ['event: message\nid: 7\ndata: {a}\n\n', 'event: message\nid: 7\ndata: {a}\n\n'],
  ['id\ndata:{a}\n\n: still here\n\n\n\ndata: {b}\n\n', 'id: \ndata: {a}\n\ndata: {b}\n\n'],
  ['retry: 5\n\nid: 1\ndata:\n\n', 'retry: 5\n\nid: 1\ndata: \n\n'],
  ['data: {a\ndata:  b}\n\n', 'data: {a\ndata:  b}\n\n'],
  ['data: {a}|{b}\n\n', 'data: {a}\n\ndata: {b}\n\n'],
  ['data: words\n\n', 'data: words\n\n'],
  ['\uFEFFdata: {a}\r\n\r\ndata: {b}\r\rdata: {ü}\n\r\n', 'data: {a}\n\ndata: {b}\n\ndata: {ü}\n\n'],
  ['data: {cut off}', ''],
])('%j', async (sent, expected) => {
  expect(await passOn([bytes(sent)])).toBe(expected);
});

test('however it is cut', async () => {
  const sent = bytes('id: 1\r\ndata: {ü\r\ndata: –}\r\n\r\ndata: {b}\r\rdata: {c}\n\n');
  const whole = await passOn([sent]);
  const cuts = fc.array(fc.nat(sent.length), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(cuts, async (places) => {
      const ends = [...places.sort((one, other) => one - other), sent.length];
      expect(await passOn(ends.map((end, index) => sent.subarray(ends[index - 1] ?? 0, end)))).toBe(whole);
    }),
  );
});

test.each(['data: {12345678\n', 'data:\n', 'data: x\r\n', ': no comment either\n', 'data: without an end'])(
  'an event that goes on with %j is broken off',
  async (line) => {
    const pieces = Array.from({ length: 1_000 }, () => bytes(line));
    await expect(passOn(pieces)).rejects.toThrow('too long');
  },
);

test('any number of events may follow each other', async () => {
  const pieces = Array.from({ length: 1_000 }, () => bytes('data: {a}\r\n\r\n'));
  expect(await passOn(pieces)).toBe('data: {a}\n\n'.repeat(1_000));
});

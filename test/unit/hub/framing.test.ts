import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answeredId } from '../../../src/hub/answered-id.ts';
import { contentLengthFraming } from '../../../src/hub/content-length-framing.ts';
import type { Frame, Framing } from '../../../src/hub/framing.ts';
import { newlineFraming } from '../../../src/hub/newline-framing.ts';

const LIMITS = { messageBytesMax: 200, skippedBytesMax: 1_000 };
const FRAMINGS = { newline: newlineFraming, 'content-length': contentLengthFraming };

/** What a decoder makes of bytes that arrive in these pieces. */
function decode(framing: Framing, pieces: readonly (string | Buffer)[]): readonly Frame[] {
  const decoder = framing.createDecoder(LIMITS);
  return pieces.flatMap((piece) => decoder.push(Buffer.from(piece)));
}

function cut(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const ends = [...new Set(cuts.map((at) => at % (bytes.length + 1)))].sort((one, other) => one - other);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe.each(Object.entries(FRAMINGS))('%s', (_name, framing) => {
  test('whatever is encoded is found again, however it is cut', () => {
    const message = fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ unit: 'binary', maxLength: 20 }), {
      maxKeys: 4,
    });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (messages, cuts) => {
          const bytes = Buffer.from(messages.map((value) => framing.encode(JSON.stringify(value))).join(''));
          const found = decode(framing, cut(bytes, cuts)).map((frame) =>
            frame.kind === 'message' ? JSON.parse(frame.text) : frame,
          );
          expect(found).toEqual(messages.map((value) => JSON.parse(JSON.stringify(value))));
        },
      ),
    );
  });

  test('a message that is too long is skipped, and the next one is found', () => {
    const long = JSON.stringify({ id: 1, text: 'x'.repeat(300), end: true });
    const bytes = Buffer.from(framing.encode(long) + framing.encode('{"id":2}'));
    for (const pieces of [[bytes], cut(bytes, [50, 150, 250, 330])])
      expect(decode(framing, pieces)).toEqual([
        {
          kind: 'oversized',
          bytes: long.length,
          head: expect.stringMatching(/^\{"id":1,/),
          tail: expect.stringMatching(/"end":true\}$/),
        },
        { kind: 'message', text: '{"id":2}' },
      ]);
  });

  test('one that goes on and on is given up', () => {
    const endless = framing.encode(`"${'x'.repeat(5_000)}`);
    expect(decode(framing, cut(Buffer.from(endless), [100, 500, 900]))).toEqual([
      { kind: 'lost', problem: 'it sent a message of more than 1000 bytes' },
    ]);
  });
});

describe('a line each', () => {
  test('is a message if it can be one', () => {
    expect(decode(newlineFraming, ['Hello!\r\n\n  {"id":1}\r\n[1]\n{"half":', ' 2}\n'])).toEqual([
      { kind: 'noise', text: 'Hello!', bytes: 7 },
      { kind: 'message', text: '{"id":1}' },
      { kind: 'message', text: '[1]' },
      { kind: 'message', text: '{"half": 2}' },
    ]);
  });
});

describe('Content-Length', () => {
  test('in any letter case, with other headers, after noise', () => {
    const bytes =
      'Loading...\nContent-Type: json\r\ncontent-length:8\r\nX-Other: 1\r\n\r\n{"id":1}Content-Length: 2\n\n{}';
    const expected = [
      { kind: 'noise', text: 'Loading...' },
      { kind: 'noise', text: 'Content-Type: json' },
      { kind: 'message', text: '{"id":1}' },
      { kind: 'message', text: '{}' },
    ];
    expect(decode(contentLengthFraming, [bytes])).toMatchObject(expected);
    expect(decode(contentLengthFraming, [...bytes])).toMatchObject(expected);
  });

  test('counts bytes, not characters', () => {
    expect(contentLengthFraming.encode('{"ü":"€"}')).toBe('Content-Length: 12\r\n\r\n{"ü":"€"}');
  });

  test('of nothing, or of nonsense', () => {
    expect(
      decode(contentLengthFraming, ['Content-Length: 0\r\n\r\nContent-Length: x\r\n\r\n']),
    ).toMatchObject([
      { kind: 'message', text: '' },
      { kind: 'noise', text: 'Content-Length: x' },
    ]);
  });

  test('a line without an end is noise', () => {
    expect(decode(contentLengthFraming, ['x'.repeat(10_000)])).toMatchObject([
      { kind: 'noise', bytes: 10_000 },
    ]);
  });
});

describe('the id that a message answers, of which the ends are known', () => {
  test.each([
    ['{"jsonrpc":"2.0","id":7,"result":{', '}', 7],
    [' { "id" : 7 , "error" : {', '}', 7],
    ['{"result":{"a":1', '"z":2},"jsonrpc":"2.0","id":8}', 8],
    ['{"jsonrpc":"2.0","result":{"a":1', '}, "id" : 8 }\r', 8],
    // A member of something inside of it.
    ['{"result":{"a":1', '"z":[{"a":1,"id":8}]}', undefined],
    ['{"result":{"a":1', ',"id":8}}', undefined],
    // A request of the server, with an id of its own.
    ['{"jsonrpc":"2.0","id":7,"method":"sampling/createMessage"', '}', undefined],
    ['{"method":"sampling/createMessage","params":{', '},"id":8}', undefined],
    ['{"id":"seven","result":{', '}', undefined],
    ['no JSON at all', 'no JSON at all', undefined],
  ])('%s ... %s', (head, tail, id) => {
    expect(answeredId(head, tail)).toBe(id);
  });
});

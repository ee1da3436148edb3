import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { commandLine } from '../../../src/hub/command-line.ts';
import { createQuote } from '../../../src/hub/quote.ts';
import { readLines } from '../../../src/hub/read-lines.ts';

test('a quotation is one short line without secrets', () => {
  const quote = createQuote(['token-12345', 'none', '']);
  expect(quote('key token-12345 of none\n\u001b[31mred')).toBe('key [secret] of none [31mred');
  expect(quote('x'.repeat(1_000))).toBe(`${'x'.repeat(300)}…`);
});

test('lines are found however they arrive, and cut if they have no end', async () => {
  const bytes = Buffer.from('one\r\n\ntwö\rthree');
  const lines: string[] = [];
  const stream = Readable.from([...bytes].map((byte) => Buffer.of(byte)));
  readLines(stream, (line) => lines.push(line));
  await new Promise((resolve) => stream.on('close', resolve));
  expect(lines).toEqual(['one', 'twö', 'three']);

  const endless = Readable.from(Array.from({ length: 5 }, () => Buffer.from('x'.repeat(2_000))));
  const pieces: number[] = [];
  readLines(endless, (line) => pieces.push(line.length));
  await new Promise((resolve) => endless.on('close', resolve));
  expect(pieces).toEqual([4_096, 4_000]);
});

test('a command is started as it is, and on Windows by cmd.exe', () => {
  const env = { COMSPEC: 'C:\\cmd.exe' };
  const args = ['-y', 'a b', 'say "hi"', '%PATH%', 'C:\\dir\\'];
  expect(commandLine({ command: 'npx', args, env, platform: 'linux' })).toEqual({ file: 'npx', args });
  expect(commandLine({ command: 'C:\\node.exe', args, env, platform: 'win32' })).toEqual({
    file: 'C:\\node.exe',
    args,
  });
  expect(commandLine({ command: 'npx', args, env, platform: 'win32' })).toEqual({
    file: 'C:\\cmd.exe',
    args: ['/d', '/s', '/c', '"npx ^"-y^" ^"a^ b^" ^"say^ \\^"hi\\^"^" ^"^%PATH^%^" ^"C:\\dir\\\\^""'],
    windowsVerbatimArguments: true,
  });
});

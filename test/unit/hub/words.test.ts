import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { commandLine } from '../../../src/hub/command-line.ts';
import type { ServerSpec } from '../../../src/hub/hub.ts';
import { createLastWords } from '../../../src/hub/last-words.ts';
import { createQuote } from '../../../src/hub/quote.ts';
import { readLines } from '../../../src/hub/read-lines.ts';
import { secretsOf } from '../../../src/hub/server-secrets.ts';

test('a quotation is one short line without secrets', () => {
  const quote = createQuote(['token-12345']);
  expect(quote('key token-12345 of none\n\u001b[31mred')).toBe('key [redacted] of none [31mred');
  expect(quote('x'.repeat(1_000))).toBe(`${'x'.repeat(300)}…`);
});

describe('what a server was given is no secret of its own to tell', () => {
  const PEM = 'BEGIN\nMIIEvQIBADANBg\nEND';
  test.each<[string, ServerSpec, string, string]>([
    [
      'one is the beginning of another',
      { command: 'x', env: { A_KEY: 'sk-abc', B_KEY: 'sk-abcdefREST' } },
      'sk-abcdefREST, sk-abc',
      '[redacted], [redacted]',
    ],
    ['one line of several', { command: 'x', env: { PEM } }, 'bad line MIIEvQIBADANBg', 'bad line [redacted]'],
    ['escaped', { command: 'x', env: { PEM } }, JSON.stringify(PEM), '"[redacted]"'],
    [
      'ordinary words are left',
      { command: 'x', env: { MODE: 'fatal', API_KEY: 'none', LEVEL: 'error' } },
      'fatal error of none',
      'fatal error of none',
    ],
    [
      'a password in a URL',
      { command: 'x', args: ['postgres://me:hunter22@db/x'] },
      'no hunter22 at postgres://me:hunter22@db/x',
      'no [redacted] at postgres://me:[redacted]@db/x',
    ],
    [
      'arguments that say what they are',
      {
        command: 'docker',
        args: [
          '--api-key=sk-1',
          '--token',
          'sk-22',
          '-e',
          'GH_TOKEN=sk-333',
          '--header',
          'Authorization: Bearer sk-4444',
        ],
      },
      '--api-key sk-1 sk-22 sk-333 sk-4444 docker',
      '--api-key sk-1 [redacted] [redacted] [redacted] docker',
    ],
    [
      'what stands behind the scheme of a header',
      { url: 'https://x.example', headers: { Authorization: 'Bearer SECRETBEARER', 'X-Api-Key': 'k-123' } },
      'bad SECRETBEARER, Bearer SECRETBEARER, k-123',
      'bad [redacted], [redacted], [redacted]',
    ],
    [
      'one cookie of several',
      { url: 'https://x.example', headers: { Cookie: 'a=1; session=0123456789' } },
      'no session 0123456789',
      'no session [redacted]',
    ],
    [
      'a part of the URL',
      { url: 'https://x.example/mcp?token=sk%2Fquery&page=2' },
      'GET /mcp?token=sk%2Fquery&page=2 (sk/query)',
      'GET /mcp?token=[redacted]&page=2 ([redacted])',
    ],
  ])('%s', (_what, spec, words, shown) => {
    expect(createQuote(secretsOf(spec))(words)).toBe(shown);
  });
});

test.each([
  [
    'Node',
    [
      'node:internal/modules/cjs/loader:1228',
      '  throw err;',
      '  ^',
      "Error: Cannot find module '/home/me/servr.js'",
      '    at Module._resolveFilename (node:internal/modules/cjs/loader:1225:15)',
      "  code: 'MODULE_NOT_FOUND',",
      '  requireStack: []',
      '}',
      'Node.js v20.20.2',
    ],
    "Error: Cannot find module '/home/me/servr.js'",
  ],
  [
    'Node, without a message of its own',
    ['[eval]:1', 'throw new Error("no key")', '^', 'Error: no key', '    at [eval]:1:7', 'Node.js v20.20.2'],
    'Error: no key',
  ],
  [
    'Python',
    [
      'Traceback (most recent call last):',
      '  File "<string>", line 1',
      "ModuleNotFoundError: No module named 'x'",
    ],
    "ModuleNotFoundError: No module named 'x'",
  ],
  ['what says nothing of errors', ['starting', 'no key', '', '}'], 'no key'],
  [
    'npx without such a package',
    [
      'npm error code E404',
      'npm error 404 Not Found - GET https://registry.example/nope',
      'npm error 404',
      "npm error 404  The requested resource 'nope@*' could not be found or you do not have permission to access it.",
      'npm error A complete log of this run can be found in: /home/me/.npm/_logs/debug-0.log',
    ],
    'npm error 404 Not Found - GET https://registry.example/nope',
  ],
  [
    'an older npm without a network',
    [
      'npm ERR! code EAI_AGAIN',
      'npm ERR! errno EAI_AGAIN',
      'npm ERR! request to https://x failed',
      'npm ERR! A complete log of',
    ],
    'npm ERR! request to https://x failed',
  ],
  ['what ends with nothing', ['^', '}'], 'line 19'],
])('the last words of %s', (_who, lines, words) => {
  const lastWords = createLastWords();
  lastWords.note('OldError: long ago');
  for (let line = 0; line < 20; line++) lastWords.note(`line ${line}`);
  for (const line of lines) lastWords.note(line);
  expect(lastWords.tell()).toBe(words);
});

test('a process that wrote nothing has no last words', () => {
  expect(createLastWords().tell()).toBe('');
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

import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createJsonLogger } from '../../../src/cli/json-logger.ts';
import { Fault } from '../../../src/domain/errors.ts';
import type { LogLevel } from '../../../src/domain/logger.ts';
import { TextSink } from './command-line.ts';

const NOW = '2026-01-01T00:00:00.000Z';

function logInto(level: LogLevel, secrets: readonly string[] = []) {
  const stream = new TextSink();
  const clock = { now: () => NOW, monotonicMs: () => 0 };
  const lines = () =>
    stream.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  return { logger: createJsonLogger({ level, stream, secrets, clock }), lines, stream };
}

test('writes one JSON object a line', () => {
  const { logger, lines } = logInto('info');
  logger.info('Serving\nnow.', { port: 1, none: null, list: [true] });
  logger.warn('Slow.');
  expect(lines()).toEqual([
    { time: NOW, level: 'info', message: 'Serving\nnow.', port: 1, none: null, list: [true] },
    { time: NOW, level: 'warn', message: 'Slow.' },
  ]);
});

test.each([
  ['debug', ['debug', 'info', 'warn', 'error']],
  ['warn', ['warn', 'error']],
  ['silent', []],
] as const)('level %s lets %j through', (level, expected) => {
  const { logger, lines } = logInto(level);
  for (const method of ['debug', 'info', 'warn', 'error'] as const) logger[method]('x');
  expect(lines().map((line) => line.level)).toEqual(expected);
});

test('secrets are redacted wherever they are', () => {
  const { logger, stream } = logInto('debug', ['canary/key', 'canary/key-2']);
  const cause = new Error('cause canary/key');
  logger.error('message canary/key', {
    text: 'https://x/?k=canary%2Fkey&l=canary/key-2.',
    'canary/key': [{ deep: 'canary/key' }],
    error: new Fault('AI_UNAVAILABLE', 'fault canary/key', { cause, details: { body: 'canary/key' } }),
  });
  expect(stream.text).not.toMatch(/canary/);
  expect(stream.text).toContain('https://x/?k=[redacted]&l=[redacted].');
});

test('errors show their code, and their stack only at debug', () => {
  const error = new Fault('STORAGE_BUSY', 'Locked.', { cause: new TypeError('inner') });
  const info = logInto('info');
  info.logger.error('Failed.', { error });
  expect(info.lines()[0].error).toEqual({
    name: 'Fault',
    message: 'Locked.',
    code: 'STORAGE_BUSY',
    cause: { name: 'TypeError', message: 'inner' },
  });
  const debug = logInto('debug');
  debug.logger.error('Failed.', { error });
  expect(debug.lines()[0].error.stack).toContain('json-logger.test.ts');
});

test('no field can forge the head of a line', () => {
  const { logger, lines } = logInto('info');
  logger.info('real', { level: 'error', message: 'forged', time: 'never' });
  expect(lines()).toEqual([{ time: NOW, level: 'info', message: 'real' }]);
});

test('any value can be logged, and none makes a huge line', () => {
  const { logger, lines, stream } = logInto('info');
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, 'v'.repeat(10_000)]));
  const odd = {
    big: 10n,
    symbol: Symbol('s'),
    call: () => 1,
    when: new Date(0),
    never: new Date(Number.NaN),
  };
  logger.info('x', { cycle, many, odd });
  expect(stream.text.length).toBeLessThan(1_000_000);
  expect(lines()[0].odd).toMatchObject({ big: '10', symbol: 'Symbol(s)', when: '1970-01-01T00:00:00.000Z' });
});

test('a closed standard error is survived', async () => {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
  const logger = createJsonLogger({ level: 'info', stream, secrets: [] });
  logger.info('one');
  await new Promise((resolve) => stream.once('close', resolve));
  logger.info('two');
  expect(stream.destroyed).toBe(true);
});

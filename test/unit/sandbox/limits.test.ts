import { expect, test } from 'vitest';
import type { ScriptLimits } from '../../../src/sandbox/runner.ts';
import { occurrence, sandboxSubject } from './sandbox-subject.ts';

// What a script may use up, and how it is stopped. Its thread lives in real time, so the limits here are short.

const subject = sandboxSubject();
const never = new Promise<never>(() => {});

test.each<[string, string, keyof ScriptLimits, Partial<ScriptLimits>]>([
  ['computing', 'while (true) {}', 'cpuMs', { cpuMs: 50 }],
  [
    'computing past every catch',
    'for (;;) try { for (;;); } catch {} finally { for (;;); }',
    'cpuMs',
    { cpuMs: 50 },
  ],
  [
    'microtasks',
    'const again = () => Promise.resolve().then(again); again(); await echo(1)',
    'cpuMs',
    { cpuMs: 50 },
  ],
  ['awaiting nothing', 'for (;;) await null', 'cpuMs', { cpuMs: 50 }],
  ['a regular expression', "/^(a+)+$/.test('a'.repeat(40) + 'b')", 'cpuMs', { cpuMs: 50 }],
  [
    'code of the engine that never looks',
    "'a'.repeat(2e6).includes('a'.repeat(1e6) + 'b')",
    'cpuMs',
    { cpuMs: 50 },
  ],
  ['a parser that needs for ever', 'async <T>('.repeat(30), 'cpuMs', { cpuMs: 50 }],
  ['a getter of an error', 'throw { get message() { for (;;); } }', 'cpuMs', { cpuMs: 50 }],
  ['JSON of the result', 'return { toJSON() { for (;;); } }', 'cpuMs', { cpuMs: 50 }],
  [
    'computing after each reply',
    'for (;;) { await echo(1); for (let i = 0; i < 1e5; i++); }',
    'cpuMs',
    { cpuMs: 50 },
  ],
  ['waiting for a call', 'await echo(1)', 'wallMs', { wallMs: 50 }],
  ['waiting and computing', 'for (;;) await echo(1)', 'wallMs', { wallMs: 100, callsMax: 1e6 }],
  ['computing longer than it may wait', 'for (;;);', 'wallMs', { wallMs: 50 }],
  [
    'arrays',
    'const all = []; for (;;) all.push(new Array(1000).fill(1))',
    'memoryBytes',
    { memoryBytes: 4e6 },
  ],
  [
    'strings',
    "let all = []; for (;;) all.push('x'.repeat(1e5) + all.length)",
    'memoryBytes',
    { memoryBytes: 4e6 },
  ],
  ['a buffer', 'new ArrayBuffer(2 ** 30)', 'memoryBytes', {}],
  ['less memory than the sandbox itself needs', 'return 1', 'memoryBytes', { memoryBytes: 1_000 }],
  ['calls', 'for (;;) await echo(1)', 'callsMax', { callsMax: 10 }],
  [
    'calls at one time',
    'await Promise.all(Array.from({ length: 11 }, () => echo(1)))',
    'callsMax',
    { callsMax: 10 },
  ],
  ['calls that hold too much', "for (;;) echo('x'.repeat(1e6))", 'memoryBytes', { memoryBytes: 8e6 }],
  ['a result', "return 'x'.repeat(99)", 'resultBytesMax', { resultBytesMax: 100 }],
])('%s is limited', async (_, source, limit, limits) => {
  const outcome = await subject.run(source, {
    limits: { cpuMs: 20_000, ...limits },
    onCall: () => (source === 'await echo(1)' ? never : { ok: true, value: null }),
  });
  expect(outcome).toMatchObject({ status: 'limit_exceeded', error: { name: 'LimitError', limit } });
  expect(outcome.result).toBeUndefined();
  expect(outcome.calls).toBeLessThanOrEqual(limits.callsMax ?? Number.POSITIVE_INFINITY);
});

test('what just fits is fine', async () => {
  const limits = { callsMax: 10, resultBytesMax: 100 };
  const source = "for (let i = 0; i < 10; i++) await echo(1); return 'x'.repeat(98)";
  expect(await subject.run(source, { limits })).toMatchObject({ status: 'completed', calls: 10 });
});

test('what a script can catch, it survives', async () => {
  const { status, result } = await subject.run(`
    const caught = [];
    const deeper = () => deeper() + 1;
    for (const wrong of [deeper, () => new ArrayBuffer(2 ** 30), () => 'x'.repeat(2 ** 30), () => 2n ** (2n ** 40n)])
      try { wrong() } catch (error) { caught.push(error.name) }
    return caught;`);
  expect([status, result]).toEqual([
    'completed',
    ['RangeError', 'InternalError', 'RangeError', 'RangeError'],
  ]);
});

test('what a script leaves computing in the background takes nothing from its result', async () => {
  const { status, result } = await subject.run(
    'const again = () => Promise.resolve().then(again); again(); return 1',
  );
  expect([status, result]).toEqual(['completed', 1]);
});

test('waiting is no computing', async () => {
  const { happened, happen } = occurrence();
  const running = subject.run('await echo(1); return 1', {
    limits: { cpuMs: 30 },
    onCall: async () => {
      await happened;
      return { ok: true, value: null };
    },
  });
  setTimeout(happen, 100);
  const outcome = await running;
  expect(outcome.status).toBe('completed');
  expect(outcome.cpuMs).toBeLessThan(30);
});

test('what was written and done until then is told', async () => {
  const outcome = await subject.run("console.log('begun'); await echo(1); console.log('done'); for (;;);", {
    limits: { cpuMs: 50 },
  });
  expect(outcome).toMatchObject({
    status: 'limit_exceeded',
    output: 'begun\ndone\n',
    calls: 1,
    unansweredCalls: 0,
  });
  expect(outcome.cpuMs).toBeGreaterThanOrEqual(50);
});

test('also of a thread that had to be ended', async () => {
  const outcome = await subject.run(
    "console.log('begun'); await echo(1); 'a'.repeat(2e6).includes('a'.repeat(1e6) + 'b')",
    { limits: { cpuMs: 50 } },
  );
  expect(outcome).toMatchObject({
    status: 'limit_exceeded',
    output: 'begun\n',
    calls: 1,
    unansweredCalls: 0,
  });
});

test.each([
  ['computes', 'await echo(1); for (;;);'],
  ['computes where nothing looks', "await echo(1); 'a'.repeat(2e6).includes('a'.repeat(1e6) + 'b')"],
  ['waits', 'await echo(1); await echo(2)'],
])('a script that %s stops when it is cancelled', async (_, source) => {
  const cancelling = new AbortController();
  const outcome = await subject.run(source, {
    signal: cancelling.signal,
    onCall: async ({ seq }) => {
      if (seq === 2) return never;
      setTimeout(() => cancelling.abort(), 20);
      return { ok: true, value: null };
    },
  });
  expect(outcome).toMatchObject({ status: 'cancelled', error: { name: 'AbortError' } });
  expect(await subject.run('return 1')).toMatchObject({ status: 'completed' });
});

test('a script that is cancelled before it begins does not begin', async () => {
  const outcome = await subject.run('await echo(1)', {
    signal: AbortSignal.abort(),
    onCall: () => {
      throw new Error('It was called.');
    },
  });
  expect(outcome).toMatchObject({ status: 'cancelled', calls: 0 });
});

test('a script that has ended is not held up by what it left behind', async () => {
  expect(
    await subject.run('(async () => { for (;;) await null })(); return 1', { limits: { cpuMs: 1_000 } }),
  ).toMatchObject({ status: 'completed', result: 1 });
});

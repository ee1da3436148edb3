import { expect, test } from 'vitest';
import { recordedPortions } from '../../../src/sandbox/recorded-portions.ts';
import type { CallReply, GuestCall, RecordedReply } from '../../../src/sandbox/runner.ts';
import { defaultReply, sandboxSubject } from './sandbox-subject.ts';

// A script that is led through the calls of an earlier run.

const subject = sandboxSubject();

const recordedReply = (seq: number, value: unknown = seq): RecordedReply => ({
  seq,
  now: seq * 10,
  reply: { ok: true, value } as CallReply,
});
const nowhere = async () => undefined;

test('a script gets recorded replies in their order, each with its clock, and others after them', async () => {
  const told: number[] = [];
  const { result, calls, unansweredCalls } = await subject.run(
    `const seen = [];
     const see = async (call) => seen.push([await call, Date.now()]);
     await Promise.all([see(echo('a')), see(echo('b')), see(sleep(5)), see(echo('c').then(() => echo('d')))]);
     await see(echo('e'));
     return seen;`,
    {
      recorded: [
        recordedReply(4, 'C'),
        recordedReply(2, 'B'),
        recordedReply(5, 'D'),
        recordedReply(3, null),
        recordedReply(1, 'A'),
      ],
      now: () => 1_000,
      onCall: (call) => {
        told.push(call.seq);
        return defaultReply(call);
      },
    },
  );
  expect(result).toEqual([
    ['B', 20],
    ['D', 50],
    [null, 30],
    ['A', 10],
    ['e', 1_000],
  ]);
  expect(told).toEqual([1, 2, 3, 4, 5, 6]);
  expect([calls, unansweredCalls]).toEqual([6, 0]);
});

test('new replies wait for all recorded ones, also for those that the thread has to ask for', async () => {
  const { result } = await subject.run(
    `let first;
     const fresh = echo('new').then(() => { first ??= 'new' });
     for (let call = 0; call < 1_500; call++) await echo(call);
     first ??= 'recorded';
     await fresh;
     return first;`,
    {
      limits: { callsMax: 2_000 },
      recorded: Array.from({ length: 1_500 }, (_, call) => recordedReply(call + 2)),
    },
  );
  expect(result).toBe('recorded');
});

test('as many calls as then are in flight, whatever may be in flight now', async () => {
  const { status, result } = await subject.run('return await Promise.all([echo(), echo(), echo(), echo()])', {
    limits: { callsInFlightMax: 1 },
    recorded: [3, 2, 1].map((seq) => recordedReply(seq)),
    onCall: ({ seq }) => ({ ok: true, value: seq }),
  });
  expect([status, result]).toEqual(['completed', [1, 2, 3, 4]]);
});

test('a recorded failure is an error that names its line', async () => {
  const fields = { server: 'files', tool: 'fail' };
  const { result } = await subject.run(
    `try {
       await files__fail();
     } catch (error) { return [error.message, { ...error }] }`,
    { recorded: [{ seq: 1, now: 0, reply: { ok: false, message: 'Not then.', fields } }] },
  );
  expect(result).toEqual(['Not then.', { ...fields, line: 2 }]);
});

test('a recorded reply is too large where it was', async () => {
  const { result } = await subject.run('try { await echo() } catch (error) { return error.message }', {
    limits: { memoryBytes: 8 * 1024 * 1024 },
    recorded: [recordedReply(1, 'x'.repeat(2 * 1024 * 1024))],
  });
  expect(result).toContain('too large');
});

test('whatever the script comes to, all its calls are looked at before that', async () => {
  const told: number[] = [];
  const slowly = async ({ seq }: GuestCall) => {
    const until = performance.now() + 1;
    while (performance.now() < until);
    told.push(seq);
    return undefined;
  };
  const { status } = await subject.run('for (let call = 0; call < 50; call++) await echo(call);', {
    recorded: Array.from({ length: 50 }, (_, call) => recordedReply(call + 1)),
    onCall: slowly,
  });
  expect([status, told.length]).toEqual(['completed', 50]);
});

test('a script that makes other calls waits, and can be stopped', async () => {
  const stopping = new AbortController();
  const { status } = await subject.run('await echo(1)', {
    recorded: [recordedReply(2)],
    signal: stopping.signal,
    onCall: (call) => {
      setImmediate(() => stopping.abort());
      return defaultReply(call);
    },
  });
  expect(status).toBe('cancelled');
});

test('one that computes between its recorded calls can be stopped', async () => {
  const stopping = new AbortController();
  const { status } = await subject.run('for (;;) await echo(1)', {
    limits: { callsMax: 1_000_000 },
    recorded: Array.from({ length: 1_000 }, (_, call) => recordedReply(call + 1)),
    signal: stopping.signal,
    onCall: async ({ seq }) => {
      if (seq === 10) stopping.abort();
      return nowhere();
    },
  });
  expect(status).toBe('cancelled');
});

test('recorded replies are handed over in portions that a thread has room for', () => {
  const sizes = (count: number, characters: number) =>
    [
      ...recordedPortions(
        Array.from({ length: count }, (_, i) => recordedReply(i + 1, 'x'.repeat(characters))),
      ),
    ].map((portion) => portion.length);
  expect(sizes(1_000, 1)).toEqual([250, 250, 250, 250, 0]);
  expect(sizes(5, 3 * 1024 * 1024)).toEqual([2, 2, 1]);
  expect(sizes(0, 0)).toEqual([0]);
});

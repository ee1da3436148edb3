import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createReplyOrder } from '../../../src/composer/reply-order.ts';
import type { CallFinish } from '../../../src/domain/script-run.ts';
import type { CallReply } from '../../../src/sandbox/runner.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';

const START = Date.parse('2026-01-01T00:00:00.000Z');

/** What a script was told: which reply, and what its clock said then. */
type Told = readonly [value: unknown, now: number];

function openOrder(recordedCount = 0, time = createVirtualTime()) {
  const order = createReplyOrder({ startedMs: START, recordedCount, clock: time.clock });
  const told: Told[] = [];
  const finishes: CallFinish[] = [];
  expect(order.now()).toBe(START);
  const deliver = (reply: CallReply) => void told.push([reply.ok ? reply.value : reply, order.now()]);
  return {
    time,
    told,
    finishes,
    repeat: (finish: CallFinish) => order.repeat(finish, deliver),
    add: (value: string | CallReply) =>
      order.add(typeof value === 'string' ? { ok: true, value } : value, 1, {
        deliver,
        onFinish: (finish) => finishes.push(finish),
      }),
  };
}

test('replies are delivered as they come, and their order is what is recorded', () => {
  const { time, told, finishes, add } = openOrder();
  time.elapse(5);
  add('a');
  add('b');
  time.elapse(5);
  add({ ok: false, message: 'No.', fields: { kind: 'tool_error' } });
  expect(told).toEqual([
    ['a', START + 5],
    ['b', START + 5],
    [{ ok: false, message: 'No.', fields: { kind: 'tool_error' } }, START + 10],
  ]);
  expect(finishes).toEqual([
    { position: 1, ok: true, reply: 'a', ms: 1, nowMs: START + 5 },
    { position: 2, ok: true, reply: 'b', ms: 1, nowMs: START + 5 },
    {
      position: 3,
      ok: false,
      reply: { message: 'No.', fields: { kind: 'tool_error' } },
      ms: 1,
      nowMs: START + 10,
    },
  ]);
});

test('the clock of a script does not go back', () => {
  const { told, add } = openOrder(0, createVirtualTime('2020-01-01T00:00:00.000Z'));
  add('a');
  expect(told).toEqual([['a', START]]);
});

test('new replies wait for the recorded ones', async () => {
  const { time, told, finishes, repeat, add } = openOrder(1);
  time.elapse(60);
  add('new');
  expect(told).toEqual([]);
  repeat({ position: 1, ok: true, reply: 'old', ms: 1, nowMs: START + 7 });
  await nextTurn();
  expect(told).toEqual([
    ['old', START + 7],
    ['new', START + 60],
  ]);
  expect(finishes.map(({ position }) => position)).toEqual([2]);
});

const anyOrder = fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8], { minLength: 8 });

test('recorded replies come as they came, in whatever order they are asked for', async () => {
  await fc.assert(
    fc.asyncProperty(anyOrder, async (asked) => {
      const recorded = openOrder();
      for (let reply = 1; reply <= 8; reply++) {
        recorded.time.elapse(reply);
        recorded.add(reply % 3 === 0 ? { ok: false, message: `${reply}`, fields: {} } : `${reply}`);
      }
      const replayed = openOrder(8);
      replayed.time.elapse(1e6);
      replayed.add('new');
      for (const position of asked) replayed.repeat(recorded.finishes[position - 1] as CallFinish);
      await nextTurn();
      expect(replayed.told.slice(0, 8)).toEqual(recorded.told);
      expect(replayed.told.at(-1)?.[0]).toBe('new');
    }),
  );
});

test('whoever waits for several hears of them in that order', async () => {
  await fc.assert(
    fc.asyncProperty(anyOrder, async (asked) => {
      const { clock } = createVirtualTime();
      const order = createReplyOrder({ startedMs: START, recordedCount: 8, clock });
      const heard: number[] = [];
      const wait = async (position: number) => {
        const finish = { position, ok: true, reply: null, ms: 1, nowMs: START };
        await new Promise<CallReply>((deliver) => order.repeat(finish, deliver));
        heard.push(position);
      };
      await Promise.all(asked.map(wait));
      expect(heard).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    }),
  );
});

import { expect, test } from 'vitest';
import { createReplyOrder } from '../../../src/composer/reply-order.ts';
import type { RecordedReply } from '../../../src/sandbox/runner.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';

const START = Date.parse('2026-01-01T00:00:00.000Z');

function openOrder(recorded: readonly RecordedReply[] = [], time = createVirtualTime()) {
  const order = createReplyOrder({ startedMs: START, recorded, clock: time.clock });
  expect(order.now()).toBe(START);
  return { time, ...order };
}

test('the order of replies, and the clock after each, is what is recorded', () => {
  const { time, add, now } = openOrder();
  time.elapse(5);
  expect(add({ ok: true, value: 'a' }, 1)).toEqual({
    position: 1,
    ok: true,
    reply: 'a',
    ms: 1,
    nowMs: START + 5,
  });
  time.elapse(5);
  const failure = { message: 'No.', fields: { kind: 'tool_error' } };
  expect(add({ ok: false, ...failure }, 2)).toEqual({
    position: 2,
    ok: false,
    reply: failure,
    ms: 2,
    nowMs: START + 10,
  });
  expect([now(), now()]).toEqual([START + 5, START + 10]);
});

test('the clock of a script does not go back', () => {
  const { add, now } = openOrder([], createVirtualTime('2020-01-01T00:00:00.000Z'));
  expect(add({ ok: true, value: 'a' }, 1).nowMs).toBe(START);
  expect(now()).toBe(START);
});

test('new replies come after the recorded ones, and not before them in time', () => {
  const recorded = [3, 1].map((seq) => ({
    seq,
    now: START + seq * 1_000,
    reply: { ok: true, value: null } as const,
  }));
  const { time, add } = openOrder(recorded.toReversed());
  time.elapse(5);
  expect(add({ ok: true, value: 'new' }, 1)).toMatchObject({ position: 3, nowMs: START + 3_000 });
  time.elapse(60_000);
  expect(add({ ok: true, value: 'newer' }, 1)).toMatchObject({ position: 4, nowMs: START + 60_005 });
});

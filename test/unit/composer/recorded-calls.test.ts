import { expect, test } from 'vitest';
import { createRecordedCalls } from '../../../src/composer/recorded-calls.ts';
import type { JournaledCall } from '../../../src/domain/script-run.ts';

const called = (seq: number, finish?: JournaledCall['finish']): JournaledCall => ({
  seq,
  name: 'sleep',
  argsHash: '',
  finish,
});

test('replies are those that the script had, in the order in which it had them', () => {
  const calls = [
    called(1),
    called(2, { position: 2, ok: true, reply: 'later', ms: 1, nowMs: 20 }),
    called(3, { position: 1, ok: false, reply: { message: 'No.', fields: { kind: 'x' } }, ms: 1, nowMs: 10 }),
  ];
  const { replies, find } = createRecordedCalls(calls, { names: [], find: () => ({ kind: 'sleep' }) });
  expect(replies).toEqual([
    { seq: 3, now: 10, reply: { ok: false, message: 'No.', fields: { kind: 'x' } } },
    { seq: 2, now: 20, reply: { ok: true, value: 'later' } },
  ]);
  expect([find(1), find(4)]).toEqual([calls[0], undefined]);
});

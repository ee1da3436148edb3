import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createRunJournal } from '../../../src/composer/run-journal.ts';
import type { JournalEntry } from '../../../src/store/journal-store.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';

const begun = (seq: number): JournalEntry => ({ kind: 'begun', seq, name: 'a__b', argsHash: '' });

/** A journal whose commits are listed, and take as long as the test wants. */
function openJournal(commit: (seqs: readonly number[]) => Promise<void> = async () => {}) {
  const time = createVirtualTime();
  const commits: (readonly number[])[] = [];
  const failures: unknown[] = [];
  const journal = createRunJournal({
    async append(entries) {
      const seqs = entries.map(({ seq }) => seq);
      commits.push(seqs);
      await commit(seqs);
    },
    timers: time.timers,
    onFailure: (error) => failures.push(error),
  });
  return { journal, time, commits, failures };
}

test('whoever waits in one turn of the event loop shares a commit, with all that was gathered', async () => {
  const { journal, commits } = openJournal();
  journal.add(begun(1));
  const waiting = [2, 3, 4].map((seq) => {
    journal.add(begun(seq));
    return journal.durable();
  });
  expect(commits).toEqual([]);
  await Promise.all(waiting);
  expect(commits).toEqual([[1, 2, 3, 4]]);
});

test('an entry that nobody waits for is written a little later', async () => {
  const { journal, time, commits } = openJournal();
  journal.add(begun(1));
  await nextTurn();
  journal.add(begun(2));
  await nextTurn();
  expect(commits).toEqual([]);
  time.elapse(200);
  await nextTurn();
  await nextTurn();
  expect(commits).toEqual([[1, 2]]);
  // And the next ones get a timer of their own.
  journal.add(begun(3));
  time.elapse(200);
  await journal.durable();
  expect(commits).toEqual([[1, 2], [3]]);
});

test('many entries do not wait', async () => {
  const { journal, commits } = openJournal();
  for (let seq = 1; seq <= 1_000; seq++) journal.add(begun(seq));
  await nextTurn();
  await nextTurn();
  expect(commits.map(({ length }) => length)).toEqual([1_000]);
});

test('where there is nothing to write, nothing is written', async () => {
  const { journal, commits } = openJournal();
  await journal.durable();
  expect(commits).toEqual([]);
});

test('commits come one after the other, and the next has all that came meanwhile', async () => {
  const open: (() => void)[] = [];
  const { journal, commits } = openJournal(() => new Promise((resolve) => open.push(resolve)));
  const reached: string[] = [];
  const wait = (seq: number) => {
    journal.add(begun(seq));
    return journal.durable().then(() => reached.push(`${seq} is durable`));
  };
  const first = wait(1);
  await nextTurn();
  const others = [wait(2), wait(3)];
  await nextTurn();
  const last = wait(4);
  await nextTurn();
  expect([commits, reached]).toEqual([[[1]], []]);
  open.shift()?.();
  await first;
  await nextTurn();
  expect([commits, reached]).toEqual([[[1], [2, 3, 4]], ['1 is durable']]);
  open.shift()?.();
  await Promise.all([...others, last]);
  expect(reached).toHaveLength(4);
});

test('after a failure nothing is written, and nobody is told that it was', async () => {
  const { journal, time, commits, failures } = openJournal(async (seqs) => {
    if (seqs.includes(2)) throw new Error('The disk is full.');
  });
  journal.add(begun(1));
  await journal.durable();
  journal.add(begun(2));
  const failing = journal.durable();
  journal.add(begun(3));
  await expect(failing).rejects.toThrow('full');
  await expect(journal.durable()).rejects.toThrow('full');
  journal.add(begun(4));
  time.elapse(50);
  await expect(journal.durable()).rejects.toThrow('full');
  expect(commits).toEqual([[1], [2, 3]]);
  expect(failures).toHaveLength(1);
});

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/domain/json.ts';
import type { CallFinish, ScriptRunStatus } from '../../../src/domain/script-run.ts';
import type {
  JournalEntry,
  JournalStore,
  RunHolder,
  TakenRun,
  TakeRunParams,
} from '../../../src/store/journal-store.ts';

/** A journal with nothing in it, and the means to look at the same data again. */
export interface OpenedJournalStore {
  readonly journal: JournalStore;
  /** Another store on the same data, as another process would have it. */
  reopen(): Promise<JournalStore>;
  /** Closes every store that is open, and leaves the data. */
  closeStores(): Promise<void>;
  /** Closes every store and takes the data away. */
  close(): Promise<void>;
}

const FRESH = { codeHash: 'c0de', startedMs: 1_767_225_600_000, randomSeed: 4_294_967_295 };

/** A minute of the first hour of 2026. */
const minute = (number: number) => `2026-01-01T00:${String(number).padStart(2, '0')}:00.000Z`;

function takeParams(changes: Partial<TakeRunParams> = {}): TakeRunParams {
  return { runId: 'run', fresh: FRESH, now: minute(0), leaseExpiresAt: minute(1), ...changes };
}

const begun = (seq: number, name = 'files__read'): JournalEntry => ({
  kind: 'begun',
  seq,
  name,
  argsHash: `hash ${seq}`,
});

const finishOf = (position: number, changes: Partial<CallFinish> = {}): CallFinish => ({
  position,
  reply: { position },
  ok: true,
  ms: 0.25,
  nowMs: FRESH.startedMs + position,
  ...changes,
});

const finished = (seq: number, finish: CallFinish): JournalEntry => ({ kind: 'finished', seq, finish });

/** Everything that the port promises; each implementation of it runs this suite. */
export function describeJournalStoreContract(name: string, open: () => Promise<OpenedJournalStore>): void {
  describe(`the journal store contract: ${name}`, () => {
    let opened: OpenedJournalStore;
    let journal: JournalStore;

    beforeEach(async () => {
      opened = await open();
      journal = opened.journal;
    });
    afterEach(() => opened.close());

    async function taken(changes: Partial<TakeRunParams> = {}, store = journal) {
      const outcome = await store.takeRun(takeParams(changes));
      if (outcome.outcome !== 'taken') throw new Error(`The run is ${outcome.outcome}.`);
      const { runId, fencingToken } = outcome.run;
      const holder: RunHolder = { runId, fencingToken };
      return { ...outcome, holder };
    }

    /** What is in the journal, looked at by the next executor. */
    const calls = async () => (await taken({ now: minute(30), leaseExpiresAt: minute(31) })).calls;

    const lost = { code: 'LEASE_LOST', details: { run_id: 'run' } };
    const end = (status: Exclude<ScriptRunStatus, 'running'>, answer: JsonValue = null) => ({
      status,
      answer,
      now: minute(2),
    });

    describe('taking a run', () => {
      it('creates it', async () => {
        expect(await journal.findRun('run')).toBeUndefined();
        const { run, calls } = await taken();
        expect(run).toStrictEqual({
          runId: 'run',
          ...FRESH,
          status: 'running',
          fencingToken: 1,
          leaseExpiresAt: minute(1),
          createdAt: minute(0),
          updatedAt: minute(0),
        });
        expect(calls).toEqual([]);
        expect(await (await opened.reopen()).findRun('run')).toStrictEqual(run);
      });

      it('has to wait for the executor that has it', async () => {
        const { run } = await taken();
        const other = await opened.reopen();
        const early = takeParams({ now: '2026-01-01T00:00:59.999Z', leaseExpiresAt: minute(2) });
        expect(await other.takeRun(early)).toStrictEqual({ outcome: 'busy', run });
        expect(await other.findRun('run')).toStrictEqual(run);
      });

      it('takes it over when the lease has ended, as it was begun', async () => {
        const { run, holder } = await taken();
        await journal.append(holder, [begun(1)]);
        const fresh = { ...FRESH, startedMs: 1, randomSeed: 2 };
        const after = { fresh, now: minute(1), leaseExpiresAt: minute(2) };
        const next = await taken(after, await opened.reopen());
        expect(next.run).toStrictEqual({
          ...run,
          fencingToken: 2,
          leaseExpiresAt: minute(2),
          updatedAt: minute(1),
        });
        expect(next.calls).toEqual([{ seq: 1, name: 'files__read', argsHash: 'hash 1' }]);
      });

      it('need not wait for one that gave it out of hand', async () => {
        const { holder, run } = await taken();
        await journal.releaseRun(holder, minute(0));
        expect(await journal.findRun('run')).toEqual({ ...run, leaseExpiresAt: undefined });
        expect((await taken()).run.fencingToken).toBe(2);
      });

      it.each(['completed', 'failed'] as const)('does nothing to one that is %s', async (status) => {
        const { holder } = await taken();
        await journal.endRun(holder, end(status, { status }));
        const run = await journal.findRun('run');
        expect(run).toMatchObject({ status, answer: { status }, fencingToken: 1, updatedAt: minute(2) });
        expect(run).not.toHaveProperty('leaseExpiresAt');
        expect(await journal.takeRun(takeParams({ now: minute(9) }))).toStrictEqual({
          outcome: 'ended',
          run,
        });
        expect(await journal.findRun('run')).toStrictEqual(run);
      });

      it('continues one that is in doubt, without its answer', async () => {
        const { holder, run } = await taken();
        await journal.append(holder, [begun(1)]);
        await journal.endRun(holder, end('in_doubt', 'Look.'));
        expect(await journal.findRun('run')).toMatchObject({ status: 'in_doubt', answer: 'Look.' });
        const again = await taken({ now: minute(3), leaseExpiresAt: minute(4) });
        expect(again.run).toStrictEqual({
          ...run,
          fencingToken: 2,
          leaseExpiresAt: minute(4),
          updatedAt: minute(3),
        });
        expect(again.calls).toHaveLength(1);
        expect(await journal.findRun('run')).toStrictEqual(again.run);
      });

      it.each(['running', 'released', 'completed', 'in_doubt'] as const)(
        'with other code changes nothing: %s',
        async (state) => {
          const { holder } = await taken();
          await journal.append(holder, [begun(1)]);
          if (state === 'released') await journal.releaseRun(holder, minute(1));
          else if (state !== 'running') await journal.endRun(holder, end(state));
          const run = await journal.findRun('run');
          const other = takeParams({ fresh: { ...FRESH, codeHash: 'other' }, now: minute(9) });
          expect(await journal.takeRun(other)).toStrictEqual({ outcome: 'other_code', run });
          expect(await journal.findRun('run')).toStrictEqual(run);
        },
      );

      it('begins it anew, with whatever code, where it has called nothing', async () => {
        const { holder, run } = await taken();
        const fresh = { codeHash: 'other', startedMs: 1, randomSeed: 2 };
        // Until then, the one who has it is about to call something.
        expect(await journal.takeRun(takeParams({ fresh }))).toStrictEqual({ outcome: 'other_code', run });
        await journal.releaseRun(holder, minute(0));
        const next = await taken({ fresh });
        expect(next.run).toStrictEqual({ ...run, ...fresh, fencingToken: 2 });
        expect(await journal.findRun('run')).toStrictEqual(next.run);
        await journal.endRun(next.holder, end('failed'));
        expect(await journal.takeRun(takeParams())).toMatchObject({ outcome: 'other_code' });
      });

      it('gives it to one of those who want it at once', async () => {
        const stores = [journal, await opened.reopen(), journal, await opened.reopen()];
        const outcomes = await Promise.all(stores.map((store) => store.takeRun(takeParams())));
        expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['busy', 'busy', 'busy', 'taken']);
        await Promise.all(
          stores.map((store) => store.takeRun(takeParams({ now: minute(1), leaseExpiresAt: minute(2) }))),
        );
        expect((await journal.findRun('run'))?.fencingToken).toBe(2);
      });

      it('keeps runs apart', async () => {
        const one = await taken();
        const other = await taken({ runId: "run' OR 1=1" });
        await journal.append(one.holder, [begun(1)]);
        await journal.append(other.holder, [begun(1, 'sleep')]);
        await journal.endRun(one.holder, end('completed', 1));
        expect((await journal.findRun("run' OR 1=1"))?.status).toBe('running');
        const again = await taken({ runId: "run' OR 1=1", now: minute(9), leaseExpiresAt: minute(10) });
        expect(again.calls).toEqual([{ seq: 1, name: 'sleep', argsHash: 'hash 1' }]);
      });

      it.each(['nul \0', 'half \ud83d'])('refuses an id that no database can hold: %j', async (runId) => {
        await expect(journal.takeRun(takeParams({ runId }))).rejects.toMatchObject({
          code: 'INVALID_ARGUMENT',
        });
      });
    });

    describe('the calls of a run', () => {
      it('are what was written of them, by their numbers', async () => {
        const { holder } = await taken();
        await journal.append(holder, [begun(2, 'sleep'), begun(1)]);
        await journal.append(holder, [
          finished(2, finishOf(1, { reply: null })),
          begun(3),
          finished(3, finishOf(2, { ok: false, reply: { message: 'No.' }, ms: 1_234.5 })),
        ]);
        expect(await calls()).toStrictEqual([
          { seq: 1, name: 'files__read', argsHash: 'hash 1' },
          { seq: 2, name: 'sleep', argsHash: 'hash 2', finish: finishOf(1, { reply: null }) },
          {
            seq: 3,
            name: 'files__read',
            argsHash: 'hash 3',
            finish: finishOf(2, { ok: false, reply: { message: 'No.' }, ms: 1_234.5 }),
          },
        ]);
      });

      it('say which tool their name meant, where it meant one', async () => {
        const { holder } = await taken();
        const target = '["files","read \\u0000"]';
        await journal.append(holder, [{ ...begun(1), target } as JournalEntry, begun(2)]);
        expect(await calls()).toStrictEqual([
          { seq: 1, name: 'files__read', argsHash: 'hash 1', target },
          { seq: 2, name: 'files__read', argsHash: 'hash 2' },
        ]);
      });

      it('come with the size of their replies', async () => {
        const { holder, replyBytes } = await taken();
        expect(replyBytes).toBe(0);
        const count = 60;
        for (let seq = 1; seq <= count; seq++)
          await journal.append(holder, [
            begun(seq),
            finished(seq, finishOf(seq, { reply: 'ä'.repeat(seq) })),
          ]);
        await journal.append(holder, [begun(count + 1)]);
        const again = await taken({ now: minute(30), leaseExpiresAt: minute(31) });
        expect(again.calls.map(({ seq }) => seq)).toEqual(
          Array.from({ length: count + 1 }, (_, index) => index + 1),
        );
        const bytes = again.calls.flatMap(({ finish }) =>
          finish === undefined ? [] : [Buffer.byteLength(JSON.stringify(finish.reply))],
        );
        expect(again.replyBytes).toBe(bytes.reduce((sum, each) => sum + each));
      });

      it('are there for the next process', async () => {
        const { holder } = await taken();
        await journal.append(holder, [begun(1), finished(1, finishOf(1))]);
        await opened.closeStores();
        journal = await opened.reopen();
        expect(await calls()).toMatchObject([{ seq: 1, finish: finishOf(1) }]);
      });

      it.each<[string, readonly JournalEntry[]]>([
        ['a call that is begun twice', [begun(2), begun(1)]],
        ['a finish of a call that was not begun', [begun(2), finished(7, finishOf(1))]],
      ])('are written all or none: %s', async (_, entries) => {
        const { holder } = await taken();
        await journal.append(holder, [begun(1)]);
        await expect(journal.append(holder, entries)).rejects.toThrow();
        expect((await calls()).map(({ seq }) => seq)).toEqual([1]);
      });

      it('come back as they were, whatever is in them', async () => {
        let { holder } = await taken();
        let seq = 0;
        await fc.assert(
          fc.asyncProperty(fc.jsonValue(), fc.string({ unit: 'binary' }), async (value, key) => {
            seq += 1;
            const reply = JSON.parse(JSON.stringify({ [key]: value, __proto__x: [value] })) as JsonValue;
            await journal.append(holder, [begun(seq), finished(seq, finishOf(seq, { reply }))]);
            const again = await taken({ now: minute(30), leaseExpiresAt: minute(1) });
            holder = again.holder;
            expect(again.calls.at(-1)?.finish?.reply).toStrictEqual(reply);
          }),
          { numRuns: 50 },
        );
        const odd = JSON.parse('{"__proto__": {"polluted": true}, "half": "\\ud800"}') as JsonValue;
        await journal.append(holder, [begun(seq + 1), finished(seq + 1, finishOf(seq + 1, { reply: odd }))]);
        expect(JSON.stringify((await calls()).at(-1)?.finish?.reply)).toBe(JSON.stringify(odd));
      });

      it('are read fast, also when there are many', async () => {
        const { holder } = await taken();
        const count = 1_000;
        const entries = Array.from({ length: count }, (_, index) => [
          begun(index + 1),
          finished(index + 1, finishOf(index + 1, { reply: { text: 'x'.repeat(200) } })),
        ]).flat();
        await journal.append(holder, entries);
        // The best of some looks: others may use the machine too.
        let bestMs = Number.POSITIVE_INFINITY;
        for (const at of [10, 20, 30, 40, 50]) {
          const before = performance.now();
          const next = await taken({ now: minute(at), leaseExpiresAt: minute(at + 1) });
          bestMs = Math.min(bestMs, performance.now() - before);
          expect(next.calls).toHaveLength(count);
        }
        expect(bestMs).toBeLessThan(50);
      });
    });

    describe('an executor', () => {
      it('keeps the run as long as it renews the lease', async () => {
        const { holder, run } = await taken();
        await journal.renewLease(holder, minute(5));
        expect(await journal.findRun('run')).toStrictEqual({ ...run, leaseExpiresAt: minute(5) });
        expect(await journal.takeRun(takeParams({ now: minute(4) }))).toMatchObject({ outcome: 'busy' });
      });

      it('may still write after its lease has ended, until another one has the run', async () => {
        const { holder } = await taken();
        await journal.append(holder, [begun(1)]);
        await journal.renewLease(holder, minute(0));
        await journal.append(holder, [finished(1, finishOf(1))]);
        expect(await calls()).toMatchObject([{ finish: finishOf(1) }]);
      });

      const verbs: Readonly<Record<string, (holder: RunHolder) => Promise<void>>> = {
        append: (holder) => journal.append(holder, [begun(9)]),
        'append nothing': (holder) => journal.append(holder, []),
        renewLease: (holder) => journal.renewLease(holder, minute(9)),
        endRun: (holder) => journal.endRun(holder, end('completed', 'stolen')),
        releaseRun: (holder) => journal.releaseRun(holder, minute(9)),
      };

      /** Ways in which a run comes out of the hands of its executor. */
      const losses: Readonly<Record<string, (holder: RunHolder) => Promise<unknown>>> = {
        'another one has taken it': () =>
          journal.takeRun(takeParams({ now: minute(3), leaseExpiresAt: minute(4) })),
        'it has ended it': (holder) => journal.endRun(holder, end('failed')),
        'it has left it in doubt': (holder) => journal.endRun(holder, end('in_doubt')),
        'it has released it': (holder) => journal.releaseRun(holder, minute(2)),
        'it never had it': (holder) => Promise.resolve(Object.assign(holder, { fencingToken: 7 })),
      };

      describe.each(Object.keys(losses))('that has lost the run, because %s', (loss) => {
        it.each(Object.keys(verbs))('cannot do this any more: %s', async (verb) => {
          const { holder } = await taken();
          await losses[loss]?.(holder);
          const before = await journal.findRun('run');
          await expect(verbs[verb]?.(holder)).rejects.toMatchObject(lost);
          expect(await journal.findRun('run')).toStrictEqual(before);
        });
      });

      it('of a run that there is not can do nothing', async () => {
        for (const verb of Object.values(verbs))
          await expect(verb({ runId: 'run', fencingToken: 1 })).rejects.toMatchObject(lost);
      });

      it('leaves nothing of what it wrote too late', async () => {
        const { holder } = await taken();
        const next = await taken({ now: minute(3), leaseExpiresAt: minute(4) });
        await expect(journal.append(holder, [begun(1)])).rejects.toMatchObject(lost);
        await journal.append(next.holder, [begun(1, 'sleep')]);
        expect(await calls()).toMatchObject([{ seq: 1, name: 'sleep' }]);
      });
    });

    it('keeps null as an answer', async () => {
      const { holder } = await taken();
      await journal.endRun(holder, end('completed', null));
      const outcome: TakenRun = await journal.takeRun(takeParams());
      expect(outcome.run).toHaveProperty('answer', null);
    });
  });
}

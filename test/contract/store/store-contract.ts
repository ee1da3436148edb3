import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DecisionRecord } from '../../../src/domain/decision.ts';
import { Defect } from '../../../src/domain/errors.ts';
import type { HistoryEntry, NewHistoryEntry } from '../../../src/domain/history.ts';
import { INSTANCE_STATUSES, type Instance } from '../../../src/domain/instance.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { Page } from '../../../src/domain/page.ts';
import type { InstanceFilter, Store } from '../../../src/store/store.ts';
import { createSampleRuns, type Sample, type SampleRuns } from '../../support/sample-runs.ts';
import { allPages, badCursor, garbageCursors } from './paging.ts';

/** A store with nothing in it, and the means to look at the same data again. */
export interface OpenedStore {
  readonly store: Store;
  /** Another store on the same data, as another process would have it. */
  reopen(): Promise<Store>;
  /** Closes every store that was opened and takes the data away. */
  close(): Promise<void>;
}

/** Everything that the port promises; each implementation of it runs this suite. */
export function describeStoreContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`the store contract: ${name}`, () => {
    let opened: OpenedStore;
    let store: Store;
    let samples: SampleRuns;

    beforeEach(async () => {
      opened = await open();
      store = opened.store;
      samples = createSampleRuns();
    });
    afterEach(() => opened.close());

    async function started(sample?: Sample): Promise<Instance> {
      const start = samples.start(sample);
      expect(await store.startInstance(start)).toEqual({ outcome: 'committed' });
      return start.instance;
    }

    async function advanced(from: Instance, sample?: Sample): Promise<Instance> {
      const transition = samples.advance(from, sample);
      expect(await store.commitTransition(transition)).toEqual({ outcome: 'committed' });
      return transition.instance;
    }

    const historyOf = async (instanceId: string) =>
      (await store.listHistory(instanceId, { limit: 1_000 })).items;

    describe('starting', () => {
      it('keeps the instance, its first entry and its definition', async () => {
        const start = samples.start({
          instance: { context: { theme: 'cats' } },
          entry: { requestId: 'key', report: { status: 'n/a' } },
        });
        expect(await store.startInstance(start)).toEqual({ outcome: 'committed' });
        const { instanceId } = start.instance;
        expect(await store.findInstance(instanceId)).toEqual(start.instance);
        expect(await store.findDefinition(start.definition.hash)).toEqual(start.definition);
        const entry = { ...start.entry, historyEntryId: expect.any(Number) };
        expect(await store.findTransition(instanceId, 0)).toEqual(entry);
        expect(await store.findRequest(instanceId, 'key')).toEqual(entry);
        expect(await store.findStartRequest('key')).toEqual(entry);
        expect(await store.recentHistory(instanceId, 10)).toEqual([entry]);
      });

      it('finds nothing where there is nothing', async () => {
        const { instanceId } = await started();
        expect(await store.findInstance('nobody')).toBeUndefined();
        expect(await store.findDefinition('nothing')).toBeUndefined();
        expect(await store.findTransition(instanceId, 1)).toBeUndefined();
        expect(await store.findRequest(instanceId, 'key')).toBeUndefined();
        expect(await store.findStartRequest('key')).toBeUndefined();
        expect(await store.recentHistory('nobody', 10)).toEqual([]);
        expect(await store.listHistory('nobody', { limit: 10 })).toEqual({ items: [] });
      });

      it('keeps one copy of a definition that two instances are pinned to', async () => {
        const definition = samples.definition();
        await started({ definition });
        await started({ definition });
        expect(await store.findDefinition(definition.hash)).toEqual(definition);
      });

      it('answers a key that was seen with the entry that took it, and writes nothing', async () => {
        const first = samples.start({ entry: { requestId: 'key' } });
        const second = samples.start({ entry: { requestId: 'key' } });
        await store.startInstance(first);
        const entry = await store.findStartRequest('key');
        expect(entry?.instanceId).toBe(first.instance.instanceId);
        expect(await store.startInstance(second)).toEqual({ outcome: 'request_seen', entry });
        expect(await store.findInstance(second.instance.instanceId)).toBeUndefined();
        expect(await store.findDefinition(second.definition.hash)).toBeUndefined();
      });

      it('leaves the key of a start free for the steps of other instances', async () => {
        await started({ entry: { requestId: 'key' } });
        const other = await started();
        await advanced(other, { entry: { requestId: 'key' } });
        expect(await store.findStartRequest('key')).toMatchObject({ kind: 'started' });
        await started({ entry: { requestId: 'another' } });
      });

      it('takes an entry that does not lead to the instance for a defect', async () => {
        const start = samples.start();
        for (const entry of [
          { instanceId: 'other' },
          { revision: 1 },
          { determinedNextStep: undefined },
          { status: 'FAILED' },
          { kind: 'belief_checked' },
          { definitionHash: 'other' },
        ] as const) {
          const params = { ...start, entry: { ...start.entry, ...entry } };
          await expect(store.startInstance(params)).rejects.toBeInstanceOf(Defect);
        }
        expect(await store.findInstance(start.instance.instanceId)).toBeUndefined();
      });
    });

    describe('a transition', () => {
      it('moves the instance and adds the entry', async () => {
        const from = await started();
        const transition = samples.advance(from, {
          instance: {
            currentStepName: 'second',
            status: 'SUSPENDED',
            statusReason: 'Enough.',
            context: { mood: 'good' },
            visits: { first: 1, second: 1 },
          },
          entry: {
            requestId: 'key',
            contextUpdates: { mood: 'good' },
            requestedNextStep: 'second',
            decision: decision({ reasoning: 'Because.' }),
            detail: { note: 1 },
          },
        });
        expect(await store.commitTransition(transition)).toEqual({ outcome: 'committed' });
        expect(await store.findInstance(from.instanceId)).toEqual(transition.instance);
        const entry = { ...transition.entry, historyEntryId: expect.any(Number) };
        expect(await store.findTransition(from.instanceId, 1)).toEqual(entry);
        expect(await store.findRequest(from.instanceId, 'key')).toEqual(entry);
        expect((await historyOf(from.instanceId)).map(({ revision }) => revision)).toEqual([0, 1]);
      });

      it('leaves absent members absent, also where there were some before', async () => {
        const from = await started();
        const suspended = await advanced(from, {
          instance: { status: 'SUSPENDED', statusReason: 'Wait.', completedAt: '2026-01-02T00:00:00.000Z' },
        });
        await advanced(suspended, {
          instance: { status: 'RUNNING', statusReason: undefined, completedAt: undefined },
          entry: { report: undefined, outcomeStatus: undefined },
        });
        const instance = await store.findInstance(from.instanceId);
        expect(Object.keys(instance ?? {})).not.toContain('statusReason');
        expect(Object.keys(instance ?? {})).not.toContain('completedAt');
        const entry = await store.findTransition(from.instanceId, 2);
        expect(Object.keys(entry ?? {})).not.toContain('report');
        expect(Object.keys(entry ?? {})).not.toContain('decision');
      });

      it('is superseded by whatever moved the instance since it was read, and then writes nothing', async () => {
        const read = await started();
        const current = await advanced(read);
        const before = await historyOf(read.instanceId);
        const definition = samples.definition();
        for (const stale of [
          samples.advance(read, { definition }),
          samples.advance({ ...current, revision: 7 }, { definition }),
        ]) {
          expect(await store.commitTransition(stale)).toEqual({ outcome: 'superseded' });
        }
        expect(await store.findInstance(read.instanceId)).toEqual(current);
        expect(await historyOf(read.instanceId)).toEqual(before);
        expect(await store.findDefinition(definition.hash)).toBeUndefined();
      });

      it('of an instance that does not exist is superseded', async () => {
        const { instance } = samples.start();
        expect(await store.commitTransition(samples.advance(instance))).toEqual({ outcome: 'superseded' });
        expect(await store.findInstance(instance.instanceId)).toBeUndefined();
      });

      it.each(['current', 'stale'])(
        'with a key that was seen is answered with its entry: %s',
        async (which) => {
          const read = await started();
          const current = await advanced(read, { entry: { requestId: 'key' } });
          const entry = await store.findRequest(read.instanceId, 'key');
          const repeat = samples.advance(which === 'current' ? current : read, {
            entry: { requestId: 'key' },
          });
          expect(await store.commitTransition(repeat)).toEqual({ outcome: 'request_seen', entry });
          expect(await store.findInstance(read.instanceId)).toEqual(current);
          expect(await historyOf(read.instanceId)).toHaveLength(2);
        },
      );

      it('may not use the key of its own start again', async () => {
        const read = await started({ entry: { requestId: 'key' } });
        const repeat = samples.advance(read, { entry: { requestId: 'key' } });
        expect(await store.commitTransition(repeat)).toMatchObject({
          outcome: 'request_seen',
          entry: { kind: 'started' },
        });
      });

      it('may use a key that another instance used', async () => {
        const [one, other] = [await started(), await started()];
        await advanced(one, { entry: { requestId: 'key' } });
        await advanced(other, { entry: { requestId: 'key' } });
        expect((await store.findRequest(other.instanceId, 'key'))?.instanceId).toBe(other.instanceId);
      });

      it('may adopt another definition, new or known', async () => {
        const first = samples.definition();
        const second = samples.definition();
        const from = await started({ definition: first });
        const adopted = await advanced(from, { definition: second, entry: { kind: 'adopted' } });
        expect(await store.findInstance(from.instanceId)).toMatchObject({ definitionHash: second.hash });
        expect(await store.findDefinition(second.hash)).toEqual(second);
        await advanced(adopted, { definition: first, entry: { kind: 'adopted' } });
        expect(await store.findInstance(from.instanceId)).toMatchObject({ definitionHash: first.hash });
        expect((await historyOf(from.instanceId)).map((entry) => entry.definitionHash)).toEqual([
          first.hash,
          second.hash,
          first.hash,
        ]);
      });

      it('that does not lead to the instance is a defect', async () => {
        const from = await started();
        const transition = samples.advance(from);
        const entry = { ...transition.entry, determinedNextStep: 'elsewhere' };
        await expect(store.commitTransition({ ...transition, entry })).rejects.toBeInstanceOf(Defect);
        expect(await store.findInstance(from.instanceId)).toEqual(from);
      });
    });

    describe('a note', () => {
      it('is added to history and moves nothing', async () => {
        const from = await started();
        const notes = [samples.note(from), samples.note(from, { kind: 'belief_checked' })];
        for (const note of notes) await store.recordNote(note);
        expect(await store.findInstance(from.instanceId)).toEqual(from);
        expect((await historyOf(from.instanceId)).slice(1)).toEqual(
          notes.map((note) => ({ ...note, historyEntryId: expect.any(Number) })),
        );
        expect(await store.findTransition(from.instanceId, 0)).toMatchObject({ kind: 'started' });
        await advanced(from);
      });

      it('neither carries a key nor leads anywhere', async () => {
        const from = await started();
        for (const entry of [
          { requestId: 'key' },
          { determinedNextStep: 'second' },
          { kind: 'advanced' },
        ] satisfies Partial<NewHistoryEntry>[]) {
          await expect(store.recordNote(samples.note(from, entry))).rejects.toBeInstanceOf(Defect);
        }
        expect(await historyOf(from.instanceId)).toHaveLength(1);
      });

      it('about an instance that does not exist is a defect', async () => {
        await expect(store.recordNote(samples.note(samples.start().instance))).rejects.toBeInstanceOf(Defect);
      });
    });

    describe('history', () => {
      /** Seven entries: notes between transitions, and one that came late, about a revision long gone. */
      async function mixedHistory(): Promise<Instance> {
        const first = await started();
        await store.recordNote(samples.note(first));
        const second = await advanced(first);
        const third = await advanced(second);
        await store.recordNote(samples.note(first));
        await store.recordNote(samples.note(third));
        return advanced(third);
      }

      it('is numbered upwards, also across instances', async () => {
        const one = await mixedHistory();
        const other = await mixedHistory();
        const entries = [...(await historyOf(one.instanceId)), ...(await historyOf(other.instanceId))];
        expect(entries.map(({ kind, revision }) => [kind, revision])).toEqual([
          ...mixedEntries,
          ...mixedEntries,
        ]);
        const ids = entries.map(({ historyEntryId }) => historyEntryId);
        expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
      });

      it.each([1, 2, 3, 6, 7, 8])('comes in pages of %i', async (limit) => {
        const { instanceId } = await mixedHistory();
        await mixedHistory();
        const pages = await allPages((page) => store.listHistory(instanceId, page), limit);
        expect(pages.flat()).toEqual(await historyOf(instanceId));
        expect(pages).toHaveLength(Math.ceil(7 / limit));
      });

      it('can be paged while it grows', async () => {
        let instance = await mixedHistory();
        const seen: HistoryEntry[] = [];
        const old = instance;
        let page: Page<HistoryEntry> = { items: [], nextCursor: undefined };
        let growth = 0;
        do {
          page = await store.listHistory(old.instanceId, { limit: 2, cursor: page.nextCursor });
          seen.push(...page.items);
          expect(seen.length).toBeLessThan(100);
          if (growth++ < 4) {
            instance = await advanced(instance);
            await store.recordNote(samples.note(old));
          }
        } while (page.nextCursor !== undefined);
        expect(seen).toEqual(await historyOf(old.instanceId));
        expect(seen).toHaveLength(15);
      });

      it.each([0, 1, 4, 7, 100])('gives the last %i entries, the oldest of them first', async (limit) => {
        const { instanceId } = await mixedHistory();
        await mixedHistory();
        const all = await historyOf(instanceId);
        expect(await store.recentHistory(instanceId, limit)).toEqual(all.slice(Math.max(0, 7 - limit)));
      });

      it.each(garbageCursors)('refuses the cursor %j', async (cursor) => {
        const { instanceId } = await started();
        await expect(store.listHistory(instanceId, { limit: 5, cursor })).rejects.toMatchObject(badCursor);
      });

      it('refuses the cursor of another listing', async () => {
        const { instanceId } = await started();
        await started();
        const { nextCursor } = await store.listInstances({}, { limit: 1 });
        await expect(store.listHistory(instanceId, { limit: 5, cursor: nextCursor })).rejects.toMatchObject(
          badCursor,
        );
      });
    });

    describe('the list of instances', () => {
      it('puts the most recently changed first', async () => {
        const one = await started();
        const two = await started();
        const three = await started();
        const moved = await advanced(one);
        const { items, nextCursor } = await store.listInstances({}, { limit: 10 });
        expect(items).toEqual([moved, three, two]);
        expect(nextCursor).toBeUndefined();
      });

      it('is the same through pages of any size, with any filter, also where times are equal', async () => {
        const kept: Instance[] = [];
        const random = seededRandom(7);
        for (let i = 0; i < 60; i++) {
          const createdAt = new Date(random(10) * 1_000).toISOString();
          const status = INSTANCE_STATUSES[random(5)] ?? 'RUNNING';
          const workflowName = `W${random(3)}`;
          kept.push(await started({ instance: { createdAt, updatedAt: createdAt, status, workflowName } }));
        }
        const workflows: InstanceFilter[] = [
          {},
          ...['W1', 'W2', 'none'].flatMap((name) => [{ workflowName: name }, { withoutWorkflow: name }]),
          // Whoever asks for a workflow gets it.
          { workflowName: 'W1', withoutWorkflow: 'W1' },
        ];
        const filters = workflows.flatMap((filter) =>
          [undefined, ...INSTANCE_STATUSES].map((status) => ({ ...filter, status })),
        );
        for (const filter of filters) {
          const expected = kept.filter(
            (instance) =>
              (filter.status ?? instance.status) === instance.status &&
              (filter.workflowName ?? instance.workflowName) === instance.workflowName &&
              (filter.workflowName !== undefined || filter.withoutWorkflow !== instance.workflowName),
          );
          for (const limit of [1, 4, 100]) {
            const listed = (await allPages((page) => store.listInstances(filter, page), limit)).flat();
            expect(byId(listed)).toEqual(byId(expected));
            const times = listed.map((instance) => instance.updatedAt);
            expect(times).toEqual([...times].sort().reverse());
          }
        }
      });

      it('shows every instance that stays as it is once, while others change and appear', async () => {
        const quiet: Instance[] = [];
        for (let i = 0; i < 10; i++) quiet.push(await started());
        let busy = await started();
        for (let i = 0; i < 10; i++) quiet.push(await started());
        const seen: Instance[] = [];
        let cursor: string | undefined;
        do {
          const page = await store.listInstances({}, { limit: 3, cursor });
          seen.push(...page.items);
          cursor = page.nextCursor;
          expect(seen.length).toBeLessThan(1_000);
          busy = await advanced(busy);
          await started();
        } while (cursor !== undefined);
        const quietIds = new Set(quiet.map(({ instanceId }) => instanceId));
        expect(byId(seen.filter(({ instanceId }) => quietIds.has(instanceId)))).toEqual(byId(quiet));
      });

      it.each(garbageCursors)('refuses the cursor %j', async (cursor) => {
        await started();
        await expect(store.listInstances({}, { limit: 5, cursor })).rejects.toMatchObject(badCursor);
      });
    });

    describe('completing an id', () => {
      it('gives those that start with it, the most recently changed first', async () => {
        const ids = ['aa-1', 'ab-2', 'aa-3', 'b-4'];
        const instances: Instance[] = [];
        for (const instanceId of ids) instances.push(await started({ instance: { instanceId } }));
        await advanced(instances[0] as Instance);
        expect(await store.completeInstanceId('aa', { limit: 10 })).toEqual(['aa-1', 'aa-3']);
        expect(await store.completeInstanceId('a', { limit: 2 })).toEqual(['aa-1', 'aa-3']);
        expect(await store.completeInstanceId('', { limit: 3 })).toEqual(['aa-1', 'b-4', 'aa-3']);
        expect(await store.completeInstanceId('aa-1', { limit: 10 })).toEqual(['aa-1']);
        expect(await store.completeInstanceId('aa-12', { limit: 10 })).toEqual([]);
        expect(await store.completeInstanceId('A', { limit: 10 })).toEqual([]);
      });

      it('leaves out the runs of a workflow, however many ids fit', async () => {
        const instance = { workflowName: 'HIDDEN' };
        for (let i = 0; i < 600; i++) await started({ instance: { ...instance, instanceId: `aa-${i}` } });
        await started({ instance: { instanceId: 'aa-shown' } });
        const withoutWorkflow = 'HIDDEN';
        for (const prefix of ['', 'aa', 'aa-s'])
          expect(await store.completeInstanceId(prefix, { limit: 10, withoutWorkflow })).toEqual([
            'aa-shown',
          ]);
        expect(await store.completeInstanceId('aa-599', { limit: 10, withoutWorkflow })).toEqual([]);
      });

      it.each(['%', '_', 'a%', "a'", '*', 'a\u{10FFFF}', '\0', '\ud800'])(
        'takes %j literally',
        async (prefix) => {
          await started({ instance: { instanceId: 'abc' } });
          expect(await store.completeInstanceId(prefix, { limit: 10 })).toEqual([]);
        },
      );

      it('keeps that order where a great many ids fit', async () => {
        const ids: string[] = [];
        for (let i = 0; i < 1_200; i++) {
          const instanceId = `${'ab'[i % 2]}-${(i * 7_919) % 10_007}`;
          ids.unshift(instanceId);
          await started({ instance: { instanceId, status: INSTANCE_STATUSES[i % 5] } });
        }
        const startingWith = (prefix: string) => ids.filter((id) => id.startsWith(prefix));
        for (const prefix of ['', 'a', 'a-1', 'b-77']) {
          expect(await store.completeInstanceId(prefix, { limit: 25 })).toEqual(
            startingWith(prefix).slice(0, 25),
          );
        }
      });
    });

    describe('completing the key of a start', () => {
      it('gives those that begin with it, in the order of their code points', async () => {
        const keys = ['ab', 'a', 'aé', 'a😀', 'a\uffff', 'a b', 'A', 'b', 'a\'"', ''];
        for (const requestId of keys) await started({ entry: { requestId } });
        await started();
        const inOrder = ['a', 'a b', 'a\'"', 'ab', 'aé', 'a\uffff', 'a😀'];
        expect(await store.completeStartRequest('a', 100)).toEqual(inOrder);
        expect(await store.completeStartRequest('a', 3)).toEqual(inOrder.slice(0, 3));
        expect(await store.completeStartRequest('a😀', 100)).toEqual(['a😀']);
        expect(await store.completeStartRequest('', 3)).toEqual(['', 'A', 'a']);
        expect(await store.completeStartRequest('abc', 100)).toEqual([]);
        expect(await store.completeStartRequest('%', 100)).toEqual([]);
      });

      it('leaves out the keys of steps', async () => {
        const instance = await started({ entry: { requestId: 'key of a start' } });
        await advanced(instance, { entry: { requestId: 'key of a step' } });
        expect(await store.completeStartRequest('key', 100)).toEqual(['key of a start']);
      });
    });

    describe('two stores on the same data', () => {
      it('let exactly one of two different transitions win, round after round', async () => {
        const other = await opened.reopen();
        let instance = await started();
        for (let round = 1; round <= 50; round++) {
          const rivals = [samples.advance(instance), samples.advance(instance)] as const;
          const outcomes = await Promise.all([
            store.commitTransition(rivals[0]),
            other.commitTransition(rivals[1]),
          ]);
          expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['committed', 'superseded']);
          instance = rivals[outcomes[0].outcome === 'committed' ? 0 : 1].instance;
          expect(await other.findInstance(instance.instanceId)).toEqual(instance);
        }
        const revisions = (await historyOf(instance.instanceId)).map(({ revision }) => revision);
        expect(revisions).toEqual(Array.from({ length: 51 }, (_, revision) => revision));
      });

      it('take a key once', async () => {
        const other = await opened.reopen();
        const instance = await started();
        const call = () => samples.advance(instance, { entry: { requestId: 'key' } });
        const outcomes = await Promise.all([store.commitTransition(call()), other.commitTransition(call())]);
        expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['committed', 'request_seen']);
        expect(await historyOf(instance.instanceId)).toHaveLength(2);
      });

      it('take the key of a start once', async () => {
        const other = await opened.reopen();
        const call = () => samples.start({ entry: { requestId: 'key' } });
        const outcomes = await Promise.all([store.startInstance(call()), other.startInstance(call())]);
        expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['committed', 'request_seen']);
        expect((await store.listInstances({}, { limit: 10 })).items).toHaveLength(1);
      });
    });

    it('keeps everything when it is closed and opened again', async () => {
      const definition = samples.definition();
      const first = await started({ definition, entry: { requestId: 'start' } });
      const instance = await advanced(first, { entry: { requestId: 'key', decision: decision({}) } });
      await store.recordNote(samples.note(instance));
      const before = await historyOf(instance.instanceId);
      await store.close();
      const again = await opened.reopen();
      expect(await again.findInstance(instance.instanceId)).toEqual(instance);
      expect(await again.findDefinition(definition.hash)).toEqual(definition);
      expect((await again.listHistory(instance.instanceId, { limit: 10 })).items).toEqual(before);
      expect(await again.findRequest(instance.instanceId, 'key')).toEqual(before[1]);
      const next = samples.advance(instance);
      expect(await again.commitTransition(next)).toEqual({ outcome: 'committed' });
      const ids = (await again.listHistory(instance.instanceId, { limit: 10 })).items.map(
        (e) => e.historyEntryId,
      );
      expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    });

    describe('values', () => {
      it('come back as the same JSON text', async () => {
        const json = fc.dictionary(
          fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', '$.a', '"')),
          fc.jsonValue({ stringUnit: 'binary' }),
        ) as fc.Arbitrary<JsonObject>;
        await fc.assert(
          fc.asyncProperty(json, json, json, async (one, two, three) => {
            const from = await started({ instance: { context: one } });
            const transition = samples.advance(from, {
              instance: { context: two },
              entry: {
                report: { ...two, status: 'success' },
                contextUpdates: three,
                detail: one,
                decision: decision({ updatedContext: [{ key: '__proto__', value: three }] }),
              },
            });
            await store.commitTransition(transition);
            const instance = await store.findInstance(from.instanceId);
            const entry = await store.findTransition(from.instanceId, 1);
            expect(JSON.stringify(instance?.context)).toBe(JSON.stringify(two));
            for (const member of ['report', 'contextUpdates', 'detail', 'decision'] as const) {
              expect(JSON.stringify(entry?.[member])).toBe(JSON.stringify(transition.entry[member]));
            }
          }),
          { numRuns: 200 },
        );
      });

      it.each([
        '{"__proto__":{"polluted":true},"constructor":null}',
        '{"high":"\\ud800","low":"\\udc00","pair":"😀","nul":"\\u0000"}',
        '{"numbers":[1e+308,5e-324,9007199254740993,0.1,-1e-7,1e+21]}',
        '{"b":1,"a":2,"10":3,"9":4}',
        '{"":{"":[[],{},null,""]}}',
      ])('are not changed: %s', async (text) => {
        const context = JSON.parse(text) as JsonObject;
        const { instanceId } = await started({ instance: { context } });
        const found = await store.findInstance(instanceId);
        expect(JSON.stringify(found?.context)).toBe(JSON.stringify(context));
        expect(Object.getPrototypeOf(found?.context)).toBe(Object.prototype);
      });

      it('may be as large as the limits allow', async () => {
        const definition = samples.definition({ goal: 'g'.repeat(4 * 1024 * 1024) });
        const context = { text: 'ä'.repeat(512 * 1024) };
        const from = await started({ definition, instance: { context } });
        await advanced(from, { entry: { report: { status: 'success', log: 'x'.repeat(256 * 1024) } } });
        expect((await store.findInstance(from.instanceId))?.context).toEqual(context);
        expect(await store.findDefinition(definition.hash)).toEqual(definition);
        const [entry] = await store.recentHistory(from.instanceId, 1);
        expect(entry?.report?.log).toHaveLength(256 * 1024);
      });

      it('that are plain text come back as they are', async () => {
        const text = fc.string({ unit: 'binary' }).filter((value) => !unstorable.test(value));
        await fc.assert(
          fc.asyncProperty(text, text, async (one, two) => {
            const from = await started();
            const transition = samples.advance(from, {
              instance: { statusReason: two, currentStepName: one },
              entry: { outcomeStatus: one, requestedNextStep: two, requestId: one },
            });
            await store.commitTransition(transition);
            expect(await store.findInstance(from.instanceId)).toEqual(transition.instance);
            expect(await store.findRequest(from.instanceId, one)).toEqual({
              ...transition.entry,
              historyEntryId: expect.any(Number),
            });
          }),
          { numRuns: 100 },
        );
      });

      it.each(['half \ud83d', '\udc00', 'nul \0'])(
        'that no database can hold as text are refused: %j',
        async (text) => {
          const from = await started();
          for (const entry of [{ requestId: text }, { outcomeStatus: text }, { requestedNextStep: text }]) {
            const transition = samples.advance(from, { entry });
            await expect(store.commitTransition(transition)).rejects.toMatchObject({
              code: 'INVALID_ARGUMENT',
            });
          }
          expect(await store.findInstance(from.instanceId)).toEqual(from);
          expect(await historyOf(from.instanceId)).toHaveLength(1);
        },
      );
    });
  });
}

const mixedEntries = [
  ['started', 0],
  ['decision_failed', 0],
  ['advanced', 1],
  ['advanced', 2],
  ['decision_failed', 0],
  ['decision_failed', 2],
  ['advanced', 3],
];

const unstorable = /[\0\p{Surrogate}]/u;

function decision(members: Partial<DecisionRecord>): DecisionRecord {
  return { nextStepName: 'second', updatedContext: [], decider: 'stub', candidates: ['second'], ...members };
}

function byId(instances: readonly Instance[]): readonly Instance[] {
  return [...instances].sort((one, other) => (one.instanceId < other.instanceId ? -1 : 1));
}

/** A linear congruential generator: the same numbers below `end` in every run. */
function seededRandom(seed: number): (end: number) => number {
  let state = seed;
  return (end) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * end);
  };
}

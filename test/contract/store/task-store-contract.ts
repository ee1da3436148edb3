import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLOSED_BREAKER } from '../../../src/domain/circuit-breaker.ts';
import { Defect, Fault } from '../../../src/domain/errors.ts';
import type { JsonObject, JsonValue } from '../../../src/domain/json.ts';
import { type NewTask, TASK_STATUSES, type Task } from '../../../src/domain/task.ts';
import type { TaskChange, TaskStore } from '../../../src/store/task-store.ts';
import { sampleTask } from '../../support/sample-tasks.ts';
import { allPages, badCursor, garbageCursors } from './paging.ts';

/** A task store with nothing in it, and the means to look at the same data again. */
export interface OpenedTaskStore {
  readonly tasks: TaskStore;
  /** Another store on the same data, as another process would have it. */
  reopen(): Promise<TaskStore>;
  /** Closes every store that is open, and leaves the data. */
  closeStores(): Promise<void>;
  /** Closes every store and takes the data away. */
  close(): Promise<void>;
}

/** Everything that the port promises; each implementation of it runs this suite. */
export function describeTaskStoreContract(name: string, open: () => Promise<OpenedTaskStore>): void {
  describe(`the task store contract: ${name}`, () => {
    let opened: OpenedTaskStore;
    let store: TaskStore;

    beforeEach(async () => {
      opened = await open();
      store = opened.tasks;
    });
    afterEach(() => opened.close());

    async function added(...tasks: readonly Partial<NewTask>[]): Promise<readonly Task[]> {
      return (await store.addTasks({ tasks: tasks.map(sampleTask) })).tasks;
    }

    const all = async () => (await store.listTasks({}, { limit: 10_000 })).items;
    const idsOf = (tasks: readonly Task[]) => tasks.map(({ id }) => id);

    describe('adding', () => {
      it('numbers tasks in their order and keeps them', async () => {
        const full = sampleTask({
          status: 'completed',
          priority: 1,
          attempts: 2,
          maxAttempts: 7,
          fencingToken: 4,
          runNumber: 2,
          result: { ok: true },
          error: 'It broke.',
          feedback: 'Be careful.',
          workflowName: 'W',
          context: { a: 1 },
          leaseExpiresAt: '2026-01-01T00:01:00.000Z',
          instanceId: 'instance-1',
          startedAt: '2026-01-01T00:00:01.000Z',
          completedAt: '2026-01-01T00:00:02.000Z',
        });
        const plain = sampleTask();
        const { tasks, replayed } = await store.addTasks({ tasks: [full, plain] });
        expect(replayed).toBe(false);
        expect(tasks).toStrictEqual([
          { ...full, id: 'task-001' },
          { ...plain, id: 'task-002' },
        ]);
        for (const task of tasks) expect(await store.findTask(task.id)).toStrictEqual(task);
        expect(idsOf(await added({ priority: 1 }))).toEqual(['task-003']);
      });

      it('goes on past three digits', async () => {
        const tasks = await added(...Array.from({ length: 1_001 }, () => ({})));
        expect(idsOf(tasks).slice(-3)).toEqual(['task-999', 'task-1000', 'task-1001']);
        expect(await store.findTask('task-1001')).toEqual(tasks.at(-1));
        expect(idsOf(await all()).slice(-3)).toEqual(['task-999', 'task-1000', 'task-1001']);
      });

      it('keeps all of them or none', async () => {
        const tasks = [sampleTask(), sampleTask({ description: 'nul \0' })];
        await expect(store.addTasks({ tasks, requestId: 'key' })).rejects.toMatchObject({
          code: 'INVALID_ARGUMENT',
        });
        expect(await all()).toEqual([]);
        expect(await store.addTasks({ tasks: [], requestId: 'key' })).toEqual({ tasks: [], replayed: false });
        expect((await store.addTasks({ tasks: [sampleTask()], requestId: 'key' })).replayed).toBe(false);
      });

      it.each(['half \ud83d', '\udc00', 'nul \0'])(
        'refuses a key that no database can hold: %j',
        async (text) => {
          await store.addTasks({
            tasks: [sampleTask()],
            requestId: text.replace(/[\0\p{Surrogate}]/u, '\ufffd'),
          });
          const call = store.addTasks({ tasks: [sampleTask()], requestId: text });
          await expect(call).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
          expect(await all()).toHaveLength(1);
        },
      );

      it('under a key that was seen answers with what was added then, as it is now', async () => {
        const first = await store.addTasks({ tasks: [sampleTask(), sampleTask()], requestId: 'key' });
        await store.addTasks({ tasks: [sampleTask()], requestId: 'other' });
        await added({});
        const claimed = await store.claimTask(begin);
        const again = await store.addTasks({ tasks: [sampleTask({ priority: 1 })], requestId: 'key' });
        expect(again).toEqual({ tasks: [claimed, first.tasks[1]], replayed: true });
        expect(await all()).toHaveLength(4);
      });

      it('knows a key after its tasks were removed, and of these no more than that they were completed', async () => {
        const large = { description: 'secret', context: { a: 1 }, result: ['secret'], workflowName: 'W' };
        const call = {
          tasks: [sampleTask(large), sampleTask()],
          requestId: 'key',
          requestHash: 'first',
        };
        expect(await store.addTasks(call)).not.toHaveProperty('requestHash');
        await store.changeTasks(['task-001'], complete);
        expect(await store.removeCompletedTasks()).toBe(1);
        for (const requestHash of ['first', 'other']) {
          const again = await store.addTasks({ ...call, requestHash });
          expect(again).toMatchObject({ replayed: true, requestHash: 'first' });
          expect(again.tasks).toMatchObject([
            { id: 'task-001', status: 'completed', description: '(cleared)' },
            { id: 'task-002', status: 'pending', description: sampleTask().description },
          ]);
          expect(JSON.stringify(again.tasks[0])).not.toContain('secret');
          for (const member of ['context', 'result', 'workflowName', 'requestHash'])
            expect(again.tasks[0]).not.toHaveProperty(member);
        }
        await store.changeTasks(['task-002'], complete);
        expect(await store.removeCompletedTasks()).toBe(1);
        const last = await store.addTasks(call);
        expect([idsOf(last.tasks), last.replayed]).toEqual([['task-001', 'task-002'], true]);
      });

      it('shows removed tasks to nobody else', async () => {
        await store.addTasks({ tasks: [sampleTask(), sampleTask()], requestId: 'key' });
        await store.changeTasks(['task-001', 'task-002'], (tasks) => complete(tasks));
        await store.removeCompletedTasks();
        expect(await all()).toEqual([]);
        for (const status of TASK_STATUSES)
          expect((await store.listTasks({ status }, { limit: 9 })).items).toEqual([]);
        expect(await store.findTask('task-001')).toBeUndefined();
        expect(await store.changeAllTasks((task) => ({ ...task, status: 'pending' }))).toBe(0);
        expect(await store.countTasks()).toEqual({ pending: 0, in_progress: 0, completed: 0, failed: 0 });
        expect(await store.removeCompletedTasks()).toBe(0);
        expect(await store.nextTask()).toBeUndefined();
      });

      it('takes a key once, though two stores see it at once', async () => {
        const other = await opened.reopen();
        const calls = [store, other, store, other].map((each) =>
          each.addTasks({ tasks: [sampleTask()], requestId: 'key' }),
        );
        const outcomes = await Promise.all(calls);
        expect(outcomes.filter(({ replayed }) => !replayed)).toHaveLength(1);
        expect(outcomes.map(({ tasks }) => idsOf(tasks))).toEqual(outcomes.map(() => ['task-001']));
      });
    });

    it.each([
      'task-002',
      'task-999999999999999',
      'task-9999999999999999',
      '',
      'task-',
      'task-001x',
      'task--01',
      "task-001' OR 1=1",
      '\0',
      '\ud800',
    ])('finds nothing under the id %j', async (id) => {
      await added({});
      expect(await store.findTask(id)).toBeUndefined();
      let given: readonly (Task | undefined)[] = [];
      const change = store.changeTasks([id], (tasks) => {
        given = tasks;
        throw new Fault('TASK_NOT_FOUND', 'There is none.');
      });
      await expect(change).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
      expect(given).toEqual([undefined]);
    });

    describe('the next task', () => {
      it('is the pending one with the lowest priority number, then the oldest', async () => {
        expect(await store.nextTask()).toBeUndefined();
        await added(
          { priority: 1, status: 'in_progress' },
          { priority: 1, status: 'completed' },
          { priority: 1, status: 'failed' },
          { priority: 10 },
          { priority: 2 },
          { priority: 2 },
        );
        expect((await store.nextTask())?.id).toBe('task-005');
        expect((await store.nextTask())?.id).toBe('task-005');
      });

      it('is claimed in that order', async () => {
        await added({ priority: 10 }, { priority: 2 }, { priority: 5 }, { priority: 2 });
        const claimed: (Task | undefined)[] = [];
        for (let claim = 0; claim < 5; claim++) claimed.push(await store.claimTask(begin));
        expect(claimed.map((task) => task?.id)).toEqual([
          'task-002',
          'task-004',
          'task-003',
          'task-001',
          undefined,
        ]);
        expect(claimed[0]).toMatchObject({ status: 'in_progress', attempts: 1, fencingToken: 1 });
        for (const task of claimed.slice(0, 4)) expect(await store.findTask(task?.id ?? '')).toEqual(task);
      });

      const claimUnder =
        (claimKey?: string): TaskChange =>
        (task) => ({ ...begin(task), claimKey });

      it('is claimed once under a key, as long as that task is in progress', async () => {
        const other = await opened.reopen();
        await added({}, {}, {});
        const first = await store.claimTask(claimUnder('key'), 'key');
        expect(first).toMatchObject({ id: 'task-001', claimKey: 'key' });
        expect(await other.claimTask(claimUnder('key'), 'key')).toEqual(first);
        expect((await store.claimTask(claimUnder('other'), 'other'))?.id).toBe('task-002');
        expect((await store.claimTask(claimUnder()))?.id).toBe('task-003');
        // None is pending any more, and the repeat still gets its own.
        expect(await other.claimTask(claimUnder('key'), 'key')).toEqual(first);
        expect(await store.claimTask(claimUnder('new'), 'new')).toBeUndefined();
        await store.changeTasks(['task-001'], complete);
        expect(await store.claimTask(claimUnder('key'), 'key')).toBeUndefined();
      });

      it('is claimed once under a key, though two stores see it at once', async () => {
        const other = await opened.reopen();
        await added(...Array.from({ length: 9 }, () => ({})));
        const claims = Array.from({ length: 8 }, (_, i) =>
          (i % 2 === 0 ? store : other).claimTask(claimUnder('key'), 'key'),
        );
        expect(new Set((await Promise.all(claims)).map((task) => task?.id))).toEqual(new Set(['task-001']));
      });

      it('goes to one of the workers that ask at once', async () => {
        const other = await opened.reopen();
        const count = 200;
        const tasks = await added(...Array.from({ length: count }, (_, i) => ({ priority: 1 + (i % 10) })));
        const claims: Promise<Task | undefined>[] = [];
        for (let claim = 0; claim < count + 20; claim++)
          claims.push((claim % 2 === 0 ? store : other).claimTask(begin));
        const claimed = (await Promise.all(claims)).filter((task) => task !== undefined);
        expect(idsOf(claimed).sort()).toEqual(idsOf(tasks).sort());
        expect(claimed.every(({ fencingToken }) => fencingToken === 1)).toBe(true);
        expect(await store.countTasks()).toMatchObject({ pending: 0, in_progress: count });
      });
    });

    describe('a change', () => {
      it('may set and take away every member but the id', async () => {
        const [task] = await added({
          priority: 3,
          feedback: 'Better.',
          leaseExpiresAt: 'x',
          context: { a: 1 },
        });
        const changed: Task = {
          ...sampleTask({ description: 'Else.', status: 'failed', priority: 7, error: 'No.', result: [1] }),
          attempts: 3,
          maxAttempts: 3,
          fencingToken: 9,
          runNumber: 2,
          instanceId: 'i',
          updatedAt: '2026-02-01T00:00:00.000Z',
          completedAt: '2026-02-01T00:00:00.000Z',
          id: task?.id ?? '',
        };
        expect(await store.changeTasks([changed.id], () => [changed])).toEqual([changed]);
        expect(await store.findTask(changed.id)).toStrictEqual(changed);
      });

      it('of several gets them as they were asked for', async () => {
        const [one, two] = await added({}, {});
        const ids = ['task-002', 'task-777', 'task-001'];
        const refusal = new Fault('TASK_NOT_FOUND', 'There is no task-777.');
        const change = store.changeTasks(ids, (tasks) => {
          expect(tasks).toEqual([two, undefined, one]);
          throw refusal;
        });
        await expect(change).rejects.toBe(refusal);
        const changed = await store.changeTasks(['task-002', 'task-001'], complete);
        expect(idsOf(changed)).toEqual(['task-002', 'task-001']);
        expect(await all()).toEqual([...changed].reverse());
        expect(await store.changeTasks([], () => [])).toEqual([]);
      });

      const failing = new RangeError('of the caller');
      const fail = (): never => {
        throw failing;
      };
      const failAt =
        (id: string): TaskChange =>
        (task) =>
          task.id === id ? fail() : begin(task);

      it.each<[string, () => Promise<unknown>]>([
        ['of the next', () => store.claimTask(fail)],
        ['of some', () => store.changeTasks(['task-001', 'task-002'], fail)],
        [
          'of those that expired',
          () => store.changeExpiredTasks({ now: 'z', limit: 9, change: failAt('task-004') }),
        ],
        ['of all', () => store.changeAllTasks(failAt('task-003'))],
        ['of the breaker', () => store.changeBreaker(fail)],
      ])('%s that throws writes nothing, and its caller gets what it threw', async (_, change) => {
        const lease = { status: 'in_progress', leaseExpiresAt: 'a' } as const;
        const before = await added({}, {}, lease, lease);
        await expect(change()).rejects.toBe(failing);
        expect(await all()).toEqual(before);
        expect(await store.findBreaker()).toEqual(CLOSED_BREAKER);
        // The store has not got stuck in a transaction.
        expect((await store.claimTask(begin))?.id).toBe('task-001');
      });

      it('to something that cannot be kept changes none of them', async () => {
        const before = await added({}, {});
        const change = store.changeTasks(idsOf(before), (tasks) =>
          complete(tasks).map((task) => (task.id === 'task-002' ? { ...task, feedback: '\ud800' } : task)),
        );
        await expect(change).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
        expect(await all()).toEqual(before);
      });

      it('may not make another task of a task', async () => {
        const before = await added({}, {});
        const [one, two] = before as [Task, Task];
        const changes: readonly ((tasks: readonly (Task | undefined)[]) => readonly Task[])[] = [
          () => [],
          () => [one],
          () => [two, one],
          () => [one, two, two],
        ];
        for (const change of changes)
          await expect(store.changeTasks(idsOf(before), change)).rejects.toBeInstanceOf(Defect);
        await expect(store.changeTasks(['task-003'], () => [two])).rejects.toBeInstanceOf(Defect);
        await expect(store.claimTask(() => two)).rejects.toBeInstanceOf(Defect);
        expect(await all()).toEqual(before);
      });

      it('is never lost to another one', async () => {
        const other = await opened.reopen();
        await added({ attempts: 0 });
        const raise = (each: TaskStore) =>
          each.changeTasks(['task-001'], ([task]) => [
            { ...(task as Task), attempts: (task?.attempts ?? 0) + 1 },
          ]);
        await Promise.all(Array.from({ length: 100 }, (_, i) => raise(i % 2 === 0 ? store : other)));
        expect(await store.findTask('task-001')).toMatchObject({ attempts: 100 });
      });

      it('of all tasks reaches every one, however many there are', async () => {
        expect(await store.changeAllTasks(begin)).toBe(0);
        const count = 1_203;
        await added(...Array.from({ length: count }, (_, i) => ({ status: TASK_STATUSES[i % 4] })));
        expect(await store.changeAllTasks((task) => ({ ...task, priority: 9, status: 'pending' }))).toBe(
          count,
        );
        expect(await store.countTasks()).toMatchObject({ pending: count });
        expect((await all()).every(({ priority }) => priority === 9)).toBe(true);
      });
    });

    describe('tasks whose lease ended', () => {
      const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`;
      const leased = (second: number) => ({ status: 'in_progress', leaseExpiresAt: at(second) }) as const;
      const giveBack: TaskChange = ({ leaseExpiresAt, ...task }) => ({ ...task, status: 'pending' });

      it('are changed, the one that ended first first, up to the limit', async () => {
        await added(leased(30), leased(10), leased(20), leased(10), leased(31), leased(5));
        const changed = await store.changeExpiredTasks({ now: at(30), limit: 3, change: giveBack });
        expect(idsOf(changed)).toEqual(['task-006', 'task-002', 'task-004']);
        expect(await store.findTask('task-006')).toEqual(changed[0]);
        const rest = await store.changeExpiredTasks({ now: at(30), limit: 3, change: giveBack });
        expect(idsOf(rest)).toEqual(['task-003', 'task-001']);
        expect(await store.changeExpiredTasks({ now: at(30), limit: 3, change: giveBack })).toEqual([]);
        expect(await store.countTasks()).toMatchObject({ pending: 5, in_progress: 1 });
      });

      it('are only those in progress, with a lease', async () => {
        const before = await added(
          { status: 'in_progress' },
          ...(['pending', 'completed', 'failed'] as const).map((status) => ({ ...leased(1), status })),
        );
        expect(await store.changeExpiredTasks({ now: at(59), limit: 9, change: giveBack })).toEqual([]);
        expect(await all()).toEqual(before);
      });

      it('are taken back once, though two stores look at once', async () => {
        const other = await opened.reopen();
        await added(...Array.from({ length: 40 }, (_, i) => leased(i)));
        const sweeps = Array.from({ length: 20 }, (_, i) =>
          (i % 2 === 0 ? store : other).changeExpiredTasks({ now: at(59), limit: 3, change: giveBack }),
        );
        const ids = (await Promise.all(sweeps)).flatMap(idsOf);
        expect(ids).toHaveLength(40);
        expect(new Set(ids).size).toBe(40);
      });
    });

    describe('removing completed tasks', () => {
      it('leaves the others', async () => {
        await added({ status: 'completed' }, {}, { status: 'completed' }, { status: 'failed' });
        expect(await store.removeCompletedTasks()).toBe(2);
        expect(idsOf(await all())).toEqual(['task-002', 'task-004']);
        expect(await store.removeCompletedTasks()).toBe(0);
      });

      it('gives their ids to no other task, also after everything was closed', async () => {
        await added({ status: 'completed' }, { status: 'completed' });
        await store.removeCompletedTasks();
        expect(idsOf(await added({ status: 'completed' }))).toEqual(['task-003']);
        await store.removeCompletedTasks();
        await opened.closeStores();
        store = await opened.reopen();
        expect(idsOf(await added({}))).toEqual(['task-004']);
      });
    });

    describe('the list', () => {
      const inOrder = (one: Task, other: Task) =>
        one.priority - other.priority || Number(one.id.slice(5)) - Number(other.id.slice(5));

      it.each([undefined, ...TASK_STATUSES])(
        'is in the order of taking, through pages of any size: %s',
        async (status) => {
          const tasks = await added(
            ...Array.from({ length: 60 }, (_, i) => ({
              priority: 1 + ((i * 7) % 10),
              status: TASK_STATUSES[(i * 5 + (i >> 3)) % 4],
            })),
          );
          const expected = tasks.filter((task) => task.status === (status ?? task.status)).sort(inOrder);
          expect(expected.length).toBeGreaterThan(10);
          for (const limit of [1, 4, 59, 60, 100]) {
            const pages = await allPages((page) => store.listTasks({ status }, page), limit);
            expect(pages.flat()).toEqual(expected);
            expect(pages).toHaveLength(Math.ceil(expected.length / limit));
          }
        },
      );

      it('of nothing is empty', async () => {
        expect(await store.listTasks({}, { limit: 5 })).toEqual({ items: [] });
        expect(await store.listTasks({ status: 'failed' }, { limit: 5 })).toEqual({ items: [] });
      });

      it('cuts what is large, and says what', async () => {
        const long = 'é'.repeat(51);
        await added(
          { description: long, error: long, feedback: long, context: { a: long }, result: [long] },
          { description: 'x'.repeat(100), context: { a: 'x'.repeat(92) }, result: null },
        );
        const cut = `${'é'.repeat(25)}…`;
        const { items } = await store.listTasks({}, { limit: 9, memberBytesMax: 100 });
        expect(items[0]).toMatchObject({ description: cut, error: cut, feedback: cut });
        expect(items[0]?.cut).toEqual(['description', 'error', 'feedback', 'context', 'result']);
        expect(items[0]).not.toHaveProperty('context');
        expect(items[0]).not.toHaveProperty('result');
        expect(items[1]).toStrictEqual(await store.findTask('task-002'));
      });

      it('ends a page where it would be too large, and goes on there', async () => {
        await added(...Array.from({ length: 5 }, () => ({ description: 'x'.repeat(1_000) })));
        for (const bytesMax of [1, 2_999, 10_000]) {
          const pages = await allPages((page) => store.listTasks({}, { ...page, bytesMax }), 4);
          expect(pages.flatMap(idsOf)).toEqual(idsOf(await all()));
          expect(pages[0]).toHaveLength({ 1: 1, 2999: 2, 10000: 4 }[bytesMax] ?? 0);
        }
      });

      it('shows every task that stays as it is once, while others change, come and go', async () => {
        const quiet = await added(...Array.from({ length: 10 }, () => ({ status: 'failed' as const })));
        const seen: Task[] = [];
        let cursor: string | undefined;
        do {
          const page = await store.listTasks({}, { limit: 3, cursor });
          seen.push(...page.items);
          cursor = page.nextCursor;
          expect(seen.length).toBeLessThan(1_000);
          await added({ priority: 1 }, { status: 'completed' });
          await store.claimTask((task) => ({ ...task, status: 'in_progress' }));
          await store.removeCompletedTasks();
        } while (cursor !== undefined);
        expect(seen.filter(({ status }) => status === 'failed')).toEqual(quiet);
      });

      it.each(garbageCursors)('refuses the cursor %j', async (cursor) => {
        await added({});
        await expect(store.listTasks({}, { limit: 5, cursor })).rejects.toMatchObject(badCursor);
      });
    });

    it('counts the tasks of every status', async () => {
      expect(await store.countTasks()).toEqual({ pending: 0, in_progress: 0, completed: 0, failed: 0 });
      await added({}, { status: 'completed' }, {}, { status: 'failed' }, { status: 'completed' }, {});
      expect(await store.countTasks()).toEqual({ pending: 3, in_progress: 0, completed: 2, failed: 1 });
    });

    describe('the circuit breaker', () => {
      it('is a closed one at first, and then what it was changed to', async () => {
        expect(await store.findBreaker()).toEqual(CLOSED_BREAKER);
        const open = { state: 'open', failuresInRow: 3, openedAt: '2026-01-01T00:00:00.000Z' } as const;
        const half = { state: 'half_open', failuresInRow: 3, trialExpiresAt: 'x' } as const;
        for (const breaker of [open, half, CLOSED_BREAKER, open]) {
          expect(await store.changeBreaker(() => breaker)).toEqual(breaker);
          expect(await store.findBreaker()).toStrictEqual(breaker);
        }
      });

      it('loses no change to another store', async () => {
        const other = await opened.reopen();
        const fail = (each: TaskStore) =>
          each.changeBreaker((breaker) => ({ ...breaker, failuresInRow: breaker.failuresInRow + 1 }));
        await Promise.all(Array.from({ length: 60 }, (_, i) => fail(i % 2 === 0 ? store : other)));
        expect(await store.findBreaker()).toEqual({ state: 'closed', failuresInRow: 60 });
      });
    });

    it('keeps everything when it is closed and opened again', async () => {
      const first = await store.addTasks({ tasks: [sampleTask(), sampleTask()], requestId: 'key' });
      await store.claimTask(begin);
      await store.changeBreaker((breaker) => ({ ...breaker, failuresInRow: 2 }));
      const before = await all();
      await opened.closeStores();
      store = await opened.reopen();
      expect(await all()).toEqual(before);
      expect((await store.findBreaker()).failuresInRow).toBe(2);
      const again = await store.addTasks({ tasks: [], requestId: 'key' });
      expect([idsOf(again.tasks), again.replayed]).toEqual([idsOf(first.tasks), true]);
      expect((await store.claimTask(begin))?.id).toBe('task-002');
    });

    describe('values', () => {
      it('come back as the same JSON text', async () => {
        const value = fc.jsonValue({ stringUnit: 'binary' }) as fc.Arbitrary<JsonValue>;
        const context = fc.dictionary(
          fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', '$.a', '"')),
          value,
        ) as fc.Arbitrary<JsonObject>;
        await fc.assert(
          fc.asyncProperty(context, value, async (given, result) => {
            const [task] = await added({ context: given, result });
            const found = await store.findTask(task?.id ?? '');
            for (const each of [task, found]) {
              expect(JSON.stringify(each?.context)).toBe(JSON.stringify(given));
              expect(JSON.stringify(each?.result)).toBe(JSON.stringify(result));
            }
          }),
          { numRuns: 200 },
        );
      });

      it.each<{ result: JsonValue }>([
        { result: null },
        { result: false },
        { result: 0 },
        { result: '' },
        { result: [] },
        { result: {} },
      ])('may be $result, which is not the same as absent', async ({ result }) => {
        await added({ result }, {});
        const [one, two] = await all();
        expect(one).toHaveProperty('result', result);
        expect(two).not.toHaveProperty('result');
      });

      it('that are plain text come back as they are', async () => {
        const text = fc.string({ unit: 'binary' }).filter((value) => !/[\0\p{Surrogate}]/u.test(value));
        await fc.assert(
          fc.asyncProperty(text, text, async (one, two) => {
            const given = { description: one, error: two, feedback: one, workflowName: two, instanceId: one };
            const [task] = await added(given);
            expect(await store.findTask(task?.id ?? '')).toStrictEqual({
              ...sampleTask(given),
              id: task?.id,
            });
          }),
          { numRuns: 100 },
        );
      });
    });
  });
}

const begin: TaskChange = (task) => ({
  ...task,
  status: 'in_progress',
  attempts: task.attempts + 1,
  fencingToken: task.fencingToken + 1,
});

function complete(tasks: readonly (Task | undefined)[]): readonly Task[] {
  return tasks.map((task) => ({ ...(task as Task), status: 'completed', completedAt: task?.updatedAt }));
}

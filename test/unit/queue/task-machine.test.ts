import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { Fault } from '../../../src/domain/errors.ts';
import type { Task } from '../../../src/domain/task.ts';
import { changeTask } from '../../../src/queue/change-task.ts';
import { failAttempt, rejectResult, releaseTask } from '../../../src/queue/task-changes.ts';
import type { HeldTask } from '../../../src/queue/task-item.ts';
import { openQueue, type QueueOnFile } from '../../support/queue-on-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';

const SEED = Number(process.env.SEED ?? 1);
const RUNS = 100;
const LEASE_SECONDS = 60;

const pick = fc.nat(99);
const door = fc.nat(1);
const command = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('add'),
      maxAttempts: fc.integer({ min: 1, max: 3 }),
      priority: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('claim'), door }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('start'), door, pick, leased: fc.boolean() }) },
  // A worker that was away for long, or crashed and came back, shows whatever token it had.
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('renew'), door, pick }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('complete'), door, pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail'), door, pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reject'), door, pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail_attempt'), door, pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release'), door, pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('retry'), door, pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('complete_without_token'), door, pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('read'), door }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('elapse'), ms: fc.constantFrom(1, 30_000, 59_999, 60_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart'), door }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset') }) },
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

/** A task in some worker's hands, as that worker sees it: it need not be so any more. */
interface Hand {
  readonly task: HeldTask;
  readonly leased: boolean;
}

/** What is known of a task from outside. */
interface Known {
  /** The hand that has it; undefined where it was taken back or ended. */
  holder: Hand | undefined;
  completions: number;
  highestToken: number;
  highestRun: number;
}

test('whatever workers do: nothing is completed twice, above max_attempts, or by one who lost it', async () => {
  const folder = temporaryFolder();
  const time = createVirtualTime();
  const doors = [await openQueue({ folder, time }), await openQueue({ folder, time })];
  onTestFinished(async () => {
    for (const each of doors) await each.close();
  });
  const counts: Record<string, number> = {};
  const reopen = async (index: number) => {
    await doors[index]?.close();
    doors[index] = await openQueue({ folder, time });
  };
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 40, size: 'max' }), async (commands) => {
      await sweep(doors[0]);
      const run = createRun({ doorAt: (index) => doors[index] as QueueOnFile, reopen, counts });
      for (const each of commands) {
        await run.execute(each);
        await run.check();
      }
    }),
    { numRuns: RUNS, seed: SEED },
  );
  for (const outcome of [
    'completed',
    'replayed',
    'LEASE_LOST',
    'TASK_STATUS_INVALID',
    'FENCING_TOKEN_REQUIRED',
  ])
    expect(counts[outcome], outcome).toBeGreaterThan(0);
});

/** Nothing of the run before is left. */
async function sweep(file: QueueOnFile | undefined): Promise<void> {
  await file?.stores.tasks.changeAllTasks((task) => ({ ...task, status: 'completed' }));
  await file?.queue.clearCompleted();
}

interface RunParams {
  readonly doorAt: (index: number) => QueueOnFile;
  readonly reopen: (index: number) => Promise<void>;
  readonly counts: Record<string, number>;
}

function createRun({ doorAt, reopen, counts }: RunParams) {
  const known = new Map<string, Known>();
  const hands: Hand[] = [];
  const { clock, elapse } = doorAt(0).time;

  const of = (id: string): Known => {
    const found = known.get(id);
    if (found === undefined) throw new Error(`nobody added ${id}`);
    return found;
  };
  const one = <Item>(items: readonly Item[], at: number): Item | undefined =>
    items.length === 0 ? undefined : items[at % items.length];
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };

  /** The code of the fault that the work ended with. */
  async function outcomeOf(work: Promise<unknown>): Promise<string | undefined> {
    try {
      await work;
      return undefined;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      count(error.code);
      return error.code;
    }
  }

  function isOver({ task }: Hand): boolean {
    return task.lease_expires_at !== undefined && task.lease_expires_at <= clock.now();
  }

  function take(task: HeldTask, leased: boolean): void {
    const { holder } = of(task.id);
    // Whoever had it must have lost it by now.
    if (holder !== undefined) expect(isOver(holder), `${task.id} was taken from its holder`).toBe(true);
    expect(task.fencing_token).toBeGreaterThan(of(task.id).highestToken);
    const hand = { task, leased };
    of(task.id).holder = hand;
    hands.push(hand);
  }

  /** Does what only the holder may do. A hand whose lease is over may have lost the task, or not yet. */
  async function end(hand: Hand, work: () => Promise<unknown>): Promise<boolean> {
    const { holder } = of(hand.task.id);
    const code = await outcomeOf(work());
    if (holder !== hand) expect(code, `${hand.task.id} was ended by one who lost it`).toBeDefined();
    else if (!isOver(hand)) expect(code, `${hand.task.id} could not be ended by its holder`).toBeUndefined();
    if (code === undefined) of(hand.task.id).holder = undefined;
    return code === undefined;
  }

  async function execute(each: Command): Promise<void> {
    count(each.kind);
    switch (each.kind) {
      case 'add': {
        const { maxAttempts, priority } = each;
        const { task } = await doorAt(0).queue.addTask({ description: 'x', maxAttempts, priority });
        known.set(task.id, { holder: undefined, completions: 0, highestToken: 0, highestRun: 1 });
        return;
      }
      case 'claim': {
        const task = await doorAt(each.door).queue.claim({ leaseSeconds: LEASE_SECONDS });
        if (task !== undefined) take(task, true);
        return;
      }
      case 'start': {
        const taskId = one([...known.keys()], each.pick);
        if (taskId === undefined) return;
        const leaseSeconds = each.leased ? LEASE_SECONDS : undefined;
        await outcomeOf(
          doorAt(each.door)
            .queue.start({ taskId, leaseSeconds })
            .then((task) => take(task, each.leased)),
        );
        return;
      }
      case 'renew': {
        const hand = one(hands, each.pick);
        if (hand === undefined || !hand.leased) return;
        const { id: taskId, fencing_token: fencingToken } = hand.task;
        const { holder } = of(taskId);
        await outcomeOf(
          doorAt(each.door)
            .queue.start({ taskId, fencingToken, leaseSeconds: LEASE_SECONDS })
            .then((task) => {
              expect(holder, `${taskId} was renewed by one who lost it`).toBe(hand);
              const renewed = { task, leased: true };
              hands.splice(hands.indexOf(hand), 1, renewed);
              of(taskId).holder = renewed;
            }),
        );
        return;
      }
      case 'complete': {
        const hand = one(hands, each.pick);
        if (hand === undefined) return;
        const { id: taskId, fencing_token: fencingToken } = hand.task;
        const call = { taskId, fencingToken, result: fencingToken };
        const before = await doorAt(0).task(taskId);
        if (before.status === 'completed' && before.fencingToken === fencingToken) {
          expect((await doorAt(each.door).queue.complete(call)).replayed).toBe(true);
          count('replayed');
        } else if (await end(hand, () => doorAt(each.door).queue.complete(call))) {
          of(taskId).completions += 1;
          count('completed');
        }
        return;
      }
      case 'fail': {
        const hand = one(hands, each.pick);
        if (hand === undefined) return;
        const { id: taskId, fencing_token: fencingToken } = hand.task;
        const before = await doorAt(0).task(taskId);
        if (before.status === 'failed' && before.fencingToken === fencingToken) return;
        await end(hand, () => doorAt(each.door).queue.fail({ taskId, fencingToken, reason: 'x' }));
        return;
      }
      case 'reject':
      case 'fail_attempt':
      case 'release': {
        const hand = one(hands, each.pick);
        if (hand === undefined) return;
        const holder = { now: clock.now(), fencingToken: hand.task.fencing_token };
        const change = {
          reject: (task: Task) => rejectResult(task, { ...holder, feedback: 'x' }),
          fail_attempt: (task: Task) => failAttempt(task, { ...holder, error: 'x' }),
          release: (task: Task) => releaseTask(task, holder),
        }[each.kind];
        await end(hand, () => changeTask(doorAt(each.door).stores.tasks, hand.task.id, change));
        return;
      }
      case 'retry': {
        const taskId = one([...known.keys()], each.pick);
        if (taskId === undefined) return;
        const code = await outcomeOf(doorAt(each.door).queue.retry({ taskId }));
        if (code === undefined) of(taskId).holder = undefined;
        return;
      }
      case 'complete_without_token': {
        const taskId = one([...known.keys()], each.pick);
        if (taskId === undefined) return;
        const { holder } = of(taskId);
        const before = await doorAt(0).task(taskId);
        const call = { taskId, result: before.fencingToken };
        const code = await outcomeOf(doorAt(each.door).queue.complete(call));
        if (code !== undefined || before.status === 'completed') return;
        expect(holder?.leased, `${taskId} was leased, and ended without a token`).toBe(false);
        of(taskId).holder = undefined;
        of(taskId).completions += 1;
        return;
      }
      case 'read':
        await doorAt(each.door).queue.stats();
        return;
      case 'elapse':
        elapse(each.ms);
        return;
      case 'restart':
        await reopen(each.door);
        return;
      case 'reset':
        await doorAt(0).queue.resetAll();
        for (const task of known.values()) {
          task.holder = undefined;
          task.completions = 0;
        }
    }
  }

  /** What must hold after every command. */
  async function check(): Promise<void> {
    for (const [id, task] of known) {
      const stored = await doorAt(0).task(id);
      expect(stored.attempts).toBeLessThanOrEqual(stored.maxAttempts);
      if (stored.status === 'pending') expect(stored.attempts).toBeLessThan(stored.maxAttempts);
      if (stored.status === 'in_progress') expect(stored.attempts).toBeGreaterThan(0);
      expect(stored.leaseExpiresAt === undefined || stored.status === 'in_progress').toBe(true);
      expect(stored.fencingToken).toBeGreaterThanOrEqual(task.highestToken);
      expect(stored.runNumber).toBeGreaterThanOrEqual(task.highestRun);
      expect(task.completions).toBe(stored.status === 'completed' ? 1 : 0);
      task.highestToken = stored.fencingToken;
      task.highestRun = stored.runNumber;
    }
  }

  return { execute, check };
}

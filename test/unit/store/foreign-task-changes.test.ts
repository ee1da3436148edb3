import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentLogger } from '../../../src/domain/logger.ts';
import type { Task } from '../../../src/domain/task.ts';
import { openSqliteStores, type SqliteStores } from '../../../src/store/sqlite/open-sqlite-stores.ts';
import { createSampleRuns } from '../../support/sample-runs.ts';
import { sampleTask } from '../../support/sample-tasks.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';

const POLL_MS = 500;

/** Two connections on one file; the second stands for another process. */
async function open() {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const { timers, elapse, untilNextTimer } = createVirtualTime();
  const connect = () =>
    openSqliteStores({ path, migrationsFolder: 'src/store/migrations/sqlite', logger: silentLogger, timers });
  const [own, other] = [await connect(), await connect()];
  let told = 0;
  const stop = own.onForeignTaskChange(() => void told++);
  return {
    own,
    other,
    stop,
    untilNextTimer,
    /** How often the listener was called since this was last asked. */
    tellings() {
      elapse(POLL_MS);
      const count = told;
      told = 0;
      return count;
    },
    close: () => Promise.all([own.close(), other.close()]),
  };
}

const add = ({ tasks }: SqliteStores) => tasks.addTasks({ tasks: [sampleTask()] });
const start = (task: Task): Task => ({
  ...task,
  status: 'in_progress',
  updatedAt: '2026-01-01T00:00:01.000Z',
});

test('every way in which another process changes the queue is told, once', async () => {
  const { other, tellings, close } = await open();
  const { tasks } = other;
  const changes: readonly (() => Promise<unknown>)[] = [
    () => add(other),
    () => add(other),
    () => tasks.claimTask(start),
    () =>
      tasks.changeTasks(['task-001'], ([task]) => [
        { ...(task as Task), updatedAt: '2026-01-02T00:00:00.000Z' },
      ]),
    () =>
      tasks.changeTasks(['task-001'], ([task]) => [{ ...(task as Task), status: 'completed', result: 1 }]),
    () => tasks.removeCompletedTasks(),
    // Nothing is counted otherwise after these.
    () => tasks.changeTasks(['task-002'], ([task]) => [{ ...(task as Task), feedback: 'Better.' }]),
    () => tasks.changeAllTasks((task) => ({ ...task, fencingToken: task.fencingToken + 1 })),
    async () => {
      await tasks.claimTask(start);
      await tasks.changeTasks(['task-002'], ([task]) => [{ ...(task as Task), status: 'pending' }]);
    },
    () => tasks.changeBreaker(() => ({ state: 'closed', failuresInRow: 1 })),
    () =>
      tasks.changeBreaker(() => ({ state: 'open', failuresInRow: 2, openedAt: '2026-01-01T00:00:00.000Z' })),
  ];
  for (const [index, change] of changes.entries()) {
    await change();
    expect([index, tellings()]).toEqual([index, 1]);
    expect([index, tellings()]).toEqual([index, 0]);
  }
  await close();
});

test('what changes nothing is not told', async () => {
  const { other, tellings, close } = await open();
  const { tasks } = other;
  await tasks.addTasks({ tasks: [sampleTask()], requestId: 'key' });
  tellings();
  await tasks.addTasks({ tasks: [sampleTask()], requestId: 'key' });
  await tasks.changeTasks(['task-001'], ([task]) => [task as Task]);
  await tasks.changeAllTasks((task) => task);
  await tasks.removeCompletedTasks();
  await tasks.changeBreaker((breaker) => breaker);
  await other.store.startInstance(createSampleRuns().start());
  expect(tellings()).toBe(0);
  await close();
});

test('changes of its own, other writes and changes before it listened are not told', async () => {
  const { own, other, stop, tellings, close } = await open();
  await add(own);
  expect(tellings()).toBe(0);
  await add(other);
  expect(tellings()).toBe(1);
  await other.store.startInstance(createSampleRuns().start());
  expect(tellings()).toBe(0);

  stop();
  await add(other);
  let told = 0;
  const stopAgain = own.onForeignTaskChange(() => void told++);
  tellings();
  expect(told).toBe(0);
  stopAgain();
  await close();
});

test('it looks only while somebody listens', async () => {
  const { own, stop, untilNextTimer, close } = await open();
  const stopSecond = own.onForeignTaskChange(() => {});
  stop();
  expect(untilNextTimer()).toBe(POLL_MS);
  stopSecond();
  stopSecond();
  expect(untilNextTimer()).toBeUndefined();
  own.onForeignTaskChange(() => {});
  await close();
  expect(untilNextTimer()).toBeUndefined();
});

import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { CircuitBreaker } from '../../domain/circuit-breaker.ts';
import { Defect } from '../../domain/errors.ts';
import { TASK_STATUSES, type Task, type TaskStatus } from '../../domain/task.ts';
import type { AddedTasks, AddTasksParams, TaskChange, TaskStore } from '../task-store.ts';
import { createBreakerTable } from './breaker-table.ts';
import { callingBack } from './calling-back.ts';
import type { StoreOnConnectionParams } from './store-on-connection.ts';
import { createTaskListing } from './task-listing.ts';
import { createTaskTable } from './task-table.ts';

/** All workers heed the same one. */
const BREAKER = 'tasks';
const TASKS_PER_READ = 500;

/** The verbs, over a connection whose tables are up to date. */
export function createTaskStoreOnConnection({ client, retry }: StoreOnConnectionParams): TaskStore {
  const db = drizzle(client);
  const table = createTaskTable(db);
  const listing = createTaskListing(db);
  const breakers = createBreakerTable(db, BREAKER);

  function keep(before: Task | undefined, after: Task | undefined): void {
    if (after === undefined || after.id !== before?.id)
      throw new Defect('A change of tasks has to return the tasks that it was given.');
    if (after !== before) table.update(after);
  }

  function changeOne(task: Task, change: TaskChange): Task {
    const changed = change(task);
    keep(task, changed);
    return changed;
  }

  const add = client.transaction(({ tasks, requestId }: AddTasksParams): AddedTasks => {
    const seen = requestId === undefined ? [] : table.ofRequest(requestId);
    if (seen.length > 0) return { tasks: seen, replayed: true };
    return { tasks: tasks.map((task) => table.insert(task, requestId)), replayed: false };
  });

  const claimNext = client.transaction((claim: TaskChange): Task | undefined => {
    const task = table.next();
    return task && changeOne(task, claim);
  });

  type TasksChange = Parameters<TaskStore['changeTasks']>[1];
  const changeThese = client.transaction((ids: readonly string[], change: TasksChange): readonly Task[] => {
    const before = ids.map((id) => table.find(id));
    const after = change(before);
    for (let index = 0; index < Math.max(before.length, after.length); index++)
      keep(before[index], after[index]);
    return after;
  });

  type ExpiredParams = Parameters<TaskStore['changeExpiredTasks']>[0];
  const changeExpired = client.transaction(({ now, limit, change }: ExpiredParams): readonly Task[] =>
    table.expired(now, limit).map((task) => changeOne(task, change)),
  );

  const changeAll = client.transaction((change: TaskChange): number => {
    let count = 0;
    for (let some = table.after(undefined, TASKS_PER_READ); some.length > 0; ) {
      for (const task of some) changeOne(task, change);
      count += some.length;
      some = table.after(some.at(-1)?.id, TASKS_PER_READ);
    }
    return count;
  });

  const list = client.transaction((...params: Parameters<typeof listing.list>) => listing.list(...params));

  const changeBreaker = client.transaction((change: (breaker: CircuitBreaker) => CircuitBreaker) => {
    const before = breakers.find();
    const after = change(before);
    if (after !== before) breakers.keep(after);
    return after;
  });

  return {
    // Taking the write lock first means that what is checked still holds when it is acted upon.
    addTasks: (params) => retry(() => add.immediate(params)),
    findTask: (id) => retry(() => table.find(id)),
    nextTask: () => retry(() => table.next()),
    // Workers ask again and again. Where there is nothing for them, they keep nobody from writing.
    claimTask: (claim) =>
      callingBack(claim, (change) =>
        retry(() => (table.next() === undefined ? undefined : claimNext.immediate(change))),
      ),
    changeTasks: (ids, change) =>
      callingBack(change, (watched) => retry(() => changeThese.immediate(ids, watched))),
    changeExpiredTasks: ({ now, limit, change }) =>
      callingBack(change, (watched) =>
        retry(() =>
          table.expired(now, 1).length === 0 ? [] : changeExpired.immediate({ now, limit, change: watched }),
        ),
      ),
    changeAllTasks: (change) => callingBack(change, (watched) => retry(() => changeAll.immediate(watched))),
    removeCompletedTasks: () => retry(() => table.removeCompleted()),
    listTasks: (filter, page) => retry(() => list(filter, page)),
    async countTasks() {
      const counts = new Map(await retry(() => table.countByStatus()));
      const entries = TASK_STATUSES.map((status) => [status, counts.get(status) ?? 0]);
      return Object.fromEntries(entries) as Record<TaskStatus, number>;
    },
    findBreaker: () => retry(() => breakers.find()),
    changeBreaker: (change) =>
      callingBack(change, (watched) => retry(() => changeBreaker.immediate(watched))),
  };
}

import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { CircuitBreaker } from '../../domain/circuit-breaker.ts';
import { Defect } from '../../domain/errors.ts';
import { TASK_STATUSES, type Task, type TaskStatus } from '../../domain/task.ts';
import type { AddedTasks, AddTasksParams, TaskChange, TaskStore } from '../task-store.ts';
import { createBreakerTable } from './breaker-table.ts';
import { callingBack } from './calling-back.ts';
import { createQueueRevision } from './queue-revision.ts';
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
  const revision = createQueueRevision(db);

  /** Whether the transaction that runs has written something. */
  let written = false;

  /** A transaction that may change the queue; if it did, the revision tells. */
  function changing<Args extends unknown[], Result>(work: (...args: Args) => Result) {
    return client.transaction((...args: Args): Result => {
      written = false;
      const result = work(...args);
      if (written) revision.move();
      return result;
    });
  }

  function keep(before: Task | undefined, after: Task | undefined): void {
    if (after === undefined || after.id !== before?.id)
      throw new Defect('A change of tasks has to return the tasks that it was given.');
    if (after === before) return;
    table.update(after);
    written = true;
  }

  function changeOne(task: Task, change: TaskChange): Task {
    const changed = change(task);
    keep(task, changed);
    return changed;
  }

  const add = changing(({ tasks, ...origin }: AddTasksParams): AddedTasks => {
    const seen = origin.requestId === undefined ? undefined : table.ofRequest(origin.requestId);
    if (seen !== undefined && seen.tasks.length > 0) return { ...seen, replayed: true };
    written = tasks.length > 0;
    return { tasks: tasks.map((task) => table.insert(task, origin)), replayed: false };
  });

  function claimedUnder(claimKey: string | undefined): Task | undefined {
    return claimKey === undefined ? undefined : table.claimedUnder(claimKey);
  }

  const claimNext = changing((claim: TaskChange, claimKey: string | undefined): Task | undefined => {
    const claimed = claimedUnder(claimKey);
    if (claimed !== undefined) return claimed;
    const task = table.next();
    return task && changeOne(task, claim);
  });

  type TasksChange = Parameters<TaskStore['changeTasks']>[1];
  const changeThese = changing((ids: readonly string[], change: TasksChange): readonly Task[] => {
    const before = ids.map((id) => table.find(id));
    const after = change(before);
    for (let index = 0; index < Math.max(before.length, after.length); index++)
      keep(before[index], after[index]);
    return after;
  });

  type ExpiredParams = Parameters<TaskStore['changeExpiredTasks']>[0];
  const changeExpired = changing(({ now, limit, change }: ExpiredParams): readonly Task[] =>
    table.expired(now, limit).map((task) => changeOne(task, change)),
  );

  const changeAll = changing((change: TaskChange): number => {
    let count = 0;
    for (let some = table.after(undefined, TASKS_PER_READ); some.length > 0; ) {
      for (const task of some) changeOne(task, change);
      count += some.length;
      some = table.after(some.at(-1)?.id, TASKS_PER_READ);
    }
    return count;
  });

  const removeCompleted = changing((): number => {
    const count = table.removeCompleted();
    written = count > 0;
    return count;
  });

  const list = client.transaction((...params: Parameters<typeof listing.list>) => listing.list(...params));

  const changeBreaker = changing((change: (breaker: CircuitBreaker) => CircuitBreaker) => {
    const before = breakers.find();
    const after = change(before);
    if (after === before) return after;
    breakers.keep(after);
    written = true;
    return after;
  });

  return {
    // Taking the write lock first means that what is checked still holds when it is acted upon.
    addTasks: (params) => retry(() => add.immediate(params)),
    findTask: (id) => retry(() => table.find(id)),
    nextTask: () => retry(() => table.next()),
    // Workers ask again and again. Where there is nothing for them, they keep nobody from writing.
    claimTask: (claim, claimKey) =>
      callingBack(claim, (change) =>
        retry(
          () =>
            claimedUnder(claimKey) ??
            (table.next() === undefined ? undefined : claimNext.immediate(change, claimKey)),
        ),
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
    removeCompletedTasks: () => retry(() => removeCompleted.immediate()),
    listTasks: (filter, page) => retry(() => list(filter, page)),
    async countTasks() {
      const counts = new Map<string, number>(await retry(() => table.countByStatus()));
      const entries = TASK_STATUSES.map((status) => [status, counts.get(status) ?? 0]);
      return Object.fromEntries(entries) as Record<TaskStatus, number>;
    },
    findBreaker: () => retry(() => breakers.find()),
    changeBreaker: (change) =>
      callingBack(change, (watched) => retry(() => changeBreaker.immediate(watched))),
  };
}

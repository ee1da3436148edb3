import { and, asc, eq, gt, isNotNull, isNull, lte, ne, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { type NewTask, type Task, taskNumber } from '../../domain/task.ts';
import type { AddedTasks } from '../task-store.ts';
import { lazy } from './lazy.ts';
import { columnPlaceholders, rowPlaceholders } from './placeholders.ts';
import { taskFromRow, taskToRow } from './task-rows.ts';
import { CLEARED, taskColumns, tasks } from './task-schema.ts';

/** The call that adds a task. */
interface TaskOrigin {
  readonly requestId?: string | null;
  readonly requestHash?: string | null;
}

/**
 * The statements of `tasks`, prepared when first used. But for those that concern every task, their cost does not grow
 * with the table.
 */
export function createTaskTable(db: BetterSQLite3Database) {
  const { placeholder } = sql;
  const hasNumber = eq(tasks.taskNumber, placeholder('taskNumber'));
  const isThere = ne(tasks.status, CLEARED);
  const { taskNumber: _taskNumber, ...changing } = taskColumns;

  const insert = lazy(() => db.insert(tasks).values(rowPlaceholders(tasks)).prepare());
  const update = lazy(() => db.update(tasks).set(columnPlaceholders(changing)).where(hasNumber).prepare());
  const select = lazy(() => db.select(taskColumns).from(tasks).where(and(hasNumber, isThere)).prepare());
  const selectNext = lazy(() =>
    db
      .select(taskColumns)
      .from(tasks)
      .where(eq(tasks.status, 'pending'))
      .orderBy(asc(tasks.priority), asc(tasks.taskNumber))
      .limit(1)
      .prepare(),
  );
  const selectOfRequest = lazy(() =>
    db
      .select({ ...taskColumns, requestHash: tasks.requestHash })
      .from(tasks)
      .where(and(isNotNull(tasks.requestId), eq(tasks.requestId, placeholder('requestId'))))
      .orderBy(asc(tasks.taskNumber))
      .prepare(),
  );
  const selectClaimed = lazy(() =>
    db
      .select(taskColumns)
      .from(tasks)
      .where(
        and(
          isNotNull(tasks.claimKey),
          eq(tasks.status, 'in_progress'),
          eq(tasks.claimKey, placeholder('claimKey')),
        ),
      )
      .limit(1)
      .prepare(),
  );
  const selectExpired = lazy(() =>
    db
      .select(taskColumns)
      .from(tasks)
      .where(and(eq(tasks.status, 'in_progress'), lte(tasks.leaseExpiresAt, placeholder('now'))))
      .orderBy(asc(tasks.leaseExpiresAt), asc(tasks.taskNumber))
      .limit(placeholder('limit'))
      .prepare(),
  );
  const selectAfter = lazy(() =>
    db
      .select(taskColumns)
      .from(tasks)
      .where(and(gt(tasks.taskNumber, placeholder('taskNumber')), isThere))
      .orderBy(asc(tasks.taskNumber))
      .limit(placeholder('limit'))
      .prepare(),
  );
  const isCompleted = eq(tasks.status, 'completed');
  const deleteCompleted = lazy(() =>
    db
      .delete(tasks)
      .where(and(isCompleted, isNull(tasks.requestId)))
      .prepare(),
  );
  // Whoever repeats the call that added them has to find that it was made.
  const clearCompleted = lazy(() => db.update(tasks).set(LEFT_OF_CLEARED).where(isCompleted).prepare());
  const countByStatus = lazy(() =>
    db
      .select({ status: tasks.status, count: sql<number>`count(*)` })
      .from(tasks)
      .groupBy(tasks.status)
      .prepare(),
  );

  return {
    insert(task: NewTask, { requestId = null, requestHash = null }: TaskOrigin): Task {
      const row = taskToRow(task);
      const { lastInsertRowid } = insert().run({ ...row, taskNumber: null, requestId, requestHash });
      return taskFromRow({ ...row, taskNumber: Number(lastInsertRowid) });
    },

    update(task: Task): void {
      update().run({ ...taskToRow(task), taskNumber: taskNumber(task.id) });
    },

    find(id: string): Task | undefined {
      const row = select().get({ taskNumber: taskNumber(id) ?? null });
      return row && taskFromRow(row);
    },

    next(): Task | undefined {
      const row = selectNext().get();
      return row && taskFromRow(row);
    },

    /** Those that were added by one call, also where only that is left of them. */
    ofRequest(requestId: string): Pick<AddedTasks, 'tasks' | 'requestHash'> {
      const rows = selectOfRequest().all({ requestId });
      return {
        tasks: rows.map(({ requestHash: _hash, ...row }) => taskFromRow(row)),
        requestHash: rows[0]?.requestHash ?? undefined,
      };
    },

    /** The one in progress that was claimed under this key. */
    claimedUnder(claimKey: string): Task | undefined {
      const row = selectClaimed().get({ claimKey });
      return row && taskFromRow(row);
    },

    /** The lease that ended first comes first. */
    expired(now: string, limit: number): readonly Task[] {
      return selectExpired().all({ now, limit }).map(taskFromRow);
    },

    /** By number, those that follow the given one. */
    after(id: string | undefined, limit: number): readonly Task[] {
      const number = id === undefined ? 0 : taskNumber(id);
      return selectAfter().all({ taskNumber: number, limit }).map(taskFromRow);
    },

    removeCompleted(): number {
      return deleteCompleted().run().changes + clearCompleted().run().changes;
    },

    /** Those that were cleared are among them, under a status that no task has. */
    countByStatus(): readonly (readonly [string, number])[] {
      return countByStatus()
        .all()
        .map(({ status, count }) => [status, count]);
    },
  };
}

const LEFT_OF_CLEARED = {
  status: CLEARED,
  description: '(cleared)',
  workflowName: null,
  instanceId: null,
  error: null,
  feedback: null,
  context: null,
  result: null,
} as const;

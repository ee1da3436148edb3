import { and, asc, eq, gt, type Placeholder, type SQL, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { unionAll } from 'drizzle-orm/sqlite-core';
import type { JsonObject } from '../../domain/json.ts';
import type { Page } from '../../domain/page.ts';
import { TASK_STATUSES, type Task, type TaskStatus } from '../../domain/task.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { PageParams } from '../store.ts';
import { lazy } from './lazy.ts';
import { taskFromRow } from './task-rows.ts';
import { taskColumns, tasks } from './task-schema.ts';

/** The statements of `tasks` that list, prepared when first used. Their cost does not grow with the table. */
export function createTaskListing(db: BetterSQLite3Database) {
  const selections = {
    ofStatus: {
      samePriority: lazy(() => prepareSelectOfStatus(db, samePriority)),
      laterPriority: lazy(() => prepareSelectOfStatus(db, laterPriority)),
    },
    any: {
      samePriority: lazy(() => prepareSelectAny(db, samePriority)),
      laterPriority: lazy(() => prepareSelectAny(db, laterPriority)),
    },
  };

  return {
    /** Call it within a transaction: it looks twice where a page goes past the end of a priority. */
    list({ status }: { readonly status?: TaskStatus }, { limit, cursor }: PageParams): Page<Task> {
      const position = cursor === undefined ? START : decodeCursor(cursor, isQueuePosition);
      const select = status === undefined ? selections.any : selections.ofStatus;
      // One more than asked for tells whether this is the end.
      const wanted = limit + 1;
      const rows = select.samePriority().all({ status, ...position, limit: wanted });
      if (rows.length < wanted)
        rows.push(...select.laterPriority().all({ status, ...position, limit: wanted - rows.length }));
      const listed = rows.slice(0, limit);
      const items = listed.map(taskFromRow);
      const last = listed.at(-1);
      if (rows.length <= limit || last === undefined) return { items };
      return { items, nextCursor: encodeCursor({ priority: last.priority, taskNumber: last.taskNumber }) };
    },
  };
}

// SQLite finds a pair of columns in an index only where neither is the row id, so these are two conditions.
const { placeholder } = sql;
const samePriority = and(
  eq(tasks.priority, placeholder('priority')),
  gt(tasks.taskNumber, placeholder('taskNumber')),
);
const laterPriority = gt(tasks.priority, placeholder('priority'));
const nextFirst = [asc(tasks.priority), asc(tasks.taskNumber)] as const;

function prepareSelectOfStatus(db: BetterSQLite3Database, condition: SQL | undefined) {
  return selectOfOneStatus(db, placeholder('status'), condition)
    .orderBy(...nextFirst)
    .limit(placeholder('limit'))
    .prepare();
}

function prepareSelectAny(db: BetterSQLite3Database, condition: SQL | undefined) {
  const select = (status: TaskStatus) => selectOfOneStatus(db, status, condition);
  const [first, second, ...rest] = TASK_STATUSES;
  return unionAll(select(first), select(second), ...rest.map(select))
    .orderBy(...nextFirst)
    .limit(placeholder('limit'))
    .prepare();
}

function selectOfOneStatus(
  db: BetterSQLite3Database,
  status: TaskStatus | Placeholder,
  condition: SQL | undefined,
) {
  return db
    .select(taskColumns)
    .from(tasks)
    .where(and(eq(tasks.status, status), condition));
}

/** The task that was listed last. */
type QueuePosition = JsonObject & { readonly priority: number; readonly taskNumber: number };

/** Before any task. */
const START: QueuePosition = { priority: 0, taskNumber: 0 };

function isQueuePosition(value: JsonObject): value is QueuePosition {
  return Number.isSafeInteger(value.priority) && Number.isSafeInteger(value.taskNumber);
}

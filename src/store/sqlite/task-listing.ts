import { and, asc, eq, type Placeholder, sql } from 'drizzle-orm';
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
  const selectOfStatus = lazy(() =>
    selectStatus(db, placeholder('status'))
      .orderBy(...nextFirst)
      .limit(placeholder('limit'))
      .prepare(),
  );
  const selectAny = lazy(() => {
    const select = (status: TaskStatus) => selectStatus(db, status);
    const [first, second, ...rest] = TASK_STATUSES;
    return unionAll(select(first), select(second), ...rest.map(select))
      .orderBy(...nextFirst)
      .limit(placeholder('limit'))
      .prepare();
  });

  return {
    list({ status }: { readonly status?: TaskStatus }, { limit, cursor }: PageParams): Page<Task> {
      const position = cursor === undefined ? START : decodeCursor(cursor, isQueuePosition);
      const select = status === undefined ? selectAny : selectOfStatus;
      // One more than asked for tells whether this is the end.
      const rows = select().all({ status, ...position, limit: limit + 1 });
      const listed = rows.slice(0, limit);
      const items = listed.map(taskFromRow);
      const last = listed.at(-1);
      if (rows.length <= limit || last === undefined) return { items };
      return { items, nextCursor: encodeCursor({ priority: last.priority, taskNumber: last.taskNumber }) };
    },
  };
}

const { placeholder } = sql;
const nextFirst = [asc(tasks.priority), asc(tasks.taskNumber)] as const;
const isLater = sql`(${tasks.priority}, ${tasks.taskNumber}) > (${placeholder('priority')}, ${placeholder('taskNumber')})`;

function selectStatus(db: BetterSQLite3Database, status: TaskStatus | Placeholder) {
  return db
    .select(taskColumns)
    .from(tasks)
    .where(and(eq(tasks.status, status), isLater));
}

/** The task that was listed last. */
type QueuePosition = JsonObject & { readonly priority: number; readonly taskNumber: number };

/** Before any task. */
const START: QueuePosition = { priority: 0, taskNumber: 0 };

function isQueuePosition(value: JsonObject): value is QueuePosition {
  return Number.isSafeInteger(value.priority) && Number.isSafeInteger(value.taskNumber);
}

import { and, asc, type Column, eq, gt, type Placeholder, type SQL, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { unionAll } from 'drizzle-orm/sqlite-core';
import type { JsonObject } from '../../domain/json.ts';
import type { Page } from '../../domain/page.ts';
import { TASK_STATUSES, type TaskStatus } from '../../domain/task.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { LargeMember, ListedTask, TaskPageParams } from '../task-store.ts';
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
    list({ status }: { readonly status?: TaskStatus }, page: TaskPageParams): Page<ListedTask> {
      const { limit, cursor, bytesMax, memberBytesMax = Number.MAX_SAFE_INTEGER } = page;
      const position = cursor === undefined ? START : decodeCursor(cursor, isQueuePosition);
      const select = status === undefined ? selections.any : selections.ofStatus;
      // One more than asked for tells whether this is the end.
      const wanted = limit + 1;
      const rows = select.samePriority().all({ status, ...position, memberBytesMax, limit: wanted });
      if (rows.length < wanted)
        rows.push(
          ...select.laterPriority().all({ status, ...position, memberBytesMax, limit: wanted - rows.length }),
        );
      const items = withinBytes(rows.slice(0, limit).map(listedFromRow), bytesMax);
      const last = rows[items.length - 1];
      if (rows.length === items.length || last === undefined) return { items };
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

/** Of a value that is too large, not even the pages are read. */
function small<Value extends Column>(column: Value) {
  return sql<Value['_']['data'] | null>`case when ${isLarge(column)} then null else ${column} end`.mapWith(
    column,
  );
}

/** A text that is too large is cut to a quarter, in characters: none of them takes more than four bytes. */
function cutText<Value extends Column>(column: Value) {
  return sql<Value['_']['data']>`case when ${isLarge(column)}
    then substr(${column}, 1, ${placeholder('memberBytesMax')} / 4) || '…' else ${column} end`;
}

function isLarge(column: Column): SQL {
  return sql`octet_length(${column}) > ${placeholder('memberBytesMax')}`;
}

const LARGE_MEMBERS: readonly LargeMember[] = ['description', 'error', 'feedback', 'context', 'result'];

const listedColumns = {
  ...taskColumns,
  description: cutText(tasks.description),
  error: cutText(tasks.error),
  feedback: cutText(tasks.feedback),
  context: small(tasks.context),
  result: small(tasks.result),
  cut: sql<string>`concat_ws(' ', ${sql.join(
    LARGE_MEMBERS.map((member) => sql`iif(${isLarge(tasks[member])}, ${sql.raw(`'${member}'`)}, null)`),
    sql`, `,
  )})`,
};

type ListedRow = Parameters<typeof taskFromRow>[0] & { readonly cut: string };

function listedFromRow({ cut, ...row }: ListedRow): ListedTask {
  const task = taskFromRow(row);
  return cut === ''
    ? task
    : { ...task, cut: LARGE_MEMBERS.filter((member) => cut.split(' ').includes(member)) };
}

/** As many as fit, and one in any case. */
function withinBytes(tasks: readonly ListedTask[], bytesMax: number | undefined): readonly ListedTask[] {
  if (bytesMax === undefined) return tasks;
  let bytes = 0;
  const tooMuch = tasks.findIndex((task, index) => {
    bytes += Buffer.byteLength(JSON.stringify(task));
    return bytes > bytesMax && index > 0;
  });
  return tooMuch === -1 ? tasks : tasks.slice(0, tooMuch);
}

function selectOfOneStatus(
  db: BetterSQLite3Database,
  status: TaskStatus | Placeholder,
  condition: SQL | undefined,
) {
  return db
    .select(listedColumns)
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

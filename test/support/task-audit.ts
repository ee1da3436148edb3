import Database from 'better-sqlite3';
import type { BreakerState } from '../../src/domain/circuit-breaker.ts';
import type { JsonValue } from '../../src/domain/json.ts';
import { silentLogger } from '../../src/domain/logger.ts';
import type { NewTask, TaskStatus } from '../../src/domain/task.ts';
import { openSqliteStores } from '../../src/store/sqlite/open-sqlite-stores.ts';
import { MIGRATIONS } from './filled-database.ts';

/** A task as one write left it; what the queue says of itself is not believed, every write of it is seen. */
export interface AuditedTask {
  readonly status: TaskStatus;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly fencingToken: number;
  readonly leaseExpiresAt: string | null;
  readonly runNumber: number;
  readonly instanceId: string | null;
  readonly startedAt: string | null;
  readonly workflowName: string | null;
  readonly error: string | null;
  /** Null where there is none, too. */
  readonly result: JsonValue;
}

export interface AuditedBreaker {
  readonly state: BreakerState;
  readonly failuresInRow: number;
  readonly openedAt: string | null;
  readonly trialExpiresAt: string | null;
}

interface Written<Row> {
  /** Ascending over all writes, in the order in which they were committed. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Undefined for what was added. */
  readonly before: Row | undefined;
  /** Undefined for what was removed. */
  readonly after: Row | undefined;
}

export interface TaskWrite extends Written<AuditedTask> {
  readonly what: 'task';
  readonly taskNumber: number;
}

export interface BreakerWrite extends Written<AuditedBreaker> {
  readonly what: 'breaker';
}

export type Write = TaskWrite | BreakerWrite;

const TASK_MEMBERS: Readonly<Record<keyof AuditedTask, string>> = {
  status: '@.status',
  attempts: '@.attempts',
  maxAttempts: '@.max_attempts',
  fencingToken: '@.fencing_token',
  leaseExpiresAt: '@.lease_expires_at',
  runNumber: '@.run_number',
  instanceId: '@.instance_id',
  startedAt: '@.started_at',
  workflowName: '@.workflow_name',
  error: '@.error',
  result: 'json(@.result)',
};
const BREAKER_MEMBERS: Readonly<Record<keyof AuditedBreaker, string>> = {
  state: '@.state',
  failuresInRow: '@.failures_in_row',
  openedAt: '@.opened_at',
  trialExpiresAt: '@.trial_expires_at',
};

interface AuditedTable {
  readonly what: Write['what'];
  readonly table: string;
  readonly number: string;
  readonly members: Readonly<Record<string, string>>;
}

const TABLES: readonly AuditedTable[] = [
  { what: 'task', table: 'tasks', number: '@.task_number', members: TASK_MEMBERS },
  { what: 'breaker', table: 'circuit_breakers', number: 'NULL', members: BREAKER_MEMBERS },
];

/** Has SQLite itself keep a trail of every write to the queue, inside of the transaction that writes. */
function installAudit(databasePath: string): void {
  const database = new Database(databasePath, { timeout: 5_000 });
  database.exec(`
    CREATE TABLE audit_trail (
      number INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER, what TEXT, task_number INTEGER, before TEXT, after TEXT
    );
    ${TABLES.flatMap((table) => [
      trigger(table, { event: 'INSERT', before: 'NULL', after: rowAs(table, 'NEW'), row: 'NEW' }),
      trigger(table, {
        event: 'UPDATE',
        before: rowAs(table, 'OLD'),
        after: rowAs(table, 'NEW'),
        row: 'NEW',
      }),
      trigger(table, { event: 'DELETE', before: rowAs(table, 'OLD'), after: 'NULL', row: 'OLD' }),
    ]).join('\n')}`);
  database.close();
}

interface TriggerParams {
  readonly event: string;
  readonly before: string;
  readonly after: string;
  /** The one that has the number. */
  readonly row: string;
}

function trigger(
  { what, table, number }: AuditedTable,
  { event, before, after, row }: TriggerParams,
): string {
  return `
    CREATE TRIGGER audit_${table}_${event} AFTER ${event} ON ${table} BEGIN
      INSERT INTO audit_trail (at_ms, what, task_number, before, after) VALUES (
        CAST(unixepoch('subsec') * 1000 AS INTEGER), '${what}', ${number.replace('@', row)}, ${before}, ${after}
      );
    END;`;
}

function rowAs({ members }: AuditedTable, row: string): string {
  const pairs = Object.entries(members).map(([member, column]) => `'${member}', ${column.replace('@', row)}`);
  return `json_object(${pairs.join(', ')})`;
}

/** Makes a database whose queue has these tasks, and keeps a trail of whatever becomes of them. */
export async function addAuditedTasks(databasePath: string, tasks: readonly NewTask[]): Promise<void> {
  const stores = await openSqliteStores({
    path: databasePath,
    migrationsFolder: MIGRATIONS,
    logger: silentLogger,
  });
  installAudit(databasePath);
  await stores.tasks.addTasks({ tasks });
  await stores.close();
}

/** What was written, looked at from outside while the workers go on. */
export interface AuditTrail {
  /** How many writes there were. */
  length(): number;
  /** Those after the first `after` of them, in order. */
  read(after?: number): readonly Write[];
  /** How many tasks there are. */
  taskCount(): number;
  /** Those that are pending or in progress now. */
  unfinished(): readonly CurrentTask[];
  close(): void;
}

export interface CurrentTask {
  readonly taskNumber: number;
  readonly status: TaskStatus;
  readonly fencingToken: number;
}

export function openAuditTrail(databasePath: string): AuditTrail {
  const database = new Database(databasePath, { readonly: true, timeout: 5_000 });
  const length = database.prepare<[], number>('SELECT ifnull(max(number), 0) FROM audit_trail').pluck();
  const read = database.prepare<[number], Record<string, unknown>>(
    `SELECT number, at_ms AS atMs, what, task_number AS taskNumber, before, after
     FROM audit_trail WHERE number > ? ORDER BY number`,
  );
  const taskCount = database.prepare<[], number>('SELECT count(*) FROM tasks').pluck();
  const unfinished = database.prepare<[], CurrentTask>(
    `SELECT task_number AS taskNumber, status, fencing_token AS fencingToken FROM tasks
     WHERE status IN ('pending', 'in_progress') ORDER BY task_number`,
  );
  return {
    length: () => length.get() ?? 0,
    read: (after = 0) =>
      read
        .all(after)
        .map((row) => ({ ...row, before: parsed(row.before), after: parsed(row.after) }) as Write),
    taskCount: () => taskCount.get() ?? 0,
    unfinished: () => unfinished.all(),
    close: () => void database.close(),
  };
}

function parsed(text: unknown): unknown {
  return text === null ? undefined : JSON.parse(text as string);
}

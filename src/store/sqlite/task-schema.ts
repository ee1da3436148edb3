import { getTableColumns, isNotNull } from 'drizzle-orm';
import { index, integer, sqliteTable } from 'drizzle-orm/sqlite-core';
import type { BreakerState, CircuitBreaker } from '../../domain/circuit-breaker.ts';
import type { JsonObject, JsonValue } from '../../domain/json.ts';
import type { NewTask, TaskStatus } from '../../domain/task.ts';
import { json, type Present, plainText, presentJson } from './columns.ts';

/**
 * The status of what is left of a completed task that was removed, where the call that added it can be repeated: its
 * number and that call. Nobody but that repeat sees it.
 */
export const CLEARED = 'cleared';

/**
 * The queue. SQLite ends every index with the row id, here the number of the task, so that the tasks of a status are
 * walked in the order of taking; those of all are merged from one walk per status. The columns that grow come last,
 * so that reading the others never follows overflow pages.
 */
export const tasks = sqliteTable(
  'tasks',
  {
    // Only with AUTOINCREMENT is the number of a removed task never given again.
    taskNumber: integer('task_number').primaryKey({ autoIncrement: true }),
    status: plainText('status').$type<TaskStatus | typeof CLEARED>().notNull(),
    priority: integer('priority').notNull(),
    attempts: integer('attempts').notNull(),
    maxAttempts: integer('max_attempts').notNull(),
    fencingToken: integer('fencing_token').notNull(),
    leaseExpiresAt: plainText('lease_expires_at'),
    runNumber: integer('run_number').notNull(),
    workflowName: plainText('workflow_name'),
    instanceId: plainText('instance_id'),
    /** The key of the call that added it, and what that call was. */
    requestId: plainText('request_id'),
    requestHash: plainText('request_hash'),
    claimKey: plainText('claim_key'),
    retryKey: plainText('retry_key'),
    createdAt: plainText('created_at').notNull(),
    updatedAt: plainText('updated_at').notNull(),
    startedAt: plainText('started_at'),
    completedAt: plainText('completed_at'),
    description: plainText('description').notNull(),
    error: plainText('error'),
    feedback: plainText('feedback'),
    context: json('context').$type<JsonObject>(),
    result: presentJson('result').$type<Present<JsonValue>>(),
  } satisfies Record<keyof NewTask | 'taskNumber' | 'requestId' | 'requestHash', unknown>,
  (table) => [
    index('tasks_by_status').on(table.status, table.priority),
    index('tasks_by_lease').on(table.status, table.leaseExpiresAt).where(isNotNull(table.leaseExpiresAt)),
    index('tasks_by_request').on(table.requestId).where(isNotNull(table.requestId)),
    index('tasks_by_claim').on(table.status, table.claimKey).where(isNotNull(table.claimKey)),
  ],
);

// What readers of the domain are given: the call that added a task is between the caller and the store.
const { requestId: _requestId, requestHash: _requestHash, ...taskColumns } = getTableColumns(tasks);

export { taskColumns };

/**
 * How often the queue was changed: a row that each transaction moves which changes tasks or the circuit breaker, so
 * that whoever watches sees every change by one look.
 */
export const taskQueues = sqliteTable('task_queues', {
  name: plainText('name').primaryKey(),
  revision: integer('revision').notNull(),
});

/** What keeps workers from failing one task after another; a row for each that was ever moved. */
export const circuitBreakers = sqliteTable('circuit_breakers', {
  name: plainText('name').primaryKey(),
  state: plainText('state').$type<BreakerState>().notNull(),
  failuresInRow: integer('failures_in_row').notNull(),
  openedAt: plainText('opened_at'),
  trialExpiresAt: plainText('trial_expires_at'),
} satisfies Record<keyof CircuitBreaker | 'name', unknown>);

import { getTableColumns, isNotNull, isNull, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { index, integer, sqliteTable, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { DecisionRecord } from '../../domain/decision.ts';
import type { Definition } from '../../domain/definition.ts';
import type { HistoryEntry, HistoryKind } from '../../domain/history.ts';
import type { Instance, InstanceStatus } from '../../domain/instance.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Report } from '../../domain/report.ts';
import { json, plainText } from './columns.ts';

/** Every version of a workflow that an instance was ever pinned to, once. */
export const workflowDefinitions = sqliteTable('workflow_definitions', {
  definitionHash: plainText('definition_hash').primaryKey(),
  createdAt: plainText('created_at').notNull(),
  definition: json('definition').$type<Definition>().notNull(),
});

/**
 * Where each run stands. The two indexes are all that a listing needs: without a status it merges one
 * walk per status, which is cheaper than two more indexes that every transition would have to move.
 * The columns that grow come last, so that reading the others never follows overflow pages.
 */
export const workflowInstances = sqliteTable(
  'workflow_instances',
  {
    instanceId: plainText('instance_id').primaryKey(),
    workflowName: plainText('workflow_name').notNull(),
    definitionHash: plainText('definition_hash')
      .notNull()
      .references(() => workflowDefinitions.definitionHash),
    status: plainText('status').$type<InstanceStatus>().notNull(),
    revision: integer('revision').notNull(),
    stepToken: plainText('step_token').notNull(),
    currentStepName: plainText('current_step_name').notNull(),
    createdAt: plainText('created_at').notNull(),
    updatedAt: plainText('updated_at').notNull(),
    completedAt: plainText('completed_at'),
    statusReason: plainText('status_reason'),
    visits: json('visits').$type<Instance['visits']>().notNull(),
    context: json('context').$type<JsonObject>().notNull(),
    /** The {@link RowHash} of this row; empty where it was written before there was one. */
    stateHash: plainText('state_hash').notNull().default(''),
  } satisfies Record<keyof Instance | 'stateHash', unknown>,
  (table) => [
    index('workflow_instances_by_status').on(table.status, table.updatedAt, table.instanceId),
    index('workflow_instances_by_workflow').on(
      table.workflowName,
      table.status,
      table.updatedAt,
      table.instanceId,
    ),
  ],
);

/**
 * The append-only record. An entry is a transition exactly if it determined a next step; only
 * transitions carry a key, and no two of them lead to the same revision.
 */
export const workflowHistory = sqliteTable(
  'workflow_history',
  {
    historyEntryId: integer('history_entry_id').primaryKey(),
    instanceId: plainText('instance_id')
      .notNull()
      .references(() => workflowInstances.instanceId),
    kind: plainText('kind').$type<HistoryKind>().notNull(),
    revision: integer('revision').notNull(),
    timestamp: plainText('timestamp').notNull(),
    stepName: plainText('step_name').notNull(),
    stepToken: plainText('step_token'),
    requestId: plainText('request_id'),
    outcomeStatus: plainText('outcome_status'),
    requestedNextStep: plainText('requested_next_step'),
    determinedNextStep: plainText('determined_next_step'),
    status: plainText('status').$type<InstanceStatus>().notNull(),
    statusReason: plainText('status_reason'),
    definitionHash: plainText('definition_hash'),
    report: json('user_report').$type<Report>(),
    contextUpdates: json('context_updates').$type<JsonObject>(),
    decision: json('decision').$type<DecisionRecord>(),
    detail: json('detail').$type<JsonObject>(),
    /** The {@link RowHash} of this row and of the transition before it; empty in rows from before the chain. */
    chainHash: plainText('chain_hash').notNull().default(''),
  } satisfies Record<keyof HistoryEntry | 'chainHash', unknown>,
  (table) => [
    uniqueIndex('workflow_history_one_per_revision')
      .on(table.instanceId, table.revision)
      .where(isTransition(table)),
    // SQLite ends every index with the row id, so this one also orders the notes of an instance. Transitions
    // are ordered by their revision, and so are in one index less.
    index('workflow_history_notes').on(table.instanceId).where(isNote(table)),
    uniqueIndex('workflow_history_one_per_request')
      .on(table.instanceId, table.requestId)
      .where(sql`${isNotNull(table.requestId)} and ${isTransition(table)}`),
    uniqueIndex('workflow_history_one_per_start')
      .on(table.requestId)
      .where(sql`${isNotNull(table.requestId)} and ${isStart(table)}`),
  ],
);

// What readers of the domain are given: the hashes are between the store and `doctor`.
const { stateHash: _stateHash, ...instanceColumns } = getTableColumns(workflowInstances);
const { chainHash: _chainHash, ...entryColumns } = getTableColumns(workflowHistory);

export { entryColumns, instanceColumns };

// The conditions of the partial indexes: a query that repeats one is answered from the index.

export function isTransition(table: { readonly determinedNextStep: SQLWrapper }): SQL {
  return isNotNull(table.determinedNextStep);
}

export function isNote(table: { readonly determinedNextStep: SQLWrapper }): SQL {
  return isNull(table.determinedNextStep);
}

export function isStart(table: { readonly kind: SQLWrapper }): SQL {
  return sql`${table.kind} = 'started'`;
}

import type { PinnedDefinition } from '../../domain/definition.ts';
import type { HistoryEntry, NewHistoryEntry } from '../../domain/history.ts';
import type { Instance } from '../../domain/instance.ts';
import type { workflowDefinitions, workflowHistory, workflowInstances } from './schema.ts';
import { withoutNulls } from './without-nulls.ts';

type DefinitionRow = typeof workflowDefinitions.$inferSelect;
type InstanceRow = Omit<typeof workflowInstances.$inferSelect, 'stateHash'>;
type HistoryRow = Omit<typeof workflowHistory.$inferSelect, 'chainHash'>;
/** SQLite numbers a row whose id is NULL. */
type NewHistoryRow = Omit<HistoryRow, 'historyEntryId'> & { readonly historyEntryId: null };

// An absent member of the domain is a NULL of the table. Both directions are typed all the way, so that a
// column that drifts from its domain type stops the compiler here. Every step writes two rows, and
// members in a fixed order are made faster than a spread.

export function instanceToRow(instance: Instance): InstanceRow {
  return {
    instanceId: instance.instanceId,
    workflowName: instance.workflowName,
    definitionHash: instance.definitionHash,
    status: instance.status,
    revision: instance.revision,
    stepToken: instance.stepToken,
    currentStepName: instance.currentStepName,
    createdAt: instance.createdAt,
    updatedAt: instance.updatedAt,
    completedAt: instance.completedAt ?? null,
    statusReason: instance.statusReason ?? null,
    visits: instance.visits,
    context: instance.context,
  };
}

export function instanceFromRow(row: InstanceRow): Instance {
  return withoutNulls(row);
}

export function entryToRow(entry: NewHistoryEntry): NewHistoryRow {
  return {
    historyEntryId: null,
    instanceId: entry.instanceId,
    kind: entry.kind,
    revision: entry.revision,
    timestamp: entry.timestamp,
    stepName: entry.stepName,
    stepToken: entry.stepToken ?? null,
    requestId: entry.requestId ?? null,
    outcomeStatus: entry.outcomeStatus ?? null,
    requestedNextStep: entry.requestedNextStep ?? null,
    determinedNextStep: entry.determinedNextStep ?? null,
    status: entry.status,
    statusReason: entry.statusReason ?? null,
    definitionHash: entry.definitionHash ?? null,
    report: entry.report ?? null,
    contextUpdates: entry.contextUpdates ?? null,
    decision: entry.decision ?? null,
    detail: entry.detail ?? null,
  };
}

export function entryFromRow(row: HistoryRow): HistoryEntry {
  return withoutNulls(row);
}

export function definitionToRow({ hash, definition }: PinnedDefinition, createdAt: string): DefinitionRow {
  return { definitionHash: hash, createdAt, definition };
}

export function definitionFromRow({ definitionHash, definition }: DefinitionRow): PinnedDefinition {
  return { hash: definitionHash, definition };
}

import { and, eq, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { type HistoryEntry, isTransitionKind, type NewHistoryEntry } from '../../domain/history.ts';
import { lazy } from './lazy.ts';
import { rowPlaceholders } from './placeholders.ts';
import { createRowHash } from './row-hash.ts';
import { entryFromRow, entryToRow } from './rows.ts';
import { entryColumns, workflowHistory as history, isStart, isTransition } from './schema.ts';

/** The statements of `workflow_history` that concern one row, prepared when first used. */
export function createHistoryTable(db: BetterSQLite3Database) {
  const { placeholder } = sql;
  const ofInstance = eq(history.instanceId, placeholder('instanceId'));
  const hasRequest = eq(history.requestId, placeholder('requestId'));
  const hasRevision = eq(history.revision, placeholder('revision'));
  const selectWhere = (...conditions: Parameters<typeof and>) =>
    lazy(() =>
      db
        .select(entryColumns)
        .from(history)
        .where(and(...conditions))
        .prepare(),
    );

  const insert = lazy(() => db.insert(history).values(rowPlaceholders(history)).prepare());
  const selectRequest = selectWhere(ofInstance, hasRequest, isTransition(history));
  const selectStart = selectWhere(hasRequest, isStart(history));
  const selectTransition = selectWhere(ofInstance, hasRevision, isTransition(history));

  const chainHash = createRowHash(history, 'chainHash', ['historyEntryId']);
  const selectHash = lazy(() =>
    db
      .select({ chainHash: history.chainHash })
      .from(history)
      .where(and(ofInstance, hasRevision, isTransition(history)))
      .prepare(),
  );

  return {
    /**
     * Adds an entry, chained to the transition before it: the one that led to where the instance stood. Call it
     * within a transaction that holds the write lock.
     */
    append(entry: NewHistoryEntry): void {
      const row = entryToRow(entry);
      const { instanceId } = entry;
      const revision = isTransitionKind(entry.kind) ? entry.revision - 1 : entry.revision;
      const before = revision < 0 ? undefined : selectHash().get({ instanceId, revision });
      insert().run(Object.assign(row, { chainHash: chainHash.ofRow(row, before?.chainHash) }));
    },

    findRequest(instanceId: string, requestId: string): HistoryEntry | undefined {
      const row = selectRequest().get({ instanceId, requestId });
      return row && entryFromRow(row);
    },

    findStartRequest(requestId: string): HistoryEntry | undefined {
      const row = selectStart().get({ requestId });
      return row && entryFromRow(row);
    },

    findTransition(instanceId: string, revision: number): HistoryEntry | undefined {
      const row = selectTransition().get({ instanceId, revision });
      return row && entryFromRow(row);
    },
  };
}

import { and, asc, desc, eq, gt, gte, isNotNull, lt, type SQL, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { unionAll } from 'drizzle-orm/sqlite-core';
import { type HistoryEntry, isTransitionKind } from '../../domain/history.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Page } from '../../domain/page.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { PageParams } from '../store.ts';
import { lazy } from './lazy.ts';
import { entryFromRow } from './rows.ts';
import { entryColumns, workflowHistory as history, isNote, isStart, isTransition } from './schema.ts';

/**
 * The statements of `workflow_history` that list, prepared when first used. Transitions and notes are
 * walked in an index each and merged by number, at a cost that does not grow with the table.
 */
export function createHistoryListing(db: BetterSQLite3Database) {
  const selectAfter = lazy(() =>
    prepareSelect(db, {
      transitions: and(isTransition(history), gt(history.revision, sql.placeholder('revision'))),
      notes: and(isNote(history), gt(history.historyEntryId, sql.placeholder('historyEntryId'))),
      order: asc,
    }),
  );
  const selectLatest = lazy(() =>
    prepareSelect(db, {
      transitions: isTransition(history),
      notes: isNote(history),
      order: desc,
    }),
  );

  const selectStartKeys = lazy(() => prepareSelectStartKeys(db));

  return {
    completeStartRequest(prefix: string, limit: number): readonly string[] {
      const rows = selectStartKeys().all({ prefix, prefixEnd: `${prefix}\u{10FFFF}`, limit });
      return rows.map(({ requestId }) => requestId ?? '');
    },

    recent(instanceId: string, limit: number): readonly HistoryEntry[] {
      const entries = selectLatest().all({ instanceId, limit }).map(entryFromRow);
      return limit > 0 ? entries.sort(oldestFirst).slice(-limit) : [];
    },

    list(instanceId: string, { limit, cursor }: PageParams): Page<HistoryEntry> {
      const position = cursor === undefined ? START : decodeCursor(cursor, isHistoryPosition);
      // One more than asked for tells whether this is the end.
      const rows = selectAfter().all({ ...position, instanceId, limit: limit + 1 });
      const items = rows.map(entryFromRow).sort(oldestFirst).slice(0, limit);
      if (rows.length <= limit) return { items };
      return { items, nextCursor: encodeCursor(positionAfter(items, position)) };
    },
  };
}

function prepareSelectStartKeys(db: BetterSQLite3Database) {
  const { requestId } = history;
  return db
    .select({ requestId })
    .from(history)
    .where(
      and(
        isNotNull(requestId),
        isStart(history),
        gte(requestId, sql.placeholder('prefix')),
        lt(requestId, sql.placeholder('prefixEnd')),
      ),
    )
    .orderBy(asc(requestId))
    .limit(sql.placeholder('limit'))
    .prepare();
}

interface Selection {
  readonly transitions: SQL | undefined;
  readonly notes: SQL | undefined;
  readonly order: typeof asc | typeof desc;
}

function prepareSelect(db: BetterSQLite3Database, { transitions, notes, order }: Selection) {
  const ofInstance = eq(history.instanceId, sql.placeholder('instanceId'));
  const limit = sql.placeholder('limit');
  const select = (condition: SQL | undefined) =>
    db.select(entryColumns).from(history).where(and(ofInstance, condition));
  return unionAll(
    db.select().from(select(transitions).orderBy(order(history.revision)).limit(limit).as('transitions')),
    db.select().from(select(notes).orderBy(order(history.historyEntryId)).limit(limit).as('notes')),
  ).prepare();
}

function oldestFirst(one: HistoryEntry, other: HistoryEntry): number {
  return one.historyEntryId - other.historyEntryId;
}

/** The last transition and the last entry that were listed. */
type HistoryPosition = JsonObject & { readonly revision: number; readonly historyEntryId: number };

const START: HistoryPosition = { revision: -1, historyEntryId: 0 };

function positionAfter(items: readonly HistoryEntry[], before: HistoryPosition): HistoryPosition {
  const transition = items.findLast((entry) => isTransitionKind(entry.kind));
  return {
    revision: transition?.revision ?? before.revision,
    historyEntryId: items.at(-1)?.historyEntryId ?? before.historyEntryId,
  };
}

function isHistoryPosition(value: JsonObject): value is HistoryPosition {
  return Number.isSafeInteger(value.revision) && Number.isSafeInteger(value.historyEntryId);
}

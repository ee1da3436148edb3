import { and, asc, eq, gte, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { JsonObject } from '../../domain/json.ts';
import type { Page } from '../../domain/page.ts';
import type { KeyedValue } from '../../domain/session.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { PutValueParams } from '../session-store.ts';
import type { PageParams } from '../store.ts';
import { lazy } from './lazy.ts';
import { columnPlaceholders, rowPlaceholders } from './placeholders.ts';
import type { ValueTable } from './session-schema.ts';

/**
 * The statements of a table of values under keys, prepared when first used. Their cost does not grow with the table.
 */
export function createValueTable(db: BetterSQLite3Database, table: ValueTable) {
  const { entryId, sessionId, key, updatedAt, value } = table;
  const { placeholder } = sql;
  const ofSession = eq(sessionId, placeholder('sessionId'));

  const upsert = lazy(() =>
    db
      .insert(table)
      .values(rowPlaceholders(table))
      .onConflictDoUpdate({ target: [sessionId, key], set: columnPlaceholders({ updatedAt, value }) })
      .returning({ entryId })
      .prepare(),
  );
  const select = lazy(() =>
    db
      .select({ key, value, updatedAt })
      .from(table)
      .where(and(ofSession, eq(key, placeholder('key'))))
      .prepare(),
  );
  const selectKeys = lazy(() =>
    db
      .select({ key })
      .from(table)
      .where(and(ofSession, gte(key, placeholder('from'))))
      .orderBy(asc(key))
      .limit(placeholder('limit'))
      .prepare(),
  );

  return {
    /** Returns the number of the entry; it stays the same when the value is replaced. */
    put({ sessionId, key, value, now }: PutValueParams): number {
      const row = upsert().get({ entryId: null, sessionId, key, value: { value }, updatedAt: now });
      return row.entryId;
    },

    find(sessionId: string, key: string): KeyedValue | undefined {
      const row = select().get({ sessionId, key });
      return row && { ...row, value: row.value.value };
    },

    listKeys(sessionId: string, { limit, cursor }: PageParams): Page<string> {
      const { from } = cursor === undefined ? START : decodeCursor(cursor, isKeyPosition);
      const keys = selectKeys()
        .all({ sessionId, from, limit: limit + 1 })
        .map((row) => row.key);
      const next = keys[limit];
      const items = keys.slice(0, limit);
      return next === undefined ? { items } : { items, nextCursor: encodeCursor({ from: next }) };
    },
  };
}

/** The first key that was not listed yet. */
type KeyPosition = JsonObject & { readonly from: string };

const START: KeyPosition = { from: '' };

function isKeyPosition(value: JsonObject): value is KeyPosition {
  return typeof value.from === 'string';
}

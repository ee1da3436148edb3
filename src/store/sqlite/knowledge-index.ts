import { and, eq, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { JsonValue } from '../../domain/json.ts';
import type { KnowledgeHit } from '../../domain/session.ts';
import { knowledgeExcerpt } from '../knowledge-excerpt.ts';
import type { PutValueParams, SearchParams } from '../session-store.ts';
import { lazy } from './lazy.ts';
import { matchExpressions } from './match-expressions.ts';
import { rowPlaceholders } from './placeholders.ts';
import { agentKnowledge as knowledge } from './session-schema.ts';

/** A virtual table, which drizzle-kit cannot make: a migration of its own does. */
export const knowledgeIndex = sqliteTable('agent_knowledge_index', {
  entryId: integer('rowid').notNull(),
  key: text('key').notNull(),
  text: text('text').notNull(),
});

/** The statements of the full-text index of `agent_knowledge`, prepared when first used. */
export function createKnowledgeIndex(db: BetterSQLite3Database) {
  const { placeholder } = sql;
  const isEntry = eq(knowledgeIndex.entryId, placeholder('entryId'));

  const insert = lazy(() => db.insert(knowledgeIndex).values(rowPlaceholders(knowledgeIndex)).prepare());
  const remove = lazy(() => db.delete(knowledgeIndex).where(isEntry).prepare());
  const select = lazy(() =>
    db
      .select({
        key: knowledge.key,
        value: knowledge.value,
        updatedAt: knowledge.updatedAt,
        text: knowledgeIndex.text,
      })
      .from(knowledgeIndex)
      // Unlike INNER JOIN, it keeps this order: only so does FTS5 hand out the best first, and stop at the limit.
      .crossJoin(knowledge)
      .where(
        and(
          sql`${knowledgeIndex} match ${placeholder('expression')}`,
          eq(knowledge.entryId, knowledgeIndex.entryId),
          eq(knowledge.sessionId, placeholder('sessionId')),
        ),
      )
      .orderBy(sql`${knowledgeIndex}.rank`)
      .limit(placeholder('limit'))
      .prepare(),
  );

  return {
    /** Call it within the transaction that keeps the value. */
    put(entryId: number, { key, value }: PutValueParams): void {
      remove().run({ entryId });
      insert().run({ entryId, key, text: searchText(value) });
    },

    search({ sessionId, query, limit }: SearchParams): readonly KnowledgeHit[] {
      for (const expression of matchExpressions(query)) {
        const rows = select().all({ expression, sessionId, limit });
        if (rows.length > 0)
          return rows.map(({ text, value, ...row }) => ({
            ...row,
            value: value.value,
            excerpt: knowledgeExcerpt(text, query),
          }));
      }
      return [];
    },
  };
}

/** What is found of a value: strings as they are; of other values the JSON, without what is escaped in it. */
function searchText(value: JsonValue): string {
  // A NUL ends a text for FTS5. Everything that JSON escapes stands between words, too.
  if (typeof value === 'string') return value.replaceAll('\0', ' ');
  return JSON.stringify(value).replace(/\\(u[0-9a-f]{4}|.)/g, ' ');
}

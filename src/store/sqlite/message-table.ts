import { and, desc, eq, isNotNull, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { Message } from '../../domain/session.ts';
import type { AddMessageParams } from '../session-store.ts';
import { lazy } from './lazy.ts';
import { rowPlaceholders } from './placeholders.ts';
import { messageColumns, agentMessages as messages } from './session-schema.ts';

/** The statements of `agent_messages`, prepared when first used. Their cost does not grow with the table. */
export function createMessageTable(db: BetterSQLite3Database) {
  const { placeholder } = sql;
  const ofSession = eq(messages.sessionId, placeholder('sessionId'));

  const insert = lazy(() => db.insert(messages).values(rowPlaceholders(messages)).prepare());
  const selectRequest = lazy(() =>
    db
      .select(messageColumns)
      .from(messages)
      .where(and(ofSession, isNotNull(messages.requestId), eq(messages.requestId, placeholder('requestId'))))
      .prepare(),
  );
  const selectLatest = lazy(() =>
    db
      .select(messageColumns)
      .from(messages)
      .where(ofSession)
      .orderBy(desc(messages.messageId))
      .limit(placeholder('limit'))
      .prepare(),
  );

  return {
    insert({ message, requestId }: AddMessageParams): Message {
      const { sessionId, role, content, createdAt } = message;
      const row = { sessionId, role, content, createdAt };
      const { lastInsertRowid } = insert().run({ ...row, messageId: null, requestId: requestId ?? null });
      return { messageId: Number(lastInsertRowid), ...row };
    },

    findRequest(sessionId: string, requestId: string): Message | undefined {
      return selectRequest().get({ sessionId, requestId });
    },

    latest(sessionId: string, limit: number): readonly Message[] {
      return selectLatest().all({ sessionId, limit }).reverse();
    },
  };
}

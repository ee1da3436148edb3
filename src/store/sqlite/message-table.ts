import { and, desc, eq, isNotNull, lt, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { JsonObject } from '../../domain/json.ts';
import type { Page } from '../../domain/page.ts';
import type { Message } from '../../domain/session.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { AddMessageParams, MessagePageParams } from '../session-store.ts';
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
      .where(and(ofSession, lt(messages.messageId, placeholder('before'))))
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

    latest(sessionId: string, { limit, cursor, bytesMax }: MessagePageParams): Page<Message> {
      const { before } = cursor === undefined ? START : decodeCursor(cursor, isMessagePosition);
      // One more than asked for tells whether there are older ones.
      const rows = selectLatest().all({ sessionId, before, limit: limit + 1 });
      const newestFirst = withinBytes(rows.slice(0, limit), bytesMax);
      const items = newestFirst.toReversed();
      const [oldest] = items;
      if (oldest === undefined || items.length === rows.length) return { items };
      return { items, nextCursor: encodeCursor({ before: oldest.messageId }) };
    },
  };
}

/** As many as fit, and one in any case. */
function withinBytes(
  newestFirst: readonly Message[],
  bytesMax = Number.POSITIVE_INFINITY,
): readonly Message[] {
  let bytes = 0;
  const tooMuch = newestFirst.findIndex(({ content }, index) => {
    bytes += Buffer.byteLength(content);
    return bytes > bytesMax && index > 0;
  });
  return tooMuch === -1 ? newestFirst : newestFirst.slice(0, tooMuch);
}

/** The oldest message that was listed. */
type MessagePosition = JsonObject & { readonly before: number };

/** After any message. */
const START: MessagePosition = { before: Number.MAX_SAFE_INTEGER };

function isMessagePosition(value: JsonObject): value is MessagePosition {
  return Number.isSafeInteger(value.before);
}

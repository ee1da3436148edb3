import { getTableColumns, isNotNull } from 'drizzle-orm';
import { index, integer, sqliteTable, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { JsonValue } from '../../domain/json.ts';
import type { KeyedValue, Message, MessageRole } from '../../domain/session.ts';
import { type Present, plainText, presentJson } from './columns.ts';

/** The conversations. SQLite ends every index with the row id, so the first one orders those of a session. */
export const agentMessages = sqliteTable(
  'agent_messages',
  {
    messageId: integer('message_id').primaryKey(),
    sessionId: plainText('session_id').notNull(),
    role: plainText('role').$type<MessageRole>().notNull(),
    createdAt: plainText('created_at').notNull(),
    requestId: plainText('request_id'),
    content: plainText('content').notNull(),
  } satisfies Record<keyof Message | 'requestId', unknown>,
  (table) => [
    index('agent_messages_by_session').on(table.sessionId),
    uniqueIndex('agent_messages_one_per_request')
      .on(table.sessionId, table.requestId)
      .where(isNotNull(table.requestId)),
  ],
);

// What readers of the domain are given: the key is between the caller and the store.
const { requestId: _requestId, ...messageColumns } = getTableColumns(agentMessages);

export { messageColumns };

export const agentTaskData = valueTable('agent_task_data');
/** Its texts are also in `agent_knowledge_index`, under the same number. */
export const agentKnowledge = valueTable('agent_knowledge');

export type ValueTable = ReturnType<typeof valueTable>;

/** What each session keeps under a key. */
function valueTable(name: string) {
  return sqliteTable(
    name,
    {
      entryId: integer('entry_id').primaryKey(),
      sessionId: plainText('session_id').notNull(),
      key: plainText('key').notNull(),
      updatedAt: plainText('updated_at').notNull(),
      value: presentJson('value').$type<Present<JsonValue>>().notNull(),
    } satisfies Record<keyof KeyedValue | 'entryId' | 'sessionId', unknown>,
    (table) => [uniqueIndex(`${name}_one_per_key`).on(table.sessionId, table.key)],
  );
}

import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { KnowledgeHit } from '../../domain/session.ts';
import type {
  AddedMessage,
  AddMessageParams,
  PutValueParams,
  SearchParams,
  SessionStore,
} from '../session-store.ts';
import { createKnowledgeIndex } from './knowledge-index.ts';
import { createMessageTable } from './message-table.ts';
import { agentKnowledge, agentTaskData } from './session-schema.ts';
import type { StoreOnConnectionParams } from './store-on-connection.ts';
import { createValueTable } from './value-table.ts';

/** The verbs, over a connection whose tables are up to date. */
export function createSessionStoreOnConnection({ client, retry }: StoreOnConnectionParams): SessionStore {
  const db = drizzle(client);
  const messages = createMessageTable(db);
  const taskData = createValueTable(db, agentTaskData);
  const knowledge = createValueTable(db, agentKnowledge);
  const index = createKnowledgeIndex(db);

  const add = client.transaction((params: AddMessageParams): AddedMessage => {
    const { message, requestId } = params;
    const seen = requestId === undefined ? undefined : messages.findRequest(message.sessionId, requestId);
    if (seen !== undefined) return { message: seen, replayed: true };
    return { message: messages.insert(params), replayed: false };
  });

  const putKnowledge = client.transaction((params: PutValueParams): void => {
    index.put(knowledge.put(params), params);
  });

  // In one transaction, so that both looks are at the same moment.
  const search = client.transaction((params: SearchParams): readonly KnowledgeHit[] => index.search(params));

  return {
    // Taking the write lock first means that what is checked still holds when it is acted upon.
    addMessage: (params) => retry(() => add.immediate(params)),
    lastMessages: (sessionId, page) => retry(() => messages.latest(sessionId, page)),
    putTaskData: (params) =>
      retry(() => {
        taskData.put(params);
      }),
    findTaskData: (sessionId, key) => retry(() => taskData.find(sessionId, key)),
    listTaskDataKeys: (sessionId, page) => retry(() => taskData.listKeys(sessionId, page)),
    putKnowledge: (params) => retry(() => putKnowledge.immediate(params)),
    findKnowledge: (sessionId, key) => retry(() => knowledge.find(sessionId, key)),
    listKnowledgeKeys: (sessionId, page) => retry(() => knowledge.listKeys(sessionId, page)),
    searchKnowledge: (params) => retry(() => search(params)),
  };
}

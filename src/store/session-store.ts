import type { JsonValue } from '../domain/json.ts';
import type { Page } from '../domain/page.ts';
import type { KeyedValue, KnowledgeHit, Message } from '../domain/session.ts';
import type { PageParams } from './store.ts';

export interface AddMessageParams {
  readonly message: Omit<Message, 'messageId'>;
  /** Makes the call safe to repeat; unique within the session. */
  readonly requestId?: string;
}

export interface AddedMessage {
  readonly message: Message;
  /** It was added before, under the same `requestId`, whatever its contents; nothing was written now. */
  readonly replayed: boolean;
}

export interface MessagePageParams extends PageParams {
  /** Of the contents, all messages of the page together; the last one is there whatever its size. */
  readonly bytesMax?: number;
}

export interface PutValueParams {
  readonly sessionId: string;
  readonly key: string;
  readonly value: JsonValue;
  /** ISO-8601 UTC. */
  readonly now: string;
}

export interface SearchParams {
  readonly sessionId: string;
  /** Plain words, whatever they consist of; there is no query language. */
  readonly query: string;
  readonly limit: number;
}

/**
 * What agent sessions remember besides their state: conversation, task data, knowledge. A session needs no
 * creating. Every verb is one transaction, durable when its promise resolves; throws what the verbs of {@link Store}
 * throw.
 */
export interface SessionStore {
  addMessage(params: AddMessageParams): Promise<AddedMessage>;

  /** The last messages, in each page the oldest first; the next page has those before. */
  lastMessages(sessionId: string, page: MessagePageParams): Promise<Page<Message>>;

  /** Keeps a value under a key, in place of the one that was there. */
  putTaskData(params: PutValueParams): Promise<void>;
  findTaskData(sessionId: string, key: string): Promise<KeyedValue | undefined>;
  /** In the order of their code points. */
  listTaskDataKeys(sessionId: string, page: PageParams): Promise<Page<string>>;

  putKnowledge(params: PutValueParams): Promise<void>;
  findKnowledge(sessionId: string, key: string): Promise<KeyedValue | undefined>;
  listKnowledgeKeys(sessionId: string, page: PageParams): Promise<Page<string>>;

  /**
   * Full-text search in keys and values, the best match first. A word of the query matches words that begin with it,
   * whatever the letter case and accents. Entries that match every word; where none does, those that match any.
   */
  searchKnowledge(params: SearchParams): Promise<readonly KnowledgeHit[]>;
}

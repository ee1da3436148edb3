import type { JsonValue } from './json.ts';

export const DEFAULT_SESSION_ID = 'default';
/** The workflow whose steps are the states of every agent session. */
export const AGENT_STATES = 'AGENT_STATES';

export const MESSAGE_ROLES = ['user', 'assistant', 'system'] as const;
export type MessageRole = (typeof MESSAGE_ROLES)[number];

/** One line of a session's conversation. */
export interface Message {
  /** Ascending; assigned by the store. */
  readonly messageId: number;
  readonly sessionId: string;
  readonly role: MessageRole;
  readonly content: string;
  /** ISO-8601 UTC. */
  readonly createdAt: string;
}

/** One thing that a session keeps under a key. */
export interface KeyedValue {
  readonly key: string;
  readonly value: JsonValue;
  /** ISO-8601 UTC. */
  readonly updatedAt: string;
}

/** Knowledge that a search found. */
export interface KnowledgeHit extends KeyedValue {
  /** The part of the value around the first match, matches in `**`; its beginning where only the key matches. */
  readonly excerpt: string;
}

import type { Clock } from '../domain/clock.ts';
import { Fault } from '../domain/errors.ts';
import type { Limits } from '../domain/limits.ts';
import { requestIdReused } from '../domain/request-id-reused.ts';
import type { MessageRole } from '../domain/session.ts';
import type { SessionStore } from '../store/session-store.ts';

export interface ConversationDeps {
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly limits: Limits;
}

export interface AddMessageParams {
  readonly sessionId: string;
  readonly role: MessageRole;
  readonly content: string;
  /** Makes the call safe to repeat. */
  readonly requestId?: string;
}

export interface MessageItem {
  readonly message_id: number;
  readonly role: MessageRole;
  readonly content: string;
  /** ISO-8601 UTC. */
  readonly created_at: string;
}

export interface AddedMessageAnswer {
  readonly session_id: string;
  readonly message_id: number;
  readonly role: MessageRole;
  readonly created_at: string;
  /** The call was made before; nothing was added now. */
  readonly replayed?: true;
}

export interface ConversationAnswer {
  readonly session_id: string;
  /** The oldest first. */
  readonly messages: readonly MessageItem[];
  /** Older ones that were asked for are left out, because together they would be too large for one answer. */
  readonly truncated?: true;
  /** Leads to those before; absent where there are none. */
  readonly next_cursor?: string;
}

/** Throws `TOO_LARGE`, or `REQUEST_ID_REUSED` if the key belongs to another message. */
export async function addMessage(
  { sessions, clock, limits }: ConversationDeps,
  { sessionId, role, content, requestId }: AddMessageParams,
): Promise<AddedMessageAnswer> {
  const bytes = Buffer.byteLength(content);
  const bytesMax = limits.sessionMessageBytesMax;
  if (bytes > bytesMax) {
    throw new Fault('TOO_LARGE', `The message has ${bytes} bytes; at most ${bytesMax} are allowed.`, {
      hint: 'Add it in parts, or put it into a file, and say where that is.',
      details: { what: 'The message', bytes, bytes_max: bytesMax },
    });
  }
  const { message, replayed } = await sessions.addMessage({
    message: { sessionId, role, content, createdAt: clock.now() },
    requestId,
  });
  if (requestId !== undefined && (message.role !== role || message.content !== content))
    throw requestIdReused(requestId);
  return {
    session_id: sessionId,
    message_id: message.messageId,
    role: message.role,
    created_at: message.createdAt,
    replayed: replayed ? true : undefined,
  };
}

export interface ConversationParams {
  readonly sessionId: string;
  /** At most `limits.pageSizeMax`, which larger numbers are cut to. */
  readonly maxMessages: number;
  /** `next_cursor` of the answer before, for the messages before those. */
  readonly cursor?: string;
}

/** The last messages, as many as fit into an answer. Throws `INVALID_ARGUMENT` for a cursor that none gave out. */
export async function conversation(
  { sessions, limits }: ConversationDeps,
  { sessionId, maxMessages, cursor }: ConversationParams,
): Promise<ConversationAnswer> {
  const limit = Math.min(maxMessages, limits.pageSizeMax);
  const { items, nextCursor } = await sessions.lastMessages(sessionId, {
    limit,
    cursor,
    bytesMax: limits.requestBytesMax,
  });
  return {
    session_id: sessionId,
    messages: items.map((message) => ({
      message_id: message.messageId,
      role: message.role,
      content: message.content,
      created_at: message.createdAt,
    })),
    truncated: nextCursor !== undefined && items.length < limit ? true : undefined,
    next_cursor: nextCursor,
  };
}

import type { JSONRPCMessage } from '@modelcontextprotocol/client';
import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import { mendMessage } from './mend-message.ts';

/** A server that answers nothing must not make it grow for ever. */
const WAITING_MAX = 10_000;

/** What goes to one server and comes from it: which request an answer belongs to decides how it is mended. */
export interface Exchange {
  sent(message: JSONRPCMessage): void;
  /** The messages in a text that arrived, mended; none where it has none. */
  received(text: string): readonly JSONRPCMessage[];
  /** Whether the request with this id waited for its answer. It does no more. */
  settle(id: string | number): boolean;
}

export function createExchange(): Exchange {
  /** The methods of the requests that wait for an answer, by their ids. */
  const waiting = new Map<string, string>();

  /** The method that a message answers. A request of the server may have the id of one of ours, and answers nothing. */
  function answeredMethod({ id, method }: JsonObject): string | undefined {
    if (typeof method === 'string') return undefined;
    // Some servers answer the request 1 with the id "1".
    const key = String(id);
    const answered = waiting.get(key);
    waiting.delete(key);
    return answered;
  }

  return {
    sent(message) {
      if (!('method' in message && 'id' in message)) return;
      waiting.set(String(message.id), message.method);
      const [oldest] = waiting.keys();
      if (waiting.size > WAITING_MAX && oldest !== undefined) waiting.delete(oldest);
    },
    received(text) {
      const value = parseJson(text);
      // Batches were part of the protocol for a while.
      const messages = (Array.isArray(value) ? value : [value]).filter(isJsonObject);
      return messages.flatMap((message) => mendMessage(message, answeredMethod(message)) ?? []);
    },
    settle: (id) => waiting.delete(String(id)),
  };
}

function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

import type { JSONRPCMessage } from '@modelcontextprotocol/client';
import type { JsonValue } from '../domain/json.ts';

/** A server that answers nothing must not make it grow for ever. */
const PENDING_MAX = 10_000;

/** Which requests a server has not answered yet. */
export interface PendingRequests {
  add(message: JSONRPCMessage): void;
  /** The method of the request that an answer belongs to; undefined where there is none. */
  take(id: JsonValue | undefined): string | undefined;
}

export function createPendingRequests(): PendingRequests {
  const methods = new Map<string, string>();
  return {
    add(message) {
      if (!('method' in message && 'id' in message)) return;
      methods.set(String(message.id), message.method);
      const [oldest] = methods.keys();
      if (methods.size > PENDING_MAX && oldest !== undefined) methods.delete(oldest);
    },
    take(id) {
      // Some servers answer the request 1 with the id "1".
      const key = String(id);
      const method = methods.get(key);
      methods.delete(key);
      return method;
    },
  };
}

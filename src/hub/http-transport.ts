import { StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import type { JsonObject } from '../domain/json.ts';
import type { Timers } from '../domain/timers.ts';
import { createBoundedFetch } from './bounded-fetch.ts';
import { answerTooLarge, failureAnswer, unavailable } from './faults.ts';
import type { HttpServerSpec } from './hub.ts';
import type { HubLimits } from './limits.ts';
import { mendMessage } from './mend-message.ts';
import { createPendingRequests } from './pending-requests.ts';
import { settledWithin } from './settled-within.ts';

export interface HttpTransportParams {
  readonly server: string;
  readonly spec: HttpServerSpec;
  readonly limits: HubLimits;
  readonly timers: Timers;
}

/**
 * The SDK's transport over Streamable HTTP, with three things added: bounds, mending (`mend-message.ts`), and an
 * answer to requests whose stream breaks off, which otherwise would wait for their time-out.
 */
export function createHttpTransport({ server, spec, limits, timers }: HttpTransportParams): Transport {
  const pending = createPendingRequests();
  /** The bodies of requests whose answer was too long. */
  const exceeded = new Set<unknown>();
  const tooLarge = () => answerTooLarge(server, { bytesMax: limits.messageBytesMax });
  const inner = new StreamableHTTPClientTransport(new URL(spec.url), {
    requestInit: { headers: { ...spec.headers } },
    fetch: createBoundedFetch({
      bytesMax: limits.messageBytesMax,
      onExceeded(requestBody) {
        exceeded.add(requestBody);
        return tooLarge();
      },
    }),
  });

  const transport: Transport = {
    hasPerRequestStream: inner.hasPerRequestStream,
    get sessionId() {
      return inner.sessionId;
    },
    setProtocolVersion: (version) => inner.setProtocolVersion(version),
    async start() {
      inner.onmessage = (message) => {
        const id = 'id' in message ? message.id : undefined;
        const method = 'method' in message ? undefined : pending.take(id);
        const mended = mendMessage(message as JsonObject, method);
        if (mended !== undefined) transport.onmessage?.(mended);
      };
      inner.onerror = (error) => transport.onerror?.(error);
      inner.onclose = () => transport.onclose?.();
      await inner.start();
    },
    async send(message, options) {
      pending.add(message);
      const body = JSON.stringify(message);
      const id = 'method' in message && 'id' in message ? message.id : undefined;
      await inner.send(message, {
        ...options,
        onRequestStreamEnd() {
          options?.onRequestStreamEnd?.();
          const isTooLarge = exceeded.delete(body);
          if (id === undefined || pending.take(id) === undefined) return;
          const fault = isTooLarge ? tooLarge() : unavailable(server, 'broke off its answer');
          transport.onmessage?.(failureAnswer(id, fault));
        },
      });
    },
    async close() {
      // The server may forget the session; one that does not answer is not waited for.
      await settledWithin(inner.terminateSession(), limits.endMs, timers);
      await inner.close();
    },
  };
  return transport;
}

import {
  type JSONRPCMessage,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client';
import type { Timers } from '../domain/timers.ts';
import { createExchange } from './exchange.ts';
import { answerTooLarge, failureAnswer, outcomeUnknown, unavailable } from './faults.ts';
import type { HttpServerSpec } from './hub.ts';
import type { HubLimits } from './limits.ts';
import { createMendingFetch } from './mending-fetch.ts';
import { isNestedDeeper } from './nesting.ts';
import { settledWithin } from './settled-within.ts';

/** What is nested deeper exhausts the stack when it is written as text. It is left as it came, and refused later. */
const WRITABLE_DEPTH_MAX = 1_000;

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
  const exchange = createExchange();
  /** The bodies of requests whose answer was too long. */
  const exceeded = new Set<unknown>();
  const tooLarge = () => answerTooLarge(server, { bytesMax: limits.messageBytesMax });
  const inner = new StreamableHTTPClientTransport(new URL(spec.url), {
    requestInit: { headers: { ...spec.headers } },
    fetch: createMendingFetch({
      bytesMax: limits.messageBytesMax,
      mend: (text) => textsOf(exchange.received(text)),
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
      inner.onmessage = (message) => transport.onmessage?.(message);
      inner.onerror = (error) => transport.onerror?.(error);
      inner.onclose = () => transport.onclose?.();
      await inner.start();
    },
    async send(message, options) {
      exchange.sent(message);
      const body = JSON.stringify(message);
      const id = 'method' in message && 'id' in message ? message.id : undefined;
      await inner.send(message, {
        ...options,
        onRequestStreamEnd() {
          options?.onRequestStreamEnd?.();
          const isTooLarge = exceeded.delete(body);
          if (id === undefined || !exchange.settle(id)) return;
          const fault = isTooLarge ? tooLarge() : outcomeUnknown(unavailable(server, 'broke off its answer'));
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

function textsOf(messages: readonly JSONRPCMessage[]): readonly string[] {
  if (isNestedDeeper(messages, WRITABLE_DEPTH_MAX)) return [];
  return messages.map((message) => JSON.stringify(message));
}

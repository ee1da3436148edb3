import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the fake does with one request. */
export type Reply =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: unknown }
  /** Never answers. */
  | 'hang'
  /** Closes the connection instead of answering. */
  | 'reset'
  /** Sends the head of a success and half a body, then closes the connection. */
  | 'cut';

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The JSON body, members unchecked. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Resolves when the caller closes the connection before it has its answer. */
  readonly closedByCaller: Promise<void>;
}

/** An HTTP server on the loopback interface in the place of an LLM provider. */
export interface FakeProvider {
  /** Base URL, without a path. */
  readonly origin: string;
  readonly requests: readonly ReceivedRequest[];
  /** What the following requests get, one each, when it is known; a request without a reply gets status 418. */
  willReply(...replies: readonly (Reply | Promise<Reply>)[]): void;
  /** Drops the replies that no request has taken. */
  forgetReplies(): void;
  /** Resolves with the request of that number, counted from 1, once it has arrived. */
  request(number: number): Promise<ReceivedRequest>;
  close(): Promise<void>;
}

/** @param answer what requests get for which no reply was given */
export async function startFakeProvider(
  answer: (request: ReceivedRequest) => Reply = () => NO_REPLY_LEFT,
): Promise<FakeProvider> {
  const requests: ReceivedRequest[] = [];
  const replies: (Reply | Promise<Reply>)[] = [];
  const server = createServer((request, response) => {
    void receive(request, response).then(async (received) => {
      requests.push(received);
      const reply = replies.shift() ?? answer(received);
      server.emit('received');
      send(response, await reply);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    willReply: (...more) => void replies.push(...more),
    forgetReplies: () => void replies.splice(0),
    async request(number) {
      for (;;) {
        const received = requests[number - 1];
        if (received !== undefined) return received;
        await once(server, 'received');
      }
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const NO_REPLY_LEFT: Reply = { status: 418, body: { error: { message: 'No reply is left' } } };

async function receive(request: IncomingMessage, response: ServerResponse): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return {
    path: request.url ?? '',
    headers: request.headers,
    body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
    closedByCaller: new Promise((resolve) => {
      response.on('close', () => {
        if (!response.writableFinished) resolve();
      });
    }),
  };
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply === 'hang') return;
  if (reply === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  if (reply === 'cut') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"candidates": [', () => response.socket?.destroy());
    return;
  }
  const isText = typeof reply.body === 'string';
  response.writeHead(reply.status, {
    'content-type': isText ? 'text/html' : 'application/json',
    ...reply.headers,
  });
  response.end(isText ? reply.body : JSON.stringify(reply.body));
}

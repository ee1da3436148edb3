import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';

/** Answers one request, as `fetch` sees it. */
export type FetchHandler = (request: Request) => Promise<Response> | Response;

export interface HttpServer {
  readonly url: string;
  /** From now on, nobody is there any more. */
  stop(): void;
}

/** A server on a port of its own; closed with the running test. Returns its URL. */
export async function serveHttp(handle: FetchHandler): Promise<string> {
  return (await startHttp(handle)).url;
}

/** The same, for a test that stops it before. */
export async function startHttp(handle: FetchHandler): Promise<HttpServer> {
  const server = createServer((request, response) => {
    answer(handle, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  onTestFinished(stop);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, stop };
}

async function answer(
  handle: FetchHandler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const hasBody = !['GET', 'HEAD', 'DELETE'].includes(request.method ?? '');
  const { status, headers, body } = await handle(
    new Request(`http://${request.headers.host}${request.url}`, {
      method: request.method,
      headers: Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      ...(hasBody && { body: Buffer.concat(chunks) }),
    }),
  );
  response.writeHead(status, Object.fromEntries(headers));
  response.flushHeaders();
  if (body === null) response.end();
  else
    Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0])
      .on('error', () => response.destroy())
      .pipe(response);
}

/** What a server made by hand answers to each method; undefined refuses the method. */
export type Answers = Readonly<Record<string, (params: Readonly<Record<string, unknown>>) => unknown>>;

const HANDSHAKE: Answers = {
  initialize: () => ({
    protocolVersion: '2025-06-18',
    capabilities: { tools: {} },
    serverInfo: { name: 'by hand', version: '1' },
  }),
  'tools/list': () => ({ tools: [] }),
};

/** A handler that speaks the older protocol by hand; an answer that is a `Response` goes out as it is. */
export function answerByHand(answers: Answers): FetchHandler {
  return async (request) => {
    if (request.method !== 'POST') return new Response(null, { status: 405 });
    const { id, method, params = {} } = JSON.parse(await request.text());
    if (id === undefined) return new Response(null, { status: 202 });
    const answered = { ...HANDSHAKE, ...answers }[method]?.(params);
    if (answered instanceof Response) return answered;
    const error = { code: -32601, message: 'Method not found' };
    return Response.json({
      jsonrpc: '2.0',
      id,
      ...(answered === undefined ? { error } : { result: answered }),
    });
  };
}

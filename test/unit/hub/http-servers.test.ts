import { type AddressInfo, createServer } from 'node:net';
import {
  createMcpHandler,
  McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import type { JsonValue } from '../../../src/domain/json.ts';
import { faultOf } from '../../support/fault-of.ts';
import { answerByHand, type FetchHandler, serveHttp, startHttp } from '../../support/http-servers.ts';
import { type HubRoom, openHub, PATIENCE } from '../../support/hub-room.ts';

const work = { server: 'one', tool: 'work', args: {} };
const words = (text: string) => ({ content: [{ type: 'text' as const, text }] });

function greeter(): McpServer {
  const server = new McpServer({ name: 'greeter', version: '2.0.0' });
  server.registerTool('greet', { inputSchema: z.object({ name: z.string() }) }, ({ name }) =>
    words(`Hello ${name}`),
  );
  return server;
}

/** The methods that arrived. */
function listenIn(handle: FetchHandler): { readonly handle: FetchHandler; readonly methods: string[] } {
  const methods: string[] = [];
  return {
    methods,
    async handle(request) {
      const { method } = JSON.parse((await request.clone().text()) || '{}');
      methods.push(method ?? request.method);
      return handle(request);
    },
  };
}

async function greet({ hub }: HubRoom): Promise<void> {
  expect(await hub.start('one')).toMatchObject({ state: 'running', title: 'greeter', version: '2.0.0' });
  const { value } = await hub.callTool({ server: 'one', tool: 'greet', args: { name: 'Ada' } });
  expect(value).toBe('Hello Ada');
  expect((await hub.listTools('one')).map(({ name }) => name)).toEqual(['greet']);
}

/** Nobody listens there. */
async function unusedUrl(): Promise<string> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return `http://127.0.0.1:${port}/mcp`;
}

describe('a server on the SDK', () => {
  test('of protocol version 2026-07-28', async () => {
    const { handle, methods } = listenIn(createMcpHandler(greeter).fetch);
    await greet(openHub({ servers: { one: { url: await serveHttp(handle) } } }));
    expect(methods).toContain('server/discover');
    expect(methods).not.toContain('initialize');
    expect(methods.filter((method) => method === 'tools/list')).toHaveLength(1);
  });

  test('of an older version, which is remembered', async () => {
    const transports = new Map<string, WebStandardStreamableHTTPServerTransport>();
    const { handle, methods } = listenIn(async (request) => {
      const known = transports.get(request.headers.get('mcp-session-id') ?? '');
      if (known !== undefined) return known.handleRequest(request);
      const transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (id) => void transports.set(id, transport),
      });
      await greeter().connect(transport);
      return transport.handleRequest(request);
    });
    const room = openHub({ servers: { one: { url: await serveHttp(handle) } } });
    await greet(room);
    expect(methods.filter((method) => method === 'server/discover')).toHaveLength(1);
    await room.hub.stop('one');
    expect(methods.at(-1), 'the session is given back').toBe('DELETE');
    await greet(room);
    expect(methods.filter((method) => method === 'server/discover')).toHaveLength(1);
  });
});

describe('a server over HTTP', () => {
  test('gets the headers of its entry', async () => {
    const seen = vi.fn();
    const url = await serveHttp((request) => {
      seen(request.headers.get('authorization'));
      return answerByHand({})(request);
    });
    const { hub } = openHub({ servers: { one: { url, headers: { Authorization: 'Bearer of-news' } } } });
    await hub.start('one');
    expect(new Set(seen.mock.calls.flat())).toEqual(new Set(['Bearer of-news']));
  });

  test.each([
    [401, { retryable: false, hint: 'Check its `headers`.' }],
    [404, { retryable: false, hint: 'Check its `url`.' }],
    [503, { retryable: true, retryAfterMs: 188 }],
  ])('that answers with status %i', async (status, expected) => {
    const url = await serveHttp(() => new Response('Not for you', { status }));
    const { hub } = openHub({ servers: { one: { url } } });
    await expect(hub.start('one')).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE', ...expected });
  });

  test('that is not there', async () => {
    const { hub } = openHub({ servers: { one: { url: await unusedUrl() } } });
    await expect(hub.start('one')).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED'),
      retryable: true,
    });
  });

  test('that never answers', async () => {
    const arrived = vi.fn();
    const url = await serveHttp(() => {
      arrived();
      return new Promise<never>(() => {});
    });
    const { hub, time } = openHub({ servers: { one: { url } } });
    const outcome = expect(hub.start('one')).rejects.toMatchObject({ code: 'SERVER_TIMEOUT' });
    await vi.waitFor(() => expect(arrived).toHaveBeenCalled(), PATIENCE);
    time.elapse(30_000);
    await outcome;
  });

  test('whose answer is too long: whole, as a line of an event, or as many', async () => {
    const long = JSON.stringify({ jsonrpc: '2.0', id: 3, result: words('x'.repeat(50_000)) });
    const lines = Array.from({ length: 1_000 }, () => `data: "${'x'.repeat(40)}",\n`).join('');
    const calls = [
      inBody(long),
      inStream(`event: message\ndata: ${long}\n\n`),
      inStream(`data: {"jsonrpc":"2.0","id":5,"result":{"content":[\n${lines}data: 1]}}\n\n`),
    ];
    const url = await serveHttp(answerByHand({ 'tools/call': () => calls.shift() ?? words('short') }));
    const { hub } = openHub({ servers: { one: { url } }, limits: { messageBytesMax: 10_000 } });
    for (const _ of [1, 2, 3])
      await expect(hub.callTool(work)).rejects.toMatchObject({
        code: 'TOO_LARGE',
        details: { bytes_max: 10_000 },
      });
    expect((await hub.callTool(work)).value).toBe('short');
  });

  test('whose answer breaks off', async () => {
    const headers = { 'content-type': 'text/event-stream' };
    const url = await serveHttp(
      answerByHand({ 'tools/call': () => new Response('event: message\n', { headers }) }),
    );
    const { hub } = openHub({ servers: { one: { url } } });
    await expect(hub.callTool(work)).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: 'The server one broke off its answer.',
    });
  });

  test.each([
    [429, undefined],
    [502, 'unknown'],
  ])('that answers a call with status %i', async (status, outcome) => {
    const url = await serveHttp(answerByHand({ 'tools/call': () => new Response('Not now', { status }) }));
    const { hub } = openHub({ servers: { one: { url } } });
    const { details } = await faultOf(hub.callTool(work));
    expect(details).toEqual({ server: 'one', http_status: status, outcome });
  });

  test('that is lost in the middle of a call', async () => {
    const lose = () => {
      throw new Error('The connection breaks.');
    };
    const { hub } = openHub({
      servers: { one: { url: await serveHttp(answerByHand({ 'tools/call': lose })) } },
    });
    expect((await faultOf(hub.callTool(work))).details).toEqual({ server: 'one', outcome: 'unknown' });
    expect((await faultOf(hub.callTool(work))).details, 'it was not called').toEqual({ server: 'one' });
  });

  test('that is not there any more when a call comes', async () => {
    const { url, stop } = await startHttp(async (request) => {
      const response = await answerByHand({})(request);
      // So that the call takes a connection of its own.
      response.headers.set('connection', 'close');
      return response;
    });
    const { hub } = openHub({ servers: { one: { url } } });
    await hub.start('one');
    await hub.listTools('one');
    stop();
    const { message, details } = await faultOf(hub.callTool(work));
    expect(message).toContain('ECONNREFUSED');
    expect(details).toEqual({ server: 'one' });
  });

  test('that was started anew and forgot the session is connected to again', async () => {
    const calls = vi.fn(() => new Response('No such session', { status: 404 }) as unknown);
    const { handle, methods } = listenIn(answerByHand({ 'tools/call': () => calls() }));
    const { hub } = openHub({ servers: { one: { url: await serveHttp(handle) } } });
    await hub.start('one');
    calls
      .mockReturnValueOnce(new Response('No such session', { status: 404 }))
      .mockReturnValue(words('again'));
    expect((await hub.callTool(work)).value).toBe('again');
    expect(methods.filter((method) => method === 'initialize')).toHaveLength(2);
    calls.mockImplementation(() => new Response('No such session', { status: 404 }));
    await expect(hub.callTool(work)).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
  });

  test('that is nested too deep', async () => {
    const deep = (id: JsonValue) =>
      `{"jsonrpc":"2.0","id":${id},"result":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`;
    const url = await serveHttp(answerAsSent('tools/call', (id) => inBody(deep(id))));
    const { hub } = openHub({ servers: { one: { url } } });
    await expect(hub.callTool(work)).rejects.toMatchObject({
      code: 'TOO_LARGE',
      details: { depth_max: 64 },
    });
  });
});

/** Answers one method with a response of its own, which is told the id of the request. */
function answerAsSent(method: string, answer: (id: JsonValue) => Response): FetchHandler {
  const others = answerByHand({});
  return async (request) => {
    const message = JSON.parse((await request.clone().text()) || '{}');
    return message.method === method ? answer(message.id) : others(request);
  };
}

const inBody = (text: string) => new Response(text, { headers: { 'content-type': 'application/json' } });
const inStream = (text: string) => new Response(text, { headers: { 'content-type': 'text/event-stream' } });
const FORMS = {
  body: (message: JsonValue) => inBody(JSON.stringify(message)),
  stream: (message: JsonValue) => inStream(`data: ${JSON.stringify(message)}\n\n`),
};

describe.each(Object.entries(FORMS))('a server that is sloppy about the protocol, in a %s', (_form, send) => {
  test.each<[string, (id: JsonValue) => JsonValue, JsonValue]>([
    ['no jsonrpc', (id) => ({ id, result: { content: [] } }), null],
    ['error null', (id) => ({ jsonrpc: '2.0', id, error: null, result: words('fine') }), 'fine'],
    ['a text as result', (id) => ({ jsonrpc: '2.0', id, result: 'done' }), 'done'],
    ['an id that is a text', (id) => ({ jsonrpc: '2.0', id: String(id), result: words('fine') }), 'fine'],
    ['a content that is a text', (id) => ({ jsonrpc: '2.0', id, result: { content: 'done' } }), 'done'],
    ['a batch', (id) => [{ id, result: 'done' }], 'done'],
  ])('%s', async (_what, answer, value) => {
    const url = await serveHttp(answerAsSent('tools/call', (id) => send(answer(id))));
    const { hub } = openHub({ servers: { one: { url } } });
    expect((await hub.callTool(work)).value).toEqual(value);
  });

  test.each<[string, JsonValue]>([
    ['a text', 'No'],
    ['a code that is none', { code: 'E1', message: 'No' }],
  ])('an error with %s', async (_what, error) => {
    const url = await serveHttp(answerAsSent('tools/call', (id) => send({ jsonrpc: '2.0', id, error })));
    const { hub } = openHub({ servers: { one: { url } } });
    await expect(hub.callTool(work)).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      message: 'No',
      details: { kind: 'server_error' },
    });
  });

  test('a list of tools and a handshake', async () => {
    const handshake = { initialize: () => ({ capabilities: null }) };
    const listed = answerAsSent('tools/list', (id) =>
      send({ id, result: [{ name: 'work', inputSchema: null }] }),
    );
    const url = await serveHttp(async (request) =>
      (await request.clone().text()).includes('"tools/list"')
        ? listed(request)
        : answerByHand(handshake)(request),
    );
    const { hub } = openHub({ servers: { one: { url } } });
    expect(await hub.listTools('one')).toEqual([{ server: 'one', name: 'work' }]);
  });
});

describe('an answer that is no message', () => {
  const ANSWERS: readonly [string, () => Response][] = [
    ['other JSON', () => inBody('{"status":"done"}')],
    ['no JSON', () => inBody('<html>')],
    ['another type', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
  ];

  test.each(ANSWERS)('to a call: the tool may have run, %s', async (_what, answer) => {
    const url = await serveHttp(answerByHand({ 'tools/call': answer }));
    const { hub } = openHub({ servers: { one: { url } } });
    await expect(hub.callTool(work)).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      retryable: false,
      message: expect.stringContaining('answered with what is no result of a tool'),
      hint: expect.stringContaining('may have run'),
      details: { kind: 'invalid_result', outcome: 'unknown' },
    });
  });

  test.each(ANSWERS)('to another request: %s', async (_what, answer) => {
    const url = await serveHttp(answerByHand({ 'tools/list': answer }));
    const { hub } = openHub({ servers: { one: { url } } });
    await expect(hub.listTools('one')).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      retryable: false,
      message: 'The server one answered with what is no message of the protocol.',
    });
  });
});

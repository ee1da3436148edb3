import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';

interface ToolCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** What the model does with its turn. */
export type Reply =
  | { readonly kind: 'calls'; readonly calls: readonly ToolCall[] }
  | { readonly kind: 'text'; readonly text: string }
  /** No answer at all: the connection breaks. For turns that end the client's process. */
  | { readonly kind: 'hang_up' };

export function callTool(name: string, args: Readonly<Record<string, unknown>> = {}): Reply {
  return { kind: 'calls', calls: [{ name, arguments: args }] };
}

export function say(text: string): Reply {
  return { kind: 'text', text };
}

export const hangUp: Reply = { kind: 'hang_up' };

interface ToolResult {
  readonly callId: string;
  /** As the client wrote it; its own format. */
  readonly content: string;
}

/** One request for a completion, reduced to what a script looks at. */
export interface ChatRequest {
  readonly model: string;
  readonly toolNames: readonly string[];
  /** The first message of the user: the prompt. */
  readonly prompt: string;
  /** The results of the calls that the previous turn made, in order; empty after a text. */
  readonly toolResults: readonly ToolResult[];
  /** The request as it arrived. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Looks at what the client sent, and answers. An assertion that throws here fails the session. */
export type Turn = (request: ChatRequest) => Reply | Promise<Reply>;

interface ScriptedSession {
  /** Every request so far, in order. */
  readonly requests: readonly ChatRequest[];
  /** Throws what went wrong first: a failed assertion, an unexpected request, or turns that were never asked for. */
  end(): void;
}

export interface ScriptedOpenAiServer {
  /** What an OpenAI-compatible client takes as its base URL. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
  /** Replaces the script: from here on, each request takes the next turn. */
  play(turns: readonly Turn[]): ScriptedSession;
  close(): Promise<void>;
}

/**
 * A model on loopback that plays a script in the OpenAI wire format (`/v1/chat/completions`, streamed and not,
 * `/v1/models`). The same script gives the same bytes: ids count, and no clock is read.
 *
 * A turn that fails is answered with status 400, because clients repeat 429 and 5xx for minutes but end on a 400.
 */
export async function startScriptedOpenAiServer(): Promise<ScriptedOpenAiServer> {
  const apiKey = 'scripted-key';
  const model = 'scripted-model';
  let session = new Session([]);

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      session.fail(error);
      if (response.headersSent) response.destroy();
      else sendJson(response, 400, { error: { message: messageOf(error), type: 'invalid_request_error' } });
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = `${request.method} ${request.url}`;
    const body = await readText(request);
    if (request.headers.authorization !== `Bearer ${apiKey}`)
      throw new Error(`${call} came without the key.`);
    if (call === 'GET /v1/models')
      return sendJson(response, 200, { object: 'list', data: [{ id: model, object: 'model', created: 0 }] });
    if (call !== 'POST /v1/chat/completions') throw new Error(`${call} is not part of the script.`);

    const chat = parseChatRequest(JSON.parse(body));
    const { turn, reply } = await session.next(chat);
    if (reply.kind === 'hang_up') response.destroy();
    else if (chat.body.stream === true) sendStream(response, model, turn, reply);
    else sendCompletion(response, model, turn, reply);
  }

  server.listen(0, '127.0.0.1');
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    apiKey,
    model,
    play(turns) {
      session = new Session(turns);
      return session;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

class Session implements ScriptedSession {
  readonly requests: ChatRequest[] = [];
  readonly #turns: readonly Turn[];
  #failure: { readonly error: unknown } | undefined;

  constructor(turns: readonly Turn[]) {
    this.#turns = turns;
  }

  async next(request: ChatRequest): Promise<{ turn: number; reply: Reply }> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const turn = this.requests.push(request);
    const play = this.#turns[turn - 1];
    if (play === undefined)
      throw new Error(`Request ${turn} came after the last of ${this.#turns.length} turns.`);
    return { turn, reply: await play(request) };
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  end(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.requests.length < this.#turns.length)
      throw new Error(`The client ended after ${this.requests.length} of ${this.#turns.length} turns.`);
  }
}

interface Message {
  readonly role: string;
  readonly content?: unknown;
  readonly tool_call_id?: string;
}

interface ChatBody extends Readonly<Record<string, unknown>> {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
}

function parseChatRequest(body: ChatBody): ChatRequest {
  const { messages } = body;
  const sinceLastTurn = messages.slice(messages.findLastIndex(({ role }) => role === 'assistant') + 1);
  return {
    model: body.model,
    toolNames: (body.tools ?? []).map((tool) => tool.function.name),
    prompt: textOf(messages.find(({ role }) => role === 'user')?.content),
    toolResults: sinceLastTurn
      .filter(({ role }) => role === 'tool')
      .map((message) => ({ callId: message.tool_call_id ?? '', content: textOf(message.content) })),
    body,
  };
}

/** Content is a string, or a list of parts of which those of type `text` carry some. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: { readonly text?: string }) => part.text ?? '').join('');
}

const USAGE = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

type Spoken = Exclude<Reply, { kind: 'hang_up' }>;

function toolCallsOf(turn: number, reply: Spoken) {
  if (reply.kind === 'text') return [];
  return reply.calls.map((call, index) => ({
    id: `call_${turn}_${index}`,
    type: 'function',
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }));
}

function sendCompletion(response: ServerResponse, model: string, turn: number, reply: Spoken): void {
  const toolCalls = toolCallsOf(turn, reply);
  sendJson(response, 200, {
    id: `completion_${turn}`,
    object: 'chat.completion',
    created: 0,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: reply.kind === 'text' ? reply.text : null,
          ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
        },
        finish_reason: reply.kind === 'text' ? 'stop' : 'tool_calls',
      },
    ],
    usage: USAGE,
  });
}

/** Arguments come in a chunk of their own after the name, as from a real server. */
function sendStream(response: ServerResponse, model: string, turn: number, reply: Spoken): void {
  const chunk = (part: Readonly<Record<string, unknown>>) =>
    response.write(
      `data: ${JSON.stringify({ id: `completion_${turn}`, object: 'chat.completion.chunk', created: 0, model, ...part })}\n\n`,
    );
  const delta = (content: Readonly<Record<string, unknown>>, finishReason: string | null = null) =>
    chunk({ choices: [{ index: 0, delta: content, finish_reason: finishReason }] });

  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  delta({ role: 'assistant', content: reply.kind === 'text' ? reply.text : null });
  for (const [index, call] of toolCallsOf(turn, reply).entries()) {
    delta({ tool_calls: [{ index, ...call, function: { name: call.function.name, arguments: '' } }] });
    delta({ tool_calls: [{ index, function: { arguments: call.function.arguments } }] });
  }
  delta({}, reply.kind === 'text' ? 'stop' : 'tool_calls');
  chunk({ choices: [], usage: USAGE });
  response.end('data: [DONE]\n\n');
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

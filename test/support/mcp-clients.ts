import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as TransportV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Answer } from '../../src/engine/answer.ts';

/** The built program, as clients start it. */
export const SERVER_FILE = new URL('../../dist/main.mjs', import.meta.url).pathname;

export interface ToolOutcome {
  readonly isError: boolean;
  /** What the tool answered with, read from the text that every client gets. */
  readonly body: unknown;
}

/** What the SDKs offer for a call that takes long. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: CallProgress) => void;
}

export interface CallProgress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** A real client, connected to the built server in a process of its own. */
export interface TestClient {
  readonly pid: number;
  /** What the server said it is: instructions and version. */
  readonly instructions: string | undefined;
  toolNames(): Promise<readonly string[]>;
  callTool(name: string, args?: object, options?: CallOptions): Promise<ToolOutcome>;
  /** The answer of a call that is expected to succeed. */
  answer<Result = Answer>(name: string, args?: object, options?: CallOptions): Promise<Result>;
  /** The failure of a call that is expected to fail. */
  failure(name: string, args?: object): Promise<WireFailure>;
  /** `kill -9`; resolves when the process is gone. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export interface WireFailure {
  readonly error_code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly hint?: string;
  readonly retry_after_ms?: number;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface ConnectParams {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Arguments after the program's file. */
  readonly args?: readonly string[];
  /** How the person at the client answers questions; without it the client does not offer to ask. */
  readonly answerQuestion?: (question: string) => Promise<'accept' | 'decline' | 'cancel'>;
}

/** What a server process gets to see of the environment, whatever the machine's has. */
export function serverEnv(extra: Readonly<Record<string, string>>): Record<string, string> {
  return { PATH: process.env.PATH ?? '', LOG_LEVEL: 'error', ...extra };
}

interface RawClient {
  callTool(
    params: { name: string; arguments: Record<string, unknown> },
    options: CallOptions | undefined,
  ): Promise<unknown>;
  toolNames(): Promise<readonly string[]>;
  close(): Promise<void>;
  onClose(callback: () => void): void;
  readonly instructions: string | undefined;
  readonly pid: number | null;
}

/** As today's clients connect: SDK 1.x, protocol revisions up to 2025-11-25. */
export async function connectV1(params: ConnectParams): Promise<TestClient> {
  const { client, transport } = await connectRawV1(params);
  return testClient({
    // Listing first lets the client check every result against the tool's output schema.
    callTool: (params, options) => client.callTool(params, undefined, options),
    toolNames: async () => (await client.listTools()).tools.map(({ name }) => name),
    close: () => client.close(),
    onClose: (callback) => {
      client.onclose = callback;
    },
    instructions: client.getInstructions(),
    pid: transport.pid,
  });
}

/** The SDK's own client, for what {@link TestClient} does not cover. */
export async function connectRawV1({ env, cwd, args = [], answerQuestion }: ConnectParams) {
  const client = new ClientV1(
    { name: 'test-v1', version: '1.0.0' },
    { capabilities: answerQuestion === undefined ? {} : { elicitation: {} } },
  );
  if (answerQuestion !== undefined)
    client.setRequestHandler(ElicitRequestSchema, async ({ params }) => ({
      action: await answerQuestion(params.message),
    }));
  const transport = new TransportV1({
    command: process.execPath,
    args: [SERVER_FILE, ...args],
    env: serverEnv(env),
    stderr: 'inherit',
    ...(cwd !== undefined && { cwd }),
  });
  await client.connect(transport);
  return { client, transport };
}

/** As coming clients connect: SDK 2.x, protocol revision 2026-07-28 or nothing. */
export async function connectV2(params: ConnectParams): Promise<TestClient> {
  const { client, transport } = await connectRawV2(params);
  return testClient({
    callTool: (params, options) => client.callTool(params, options),
    toolNames: async () => (await client.listTools()).tools.map(({ name }) => name),
    close: () => client.close(),
    onClose: (callback) => {
      client.onclose = callback;
    },
    instructions: client.getInstructions(),
    pid: transport.pid,
  });
}

/** The SDK's own client, for what {@link TestClient} does not cover. */
export async function connectRawV2({ env, cwd, args = [], answerQuestion }: ConnectParams) {
  const client = new ClientV2(
    { name: 'test-v2', version: '1.0.0' },
    {
      versionNegotiation: { mode: { pin: '2026-07-28' } },
      capabilities: answerQuestion === undefined ? {} : { elicitation: { form: {} } },
    },
  );
  if (answerQuestion !== undefined)
    client.setRequestHandler('elicitation/create', async ({ params }) => ({
      action: await answerQuestion(params.message),
    }));
  const transport = new TransportV2({
    command: process.execPath,
    args: [SERVER_FILE, ...args],
    env: serverEnv(env),
    stderr: 'inherit',
    ...(cwd !== undefined && { cwd }),
  });
  await client.connect(transport);
  return { client, transport };
}

export const CLIENTS = { 'SDK 1.x': connectV1, 'SDK 2.x on 2026-07-28': connectV2 } as const;

async function testClient(raw: RawClient): Promise<TestClient> {
  const { pid } = raw;
  if (pid === null) throw new Error('The server has no process.');
  await raw.toolNames();
  const callTool: TestClient['callTool'] = async (name, args = {}, options) => {
    const result = (await raw.callTool({ name, arguments: { ...args } }, options)) as {
      isError?: boolean;
      content: readonly { type: string; text: string }[];
    };
    const text = result.content[0]?.text ?? '';
    return { isError: result.isError ?? false, body: JSON.parse(text) };
  };
  return {
    pid,
    instructions: raw.instructions,
    toolNames: raw.toolNames,
    callTool,
    async answer<Result>(name: string, args?: object, options?: CallOptions) {
      const { isError, body } = await callTool(name, args, options);
      if (isError) throw new Error(`${name} failed: ${JSON.stringify(body)}`);
      return body as Result;
    },
    async failure(name, args) {
      const { isError, body } = await callTool(name, args);
      if (!isError) throw new Error(`${name} was expected to fail, and answered ${JSON.stringify(body)}`);
      return body as WireFailure;
    },
    async kill() {
      const gone = new Promise<void>((resolve) => raw.onClose(resolve));
      process.kill(pid, 'SIGKILL');
      await gone;
    },
    close: raw.close,
  };
}

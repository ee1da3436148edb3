import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { SERVER_FILE, serverEnv, type ToolOutcome } from './mcp-clients.ts';

export interface StartRawServerParams {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Arguments after the program's file. */
  readonly args?: readonly string[];
  /** The program's file, where it is not the built one. */
  readonly serverFile?: string | undefined;
  /** Where stderr goes: `pipe` keeps it for {@link RawServer.stderr}. */
  readonly stderr?: 'pipe' | 'ignore';
}

interface JsonRpcMessage {
  readonly jsonrpc: '2.0';
  readonly id?: number | string | null;
  readonly method?: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

export interface Exit {
  /** Null where a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The built server as a bare process: every byte of stdin and stdout is the test's own. */
export interface RawServer {
  readonly pid: number;
  /** The complete lines on stdout so far. */
  readonly lines: readonly string[];
  /** What came on stderr so far. */
  stderr(): string;
  /** Writes to stdin; resolves when the pipe has taken it. */
  write(text: string): Promise<void>;
  /** Writes a request, and does not wait for the answer. Returns its id. */
  send(method: string, params?: object): number;
  /** The answer to a request, if it has arrived. */
  received(id: number): JsonRpcMessage | undefined;
  /** Resolves with the answer to a request; rejects when the process ends without giving one. */
  answerTo(id: number): Promise<JsonRpcMessage>;
  /** The handshake of the 2025 protocol era. */
  initialize(): Promise<void>;
  callTool(name: string, args: object): Promise<ToolOutcome>;
  endInput(): void;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the process has ended, and its streams with it. */
  readonly exited: Promise<Exit>;
}

export function startRawServer(params: StartRawServerParams): RawServer {
  const { env, cwd, args = [], serverFile = SERVER_FILE, stderr = 'pipe' } = params;
  return attachRawServer(
    spawn(process.execPath, [serverFile, ...args], {
      env: serverEnv(env),
      cwd,
      stdio: ['pipe', 'pipe', stderr],
    }),
  );
}

/** The same for a process that was started in another way. Its stdin and stdout are pipes. */
export function attachRawServer(child: ChildProcess): RawServer {
  const { stdin, stdout, pid } = child;
  if (stdin === null || stdout === null || pid === undefined) throw new Error('The server did not start.');
  const lines: string[] = [];
  const answers = new Map<unknown, JsonRpcMessage>();
  const waiting = new Map<unknown, (message: JsonRpcMessage) => void>();
  let unfinished = '';
  let stderrText = '';
  let nextId = 1;
  let gone = false;

  stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (unfinished + chunk).split('\n');
    unfinished = parts.pop() ?? '';
    for (const line of parts) {
      lines.push(line);
      const message = parseMessage(line);
      if (message?.id === undefined || message.method !== undefined) continue;
      answers.set(message.id, message);
      waiting.get(message.id)?.(message);
    }
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderrText += chunk;
  });
  // A server that was killed no longer reads: what that does to our writing is part of the tests.
  stdin.on('error', () => {});
  const exited = once(child, 'close').then(([code, signal]): Exit => {
    gone = true;
    return { code, signal };
  });

  const server: RawServer = {
    pid,
    lines,
    stderr: () => stderrText,
    write: (text) => new Promise((resolve) => void stdin.write(text, () => resolve())),
    send(method, params = {}) {
      const id = nextId++;
      stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
      return id;
    },
    received: (id) => answers.get(id),
    answerTo(id) {
      const answered = answers.get(id);
      if (answered !== undefined) return Promise.resolve(answered);
      return Promise.race([
        new Promise<JsonRpcMessage>((resolve) => waiting.set(id, resolve)),
        exited.then(({ code, signal }) => {
          throw new Error(`The server ended (${code ?? signal}) without an answer. ${stderrText}`);
        }),
      ]);
    },
    async initialize() {
      const params = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'raw', version: '1.0.0' },
      };
      const { error } = await server.answerTo(server.send('initialize', params));
      if (error !== undefined) throw new Error(`initialize failed: ${error.message}`);
      await server.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
    },
    async callTool(name, args) {
      const { result, error } = await server.answerTo(server.send('tools/call', { name, arguments: args }));
      if (result === undefined) throw new Error(`${name} failed: ${error?.message}`);
      return outcomeOf(result);
    },
    endInput: () => void stdin.end(),
    kill(signal) {
      if (!gone) child.kill(signal);
    },
    exited,
  };
  return server;
}

/** What a tool answered with, read from its text. */
function outcomeOf(result: Readonly<Record<string, unknown>>): ToolOutcome {
  const [first] = result.content as readonly { readonly text: string }[];
  return { isError: result.isError === true, body: JSON.parse(first?.text ?? 'null') };
}

function parseMessage(line: string): JsonRpcMessage | undefined {
  try {
    return JSON.parse(line) as JsonRpcMessage;
  } catch {
    return undefined;
  }
}

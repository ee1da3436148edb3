import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Program } from './bench-client.ts';

/** `legacy`: what today's clients speak; `modern`: without a handshake, every request says who asks. */
export type Era = 'legacy' | 'modern';

/** A server process and its pipes, with no client library between: what is measured is the server. */
export interface RawConnection {
  readonly pid: number;
  /** The result of a request; throws what the server calls an error. */
  request(method: string, params?: object): Promise<unknown>;
  /** Resolves when the process is gone. */
  close(): Promise<void>;
}

const CLIENT_INFO = { name: 'bench', version: '1.0.0' };
const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': CLIENT_INFO,
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Starts a server, and says what its protocol era wants said first. */
export async function openRaw({ file, env, cwd }: Program, era: Era): Promise<RawConnection> {
  const server = spawn(process.execPath, [file], { env, cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(server, 'exit');
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  let requests = 0;

  createInterface({ input: server.stdout }).on('line', (line) => {
    const { id, result, error } = JSON.parse(line);
    const request = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) request?.resolve(result);
    else request?.reject(new Error(JSON.stringify(error)));
  });
  void exited.then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} exited before it answered.`));
  });

  const send = (message: object) => server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const request: RawConnection['request'] = (method, params = {}) =>
    new Promise((resolve, reject) => {
      const id = ++requests;
      waiting.set(id, { resolve, reject });
      send({ id, method, params: era === 'modern' ? { ...params, _meta: MODERN_META } : params });
    });

  if (era === 'legacy') {
    await request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: CLIENT_INFO });
    send({ method: 'notifications/initialized' });
  }
  return {
    pid: server.pid ?? Number.NaN,
    request,
    async close() {
      server.stdin.end();
      await exited;
    },
  };
}

/** The structured content of a tool call. */
export async function callTool(connection: RawConnection, name: string, args: object): Promise<unknown> {
  const result = (await connection.request('tools/call', { name, arguments: args })) as {
    readonly isError?: boolean;
    readonly content: unknown;
    readonly structuredContent: unknown;
  };
  if (result.isError === true) throw new Error(`${name} failed: ${JSON.stringify(result.content)}`);
  return result.structuredContent;
}

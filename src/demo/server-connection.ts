import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

/** The fields of an answer that the demo shows. */
export interface Answer {
  readonly instance_id: string;
  readonly status: string;
  readonly revision: number;
  readonly step_token: string;
  readonly next_step: { readonly step_name: string; readonly instructions: string };
  readonly current_context: Readonly<Record<string, unknown>>;
  readonly decision?: { readonly decider: string; readonly reasoning?: string };
  readonly decision_request?: { readonly options: readonly string[] };
  readonly reconciliation?: { readonly verdict: string; readonly explanation: string };
}

export interface ServerConnection {
  readonly pid: number;
  call<Result = Answer>(tool: string, args: object): Promise<Result>;
  /** `kill -9`: no goodbye, no flush, no handler. Resolves when the process is gone. */
  killServer(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the built server as Cline would, and connects to it over its stdin and stdout. */
export async function connectToServer(
  serverFile: string,
  env: Record<string, string>,
): Promise<ServerConnection> {
  const client = new Client({ name: 'demo', version: '1.0.0' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [serverFile],
    env,
    stderr: 'inherit',
  });
  await client.connect(transport);
  const pid = transport.pid;
  if (pid === null) throw new Error('The server did not start.');
  return {
    pid,
    async call<Result>(name: string, args: object) {
      const { structuredContent, isError } = await client.callTool({ name, arguments: { ...args } });
      if (isError) throw new Error(`${name} failed: ${JSON.stringify(structuredContent)}`);
      return structuredContent as Result;
    },
    async killServer() {
      const gone = new Promise<void>((resolve) => {
        client.onclose = resolve;
      });
      process.kill(pid, 'SIGKILL');
      await gone;
    },
    close: () => client.close(),
  };
}

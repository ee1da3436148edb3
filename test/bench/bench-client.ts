import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as TransportV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { Answer } from '../../src/engine/answer.ts';
import { SERVER_FILE, serverEnv } from '../support/mcp-clients.ts';

export interface Program {
  /** Started with `node`. */
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** A real client of a server process, with as little of our own around it as can be. */
export interface BenchClient {
  /** Of the server. */
  readonly pid: number;
  /** The structured content of a call that succeeds. */
  call(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
  close(): Promise<void>;
}

export interface OurProgramParams {
  /** Holds the database, and is where the server runs. */
  readonly folder: string;
  /** The bundled workflows, if left out. */
  readonly workflows?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The built program, with a database of its own. */
export function ourProgram({ folder, workflows, env }: OurProgramParams): Program {
  const places = {
    WORKFLOW_DB_PATH: databaseIn(folder),
    ...(workflows !== undefined && { WORKFLOW_DEFINITIONS_DIR: workflows }),
  };
  return { file: SERVER_FILE, cwd: folder, env: serverEnv({ ...places, ...env }) };
}

export function databaseIn(folder: string): string {
  return `${folder}/workflows.sqlite`;
}

/** Decides without an LLM, so that what is measured is the engine. */
export const STUB = { USE_STUB_AI_CLIENT: 'true' };

/** As today's clients connect: SDK 1.x. */
export async function connectV1(program: Program): Promise<BenchClient> {
  const client = new ClientV1({ name: 'bench', version: '1.0.0' });
  const transport = new TransportV1(startOf(program));
  await client.connect(transport);
  // As hosts do; from then on the client checks each result against the tool's output schema.
  await client.listTools();
  return benchClient({ client, pid: transport.pid, callTool: (params) => client.callTool(params) });
}

/** As coming clients connect: SDK 2.x, protocol revision 2026-07-28. */
export async function connectV2(program: Program): Promise<BenchClient> {
  const client = new ClientV2(
    { name: 'bench', version: '1.0.0' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  const transport = new TransportV2(startOf(program));
  await client.connect(transport);
  await client.listTools();
  return benchClient({ client, pid: transport.pid, callTool: (params) => client.callTool(params) });
}

export type Connect = (program: Program) => Promise<BenchClient>;

export const CLIENTS: Readonly<Record<string, Connect>> = { 'SDK 2.x': connectV2, 'SDK 1.x': connectV1 };

function startOf({ file, env, cwd }: Program) {
  const stderr: 'inherit' = 'inherit';
  return { command: process.execPath, args: [file], env: { ...env }, cwd, stderr };
}

interface BenchClientParams {
  readonly client: { close(): Promise<void> };
  readonly pid: number | null;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
}

function benchClient({ client, pid, callTool }: BenchClientParams): BenchClient {
  if (pid === null) throw new Error('The server has no process.');
  return {
    pid,
    async call(name, args) {
      const result = (await callTool({ name, arguments: args })) as ToolResult;
      if (result.isError === true) throw new Error(`${name} failed: ${JSON.stringify(result.content)}`);
      return result.structuredContent;
    },
    close: () => client.close(),
  };
}

interface ToolResult {
  readonly isError?: boolean;
  readonly content: unknown;
  readonly structuredContent?: unknown;
}

/** One run, which {@link Run.advance} takes from step to step. */
export interface Run {
  readonly instanceId: string;
  advance(args: Readonly<Record<string, unknown>>): Promise<Answer>;
}

export async function startRun(client: BenchClient, workflow: string, context = {}): Promise<Run> {
  return runOf(client, (await client.call('start_workflow', { workflow_name: workflow, context })) as Answer);
}

/** Takes over a run that another server process left. */
export async function continueRun(client: BenchClient, instanceId: string): Promise<Run> {
  return runOf(client, (await client.call('get_workflow_status', { instance_id: instanceId })) as Answer);
}

function runOf(client: BenchClient, { instance_id, step_token }: Answer): Run {
  let token = step_token;
  return {
    instanceId: instance_id,
    async advance(args) {
      const answer = await client.call('advance_workflow', { instance_id, step_token: token, ...args });
      token = (answer as Answer).step_token;
      return answer as Answer;
    },
  };
}

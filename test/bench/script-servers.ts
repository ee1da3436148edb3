import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { serverEnv } from '../support/mcp-clients.ts';
import { type BenchClient, connectV1, connectV2, ourProgram, type Program } from './bench-client.ts';
import type { BenchContext } from './measurement.ts';

const require = createRequire(import.meta.url);
const EVERYTHING_FILE = require.resolve('@modelcontextprotocol/server-everything/dist/index.js');
const LEDGER_FILE = resolve('test/fixtures/servers/ledger.mjs');

/** What scripts are measured with. */
export interface ScriptServers {
  /** Our program, which knows the servers `everything` and `ledger`. */
  readonly ours: Program;
  /** The server `everything` by itself. */
  readonly everything: Program;
  /** Where the server `ledger` writes down its calls. */
  readonly ledger: string;
}

export async function writeScriptServers({
  newFolder,
}: Pick<BenchContext, 'newFolder'>): Promise<ScriptServers> {
  const folder = await newFolder();
  const file = join(folder, 'servers.json');
  const ledger = join(folder, 'ledger.jsonl');
  const mcpServers = {
    everything: { command: process.execPath, args: [EVERYTHING_FILE] },
    ledger: { command: process.execPath, args: [LEDGER_FILE, ledger] },
  };
  await writeFile(file, JSON.stringify({ mcpServers }));
  return {
    ours: ourProgram({
      folder,
      env: { MCP_SERVERS_CONFIG: file, ORCHESTRATOR_TOOLSETS: 'servers,composition' },
    }),
    everything: { file: EVERYTHING_FILE, env: serverEnv({}), cwd: folder },
    ledger,
  };
}

/** Our program, with everything loaded and started that scripts need. */
export async function connectWarm(ours: Program): Promise<BenchClient> {
  const client = await connectV2(ours);
  await execute(client, `await everything__echo({ message: 'warm' }); await ledger__peek({});`);
  return client;
}

/** The reference server is of the older kind. */
export const connectDirectly = connectV1;

interface Executed {
  readonly status: string;
  readonly error?: { readonly message: string };
}

/** Throws unless the script is completed. */
export async function execute(client: BenchClient, code: string, runId?: string): Promise<void> {
  const args = { code, timeout: 600, ...(runId !== undefined && { run_id: runId }) };
  const { status, error } = (await client.call('execute_composed_code', args)) as Executed;
  if (status !== 'completed') throw new Error(`The script is ${status}: ${error?.message}`);
}

/** Milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

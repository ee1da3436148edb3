import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { HttpServerSpec, StdioServerSpec } from '../../src/hub/hub.ts';
import { ledgerServer } from './ledger.ts';
import { processesWith } from './marked-processes.ts';
import { moody, SLOPPY_SERVER } from './moody-servers.ts';
import type { Scratch } from './scratch.ts';
import { until } from './until.ts';

const require = createRequire(import.meta.url);

/** An entry of the file that lists downstream servers; `timeout` is in seconds. */
export interface Entry extends Partial<StdioServerSpec>, Partial<HttpServerSpec> {
  readonly timeout?: number;
  readonly disabled?: boolean;
  readonly orchestrator?: object;
}

/** The servers that one scenario uses, all of them real. */
export interface Downstream {
  /** What our server gets of the environment to find them. */
  readonly env: Readonly<Record<string, string>>;
  /** A folder that the server `files` may read and write. */
  readonly files: string;
  /** Where the server `ledger` writes down its calls. */
  readonly ledger: string;
  /** Adds to an entry, or adds one. */
  write(changes: Readonly<Record<string, Entry>>): Promise<void>;
  /** The processes of servers that live, those of others that they have started too. */
  processes(): readonly number[];
  /** Resolves once there is none any more. */
  gone(): Promise<void>;
}

export type Toolsets = 'servers' | 'composition' | 'servers,composition' | 'workflows';

export async function writeDownstream(scratch: Scratch, toolsets: Toolsets): Promise<Downstream> {
  const folder = await realpath(scratch.folder);
  const files = join(folder, 'files');
  const ledger = join(folder, 'ledger.jsonl');
  const file = join(folder, 'downstream.json');
  const mark = { DOWNSTREAM_OF_SCENARIO: folder };
  await mkdir(files);
  let entries: Record<string, Entry> = {
    everything: reference('everything'),
    files: reference('filesystem', files),
    memory: { ...reference('memory'), env: { MEMORY_FILE_PATH: join(folder, 'memory.jsonl') } },
    moody: moody(),
    sloppy: SLOPPY_SERVER,
    ledger: ledgerServer(ledger),
  };
  const processes = () => processesWith(`DOWNSTREAM_OF_SCENARIO=${folder}`);
  const write: Downstream['write'] = async (changes) => {
    for (const [name, change] of Object.entries(changes))
      entries = { ...entries, [name]: { ...entries[name], ...change } };
    const marked = Object.entries(entries).map(([name, entry]) => [
      name,
      { ...entry, env: { ...entry.env, ...mark } },
    ]);
    await writeFile(file, JSON.stringify({ mcpServers: Object.fromEntries(marked) }));
  };
  await write({});
  return {
    env: { MCP_SERVERS_CONFIG: file, ORCHESTRATOR_TOOLSETS: toolsets },
    files,
    ledger,
    write,
    processes,
    gone: async () => void (await until(() => (processes().length === 0 ? true : undefined))),
  };
}

function reference(
  name: 'everything' | 'filesystem' | 'memory',
  ...args: readonly string[]
): StdioServerSpec {
  const file = require.resolve(`@modelcontextprotocol/server-${name}/dist/index.js`);
  return { command: process.execPath, args: [file, ...args] };
}

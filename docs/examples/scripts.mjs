// Runs the script of docs/guides/scripts.md as an MCP client whose server is killed in the middle. Needs nothing but this
// clone; everything that it makes is in a folder of its own.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

await import('../../src/dev/ensure-built.mjs');
const { Client } = await import('@modelcontextprotocol/client');
const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');

const NOTES = 400;

const guide = await readFile(new URL('../guides/scripts.md', import.meta.url), 'utf8');
const code = /```ts\n([\s\S]*?)```/.exec(guide)?.[1];
const script = { code, run_id: 'long notes' };
const folder = await mkdtemp(join(tmpdir(), 'orchestrator-scripts-'));
await writeNotes();
await writeServers();

let client = await connect();
const survived = await client.execute(({ message }) => {
  if (!message.includes('(call 1)')) return;
  console.log(`  ${message}`);
  client.kill();
});
if (survived !== undefined) throw new Error(`It was not cut off: ${JSON.stringify(survived)}`);
console.log(`kill -9 ${client.pid}, while it reads the notes`);

console.log('\n--- another process, the same call ---\n');
client = await connect();
let answer = await client.execute();
while (answer.error_code === 'RUN_IN_PROGRESS') {
  await sleep(answer.retry_after_ms);
  answer = await client.execute();
}
tell(answer);

console.log('\n--- and once more ---\n');
tell(await client.execute());
const entities = (await readFile(join(folder, 'memory.jsonl'), 'utf8')).trim().split('\n');
console.log(`The memory has ${entities.length} entities.`);
await client.close();
await rm(folder, { recursive: true, force: true, maxRetries: 5 });

function tell({ status, calls, result, replayed = false }) {
  console.log(`${status}${replayed ? ', replayed' : ''}: ${calls.length} calls\n${JSON.stringify(result)}`);
}

/** Of every length up to 2,000 words, so that a few are long. */
async function writeNotes() {
  await mkdir(join(folder, 'notes'));
  for (let note = 1; note <= NOTES; note++) {
    const words = Array.from({ length: note * 5 }, (_, index) => `word${index}`);
    await writeFile(join(folder, 'notes', `${note}.md`), words.join(' '));
  }
}

async function writeServers() {
  const require = createRequire(import.meta.url);
  const fileOf = (name) => require.resolve(`@modelcontextprotocol/server-${name}/dist/index.js`);
  const mcpServers = {
    files: { command: process.execPath, args: [fileOf('filesystem'), 'notes'], cwd: '.' },
    memory: {
      command: process.execPath,
      args: [fileOf('memory')],
      env: { MEMORY_FILE_PATH: join(folder, 'memory.jsonl') },
    },
  };
  await writeFile(join(folder, 'mcp_servers_config.json'), JSON.stringify({ mcpServers }));
}

async function connect() {
  const client = new Client({ name: 'scripts', version: '1.0.0' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [fileURLToPath(new URL('../../dist/main.mjs', import.meta.url))],
    // Where the list of servers is found without being named.
    cwd: folder,
    env: {
      ...process.env,
      ORCHESTRATOR_TOOLSETS: 'composition',
      WORKFLOW_DB_PATH: join(folder, 'runs.sqlite'),
      LOG_LEVEL: 'error',
    },
  });
  await client.connect(transport);
  const { pid } = transport;
  return {
    pid,
    /** Undefined where the server died. */
    async execute(onprogress) {
      console.log(`execute_composed_code, run_id "${script.run_id}"`);
      const params = { name: 'execute_composed_code', arguments: script };
      return client.callTool(params, { onprogress }).then(
        ({ structuredContent }) => structuredContent,
        () => undefined,
      );
    },
    kill: () => process.kill(pid, 'SIGKILL'),
    close: () => client.close(),
  };
}

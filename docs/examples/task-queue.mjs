// Works on a task queue as two MCP clients, of which one is killed, and then as the command `work`. Needs nothing but this
// clone; the queue is in a folder of its own, so that no real task is touched.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

await import('../../src/dev/ensure-built.mjs');
const { Client } = await import('@modelcontextprotocol/client');
const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');

const MAIN = fileURLToPath(new URL('../../dist/main.mjs', import.meta.url));
const SCRIPT = 'docs/examples/task-script.json';

const folder = await mkdtemp(join(tmpdir(), 'orchestrator-tasks-'));
const own = {
  // Where no settings are found that are meant for something else.
  cwd: folder,
  env: { ...process.env, WORKFLOW_DB_PATH: join(folder, 'tasks.sqlite'), LOG_LEVEL: 'error' },
};
const transports = [];
process.on('exit', () => {
  for (const { pid } of transports) if (pid) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
// Whoever reads this may stop, as `head` does.
process.stdout.on('error', () => process.exit());

const [first, second] = [await connect(), await connect()];
let worker = first;
await call('add_tasks_batch', { descriptions: ['Draft the release notes.', 'Check every link.'] });
await call('claim_next_task', { lease_seconds: 2 });

await first.kill();
worker = second;
console.log('\n--- kill -9; another worker, in another process ---\n');

await call('claim_next_task');
await call('complete_task', { task_id: 'task-002', result: '212 links, none broken.', fencing_token: 1 });
await leaseEnds('task-001');
await call('claim_next_task');

console.log('\n--- what the dead worker still had to say ---\n');
await call('complete_task', { task_id: 'task-001', result: 'Half a draft.', fencing_token: 1 });

console.log('\n--- the living one ---\n');
await call('complete_task', { task_id: 'task-001', result: 'Drafted.', fencing_token: 3 });
await call('claim_next_task');
await call('add_tasks_batch', {
  descriptions: ['Shorten the notes.', 'Translate the notes.', 'Print the notes.'],
});
await worker.close();

console.log('\n--- the program itself, with a stub in the place of a model ---\n');
console.log(`orchestrator-mcp work --stub --stub-script ${SCRIPT}`);
await work();

async function call(name, args = {}) {
  const answer = await worker.call(name, args);
  console.log([name, ...(Object.keys(args).length > 0 ? [JSON.stringify(args)] : [])].join(' '));
  console.log(`  ${told(answer)}`);
}

/** The part of an answer that shows what the tool did; all of it would fill the page. */
function told({ error_code, message, task, tasks = [task] }) {
  if (error_code !== undefined) return `${error_code}: ${message}`;
  if (tasks[0] === undefined) return message;
  return tasks
    .map(({ id, status, attempts, fencing_token }) =>
      fencing_token === undefined
        ? `${id} ${status}`
        : `${id} ${status}, attempt ${attempts}, fencing_token ${fencing_token}`,
    )
    .join('; ');
}

async function leaseEnds(id) {
  while ((await worker.current()).some((task) => task.id === id)) await sleep(50);
}

async function work() {
  const script = fileURLToPath(new URL(`../../${SCRIPT}`, import.meta.url));
  const command = spawn(process.execPath, [MAIN, 'work', '--stub', '--stub-script', script], {
    ...own,
    stdio: 'inherit',
  });
  await once(command, 'exit');
}

async function connect() {
  const client = new Client({ name: 'task-queue', version: '1.0.0' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [MAIN],
    ...own,
    env: { ...own.env, ORCHESTRATOR_TOOLSETS: 'tasks' },
  });
  transports.push(transport);
  await client.connect(transport);
  return {
    async call(name, args) {
      return (await client.callTool({ name, arguments: args })).structuredContent;
    },
    async current() {
      const { contents } = await client.readResource({ uri: 'task://current' });
      return JSON.parse(contents[0].text).tasks;
    },
    async kill() {
      const closed = new Promise((resolve) => {
        client.onclose = resolve;
      });
      process.kill(transport.pid, 'SIGKILL');
      await closed;
    },
    close: () => client.close(),
  };
}

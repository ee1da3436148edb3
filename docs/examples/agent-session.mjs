// Keeps an agent session as an MCP client, and kills the server on the way. Needs nothing but this clone: the part of
// the model is written down below. Uses the database that the command line would use here.
import { fileURLToPath } from 'node:url';

await import('../../src/dev/ensure-built.mjs');
const { Client } = await import('@modelcontextprotocol/client');
const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');

let server = await connect();
await call('get_current_state');
await call('transition_state', { new_state: 'REVIEWING' });
await call('store_task_data', { key: 'task_description', value: 'Make `npm start` work on Node 22.' });
await call('transition_state', { new_state: 'PLANNING', reason: 'It takes several steps.' });
await call('store_knowledge', {
  key: 'node',
  value: 'Native modules are compiled for one major version of Node.',
});
await call('store_task_data', { key: 'action_plan', value: ['npm rebuild', 'npm start prints "ready"'] });
await call('transition_state', { new_state: 'EXECUTING', reason: 'The plan stands.' });

await server.kill();
server = await connect();
console.log('\n--- kill -9, another process ---\n');

await call('get_current_state');
await call('search_knowledge', { query: 'compiled modules' });
await call('transition_state', { new_state: 'REVIEWING', reason: 'npm start prints "ready".' });
await call('get_task_data', { key: 'taskdescription' });
await call('transition_state', { new_state: 'IDLE', reason: 'Done, and the user knows.' });
await server.close();

async function call(name, args = {}) {
  const answer = await server.call(name, args);
  console.log([name, ...(Object.keys(args).length > 0 ? [JSON.stringify(args)] : [])].join(' '));
  for (const line of told(answer)) console.log(`  ${line}`);
}

/** The part of an answer that shows what the tool did; all of it would fill the page. */
function told({ error_code, message, hint, state, description, instructions, available_transitions, hits }) {
  if (error_code !== undefined) return [`${error_code}: ${message}`, hint];
  if (hits !== undefined) return hits.map(({ key, excerpt }) => `${key}: ${excerpt}`);
  if (state === undefined) return ['ok'];
  const [first, second] = instructions.split('\n\n');
  const next = `then: ${available_transitions.join(', ')}`;
  return [`${state}: ${description}`, ...[first, second].filter((text) => !text.startsWith('1.')), next];
}

async function connect() {
  const client = new Client({ name: 'agent-session', version: '1.0.0' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [fileURLToPath(new URL('../../dist/main.mjs', import.meta.url))],
    env: { ...process.env, ORCHESTRATOR_TOOLSETS: 'agent', LOG_LEVEL: 'error' },
  });
  await client.connect(transport);
  return {
    async call(name, args) {
      return (await client.callTool({ name, arguments: args })).structuredContent;
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

// Walks the workflow GREEN_TESTS as an MCP client, and kills the server on the way. Needs nothing but this clone:
// the part of the model is written down in `work`. Uses the database that the command line would use here.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

await import('../../src/dev/ensure-built.mjs');
const { Client } = await import('@modelcontextprotocol/client');
const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');

const work = [
  {
    did: '2 failed',
    report: { status: 'success', result: { failed: 2 } },
    context_updates: { failures: 'parse, print' },
  },
  { did: 'fixed', report: { status: 'success' }, next_step_name: 'run_tests' },
  { did: '0 failed', report: { status: 'success', result: { failed: 0 } } },
];

let server = await connect();
let run = await server.call('start_workflow', { workflow_name: 'GREEN_TESTS' });
for (const { did, ...outcome } of work) {
  const { instance_id, step_token, next_step: step } = run;
  run = await server.call('advance_workflow', { instance_id, step_token, ...outcome });
  const { decider, reasoning } = run.decision;
  console.log(
    `${step.step_name}: ${did} -> ${run.next_step.step_name}, by ${decider}. ${reasoning ?? ''}`.trim(),
  );
  if (step.step_name === 'fix_tests') {
    await server.kill();
    server = await connect();
    run = await server.call('resume_workflow', { instance_id, assumed_current_step_name: 'fix_tests' });
    console.log(`kill -9, restart, resume: ${run.reconciliation.explanation}`);
  }
}
await server.close();

async function connect() {
  const client = new Client({ name: 'walk', version: '1.0.0' });
  const here = dirname(fileURLToPath(import.meta.url));
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [fileURLToPath(new URL('../../dist/main.mjs', import.meta.url))],
    env: { ...process.env, WORKFLOW_DEFINITIONS_DIR: here, AI_PROVIDER: 'client', LOG_LEVEL: 'error' },
  });
  await client.connect(transport);
  return {
    async call(name, args) {
      const { structuredContent, isError } = await client.callTool({ name, arguments: args });
      if (isError) throw new Error(structuredContent.message);
      return structuredContent;
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

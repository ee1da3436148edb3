import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import type { HistoryPage } from '../../src/engine/listings.ts';
import { ledgerServer, readLedger } from '../support/ledger.ts';
import { connectV2, type TestClient, type WireFailure } from '../support/mcp-clients.ts';
import type { Scratch } from '../support/scratch.ts';
import { stubEnv } from '../support/stub-script.ts';
import { until } from '../support/until.ts';
import { workflowFiles } from '../support/workflow-files.ts';
import { scenario, scenarioPerClient } from './scenario.ts';

const next = (name: string) => `transitions:\n  - to: ${name}`;
/** A step of the client, one of the server, and one of the client again. */
const sandwich = (script: string) =>
  workflowFiles({
    steps: {
      ask: { frontMatter: next('count'), instructions: 'Ask for words.' },
      count: {
        frontMatter: 'transitions:\n  - to: explain\n    when: report.status == "failure"\n  - to: tell',
        guidance: 'If it failed, proceed to `explain`. Otherwise proceed to `tell`.',
        script,
      },
      tell: { frontMatter: next('FINISH'), instructions: 'Say that there are {{ context.count }} words.' },
      explain: { frontMatter: next('FINISH'), instructions: 'Say what went wrong.' },
    },
  });
const COUNT = `
const count: number = context.words.length;
return { status: 'success', message: report.message + '!', context_updates: { count } };
`;

async function begun(client: TestClient): Promise<{ readonly call: object; readonly instance_id: string }> {
  const { instance_id, step_token } = await client.answer('start_workflow', { workflow_name: 'SANDWICH' });
  return {
    instance_id,
    call: {
      instance_id,
      step_token,
      report: { step_id: 'ask', status: 'success', message: 'asked' },
      context_updates: { words: ['a', 'b', 'c'] },
    },
  };
}

const historyOf = async (client: TestClient, instance_id: string) =>
  (await client.answer<HistoryPage>('get_workflow_history', { instance_id })).entries;

scenarioPerClient(
  'a step with a script is carried out by the server, between two of the client',
  ['script-steps', 'repeat-by-step-token'],
  async (scratch, connect) => {
    await scratch.writeWorkflow('SANDWICH', sandwich(COUNT));
    const client = await scratch.connect(connect);
    const { call, instance_id } = await begun(client);
    const answer = await client.answer('advance_workflow', call);
    expect(answer).toMatchObject({
      status: 'RUNNING',
      revision: 2,
      next_step: { step_name: 'tell', instructions: 'Say that there are 3 words.' },
      current_context: { words: ['a', 'b', 'c'], count: 3 },
    });
    expect((await historyOf(client, instance_id)).at(-1)).toMatchObject({
      kind: 'advanced',
      step_name: 'count',
      user_report: { status: 'success', message: 'asked!' },
      detail: { script_run_id: `step:${instance_id}:1` },
    });
    await client.kill();
    const other = await scratch.connect(connect);
    expect(await other.answer('advance_workflow', call)).toEqual({ ...answer, replayed: true });
    expect(await historyOf(other, instance_id)).toHaveLength(3);
  },
);

scenario('a script that fails is a report of a failure', ['script-steps'], async (scratch) => {
  await scratch.writeWorkflow('SANDWICH', sandwich('console.log("before");\nreturn context.word.length;'));
  const client = await scratch.connect(connectV2);
  const { call, instance_id } = await begun(client);
  const answer = await client.answer('advance_workflow', call);
  expect(answer).toMatchObject({
    next_step: { step_name: 'explain' },
    failed_scripts: [{ step_name: 'count', error: expect.stringMatching(/^TypeError: .* \(line 2\)$/) }],
  });
  expect(await client.answer('advance_workflow', call)).toEqual({ ...answer, replayed: true });
  expect((await historyOf(client, instance_id)).at(-1)?.user_report).toMatchObject({
    status: 'failure',
    error: { name: 'TypeError', line: 2 },
    output: 'before\n',
  });
});

scenario('the shipped check of a README tells why its script failed', ['script-steps'], async (scratch) => {
  await scratch.copyWorkflows('workflows');
  const client = await scratch.connect(connectV2);
  const { instance_id } = await client.answer('start_workflow', { workflow_name: 'README_FRESHNESS_CHECK' });
  const report = { status: 'success' };
  await client.answer('advance_workflow', {
    instance_id,
    report,
    context_updates: { readme_path: 'README.md' },
  });
  // Numbered, they are more than a script may put into the context at once.
  const claims = Array.from({ length: 2_300 }, () => ({ kind: 'fact', line: 1, claim: 'x'.repeat(70) }));
  const answer = await client.answer('advance_workflow', {
    instance_id,
    report,
    context_updates: { claims },
  });
  expect(answer).toMatchObject({
    next_step: { step_name: 'report_outcome', instructions: expect.stringContaining('`failed_scripts`') },
    failed_scripts: [{ step_name: 'count_claims', error: expect.stringContaining('context_updates has') }],
  });
});

/** A server with a ledger whose calls are held as long as there is a certain file. */
async function withLedger(scratch: Scratch) {
  const ledger = join(scratch.folder, 'ledger.jsonl');
  const hold = `${ledger}.hold`;
  const config = join(scratch.folder, 'servers.json');
  writeFileSync(config, JSON.stringify({ mcpServers: { ledger: ledgerServer(ledger) } }));
  writeFileSync(hold, '');
  return {
    env: { MCP_SERVERS_CONFIG: config },
    entries: () => readLedger(ledger).map(({ args, isRepeated }) => [args.entry, isRepeated]),
    release: () => rmSync(hold),
  };
}

/** Sends a call whose script will be held, and kills the server when it is. */
async function cutOff(client: TestClient, call: object, isHeld: () => boolean): Promise<void> {
  const cut = client.callTool('advance_workflow', call).catch(() => {});
  await until(() => (isHeld() ? true : undefined));
  await client.kill();
  await cut;
}

/** Sends the call again for as long as the dead server counts as the one that runs the script. */
function answered(client: TestClient, call: object): Promise<Answer> {
  return until(async () => {
    const { isError, body } = await client.callTool('advance_workflow', call);
    if (!isError) return body as Answer;
    expect(body as WireFailure).toMatchObject({ error_code: 'RUN_IN_PROGRESS', retryable: true });
    return undefined;
  });
}

scenario(
  'killed in the middle of a script: the repeat goes on where it was cut off',
  ['script-steps-continue', 'survives-kill'],
  async (scratch) => {
    const { env, entries, release } = await withLedger(scratch);
    const script =
      "await ledger__post({ entry: 'one' });\nconst { entry } = await ledger__put({ entry: 'two', hold: 'hold' });\n" +
      "return { status: 'success', context_updates: { count: entry } };";
    await scratch.writeWorkflow('SANDWICH', sandwich(script));
    const client = await scratch.connect(connectV2, env);
    const { call, instance_id } = await begun(client);
    await cutOff(client, call, () => entries().length === 2);
    release();

    const other = await scratch.connect(connectV2, env);
    const seen = await other.answer('get_workflow_status', { instance_id });
    expect(seen).toMatchObject({
      revision: 1,
      next_step: { step_name: 'count', instructions: expect.stringContaining('server carries out "count"') },
    });
    expect(await answered(other, call)).toMatchObject({
      revision: 2,
      replayed: true,
      next_step: { step_name: 'tell', instructions: 'Say that there are two words.' },
    });
    expect(entries()).toEqual([
      ['one', false],
      ['two', false],
      ['two', true],
    ]);
  },
);

scenario(
  'killed in the middle of a call that must not be made twice: the run waits for somebody who has looked',
  ['script-steps-continue', 'survives-kill'],
  async (scratch) => {
    const { env, entries, release } = await withLedger(scratch);
    await scratch.writeWorkflow(
      'SANDWICH',
      sandwich("await ledger__post({ entry: 'one', hold: 'hold' });\nreturn 1;"),
    );
    const client = await scratch.connect(connectV2, env);
    const { call, instance_id } = await begun(client);
    await cutOff(client, call, () => entries().length === 1);
    release();

    const other = await scratch.connect(connectV2, env);
    const waiting = await answered(other, call);
    expect(waiting).toMatchObject({
      status: 'SUSPENDED',
      revision: 2,
      status_reason: expect.stringMatching(/its call of post on ledger \(line 1\)[\s\S]*with a report/),
    });
    const settled = await other.answer('resume_workflow', {
      instance_id,
      assumed_current_step_name: 'count',
      report: { status: 'success', message: 'It is in the ledger.' },
      context_updates: { count: 1 },
    });
    expect(settled).toMatchObject({ status: 'RUNNING', revision: 3, next_step: { step_name: 'tell' } });
    expect(entries()).toEqual([['one', false]]);
  },
);

scenario(
  'a worker on tasks goes past the steps that have a script',
  ['script-steps', 'work-drains'],
  async (scratch) => {
    await scratch.writeWorkflow('SANDWICH', sandwich('return 1;'));
    const env = await stubEnv(scratch);
    const client = await scratch.connect(connectV2, env);
    await client.answer('add_task', { description: 'Count', workflow_name: 'SANDWICH' });
    await client.close();
    const worker = scratch.startServer({ args: ['work', '--json'], env });
    worker.endInput();
    await worker.exited;
    expect(JSON.parse(worker.lines.join('\n'))).toMatchObject({ completed: 1, failed: 0 });
    const steps = scratch.query<{ step_name: string }>(
      "SELECT step_name FROM workflow_history WHERE kind = 'advanced' ORDER BY revision",
    );
    expect(steps.map(({ step_name }) => step_name)).toEqual(['ask', 'count', 'tell']);
  },
);

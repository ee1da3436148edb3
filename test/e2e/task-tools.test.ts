import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ScriptEntry } from '../../src/ai/stub/script-entry.ts';
import type { RunResult } from '../../src/queue/run.ts';
import { type Answered, startCallingModel } from '../support/calling-model.ts';
import { type Downstream, writeDownstream } from '../support/downstream-servers.ts';
import { readLedger } from '../support/ledger.ts';
import { connectV1, connectV2 } from '../support/mcp-clients.ts';
import type { Scratch } from '../support/scratch.ts';
import { stubEnv } from '../support/stub-script.ts';
import { until } from '../support/until.ts';
import { workflowFiles } from '../support/workflow-files.ts';
import { scenario, scenarioPerClient } from './scenario.ts';

const OFF = { disabled: true };
const NOTES = { description: 'Write "Buy bees." into notes.md.' };
const TASKS = { ORCHESTRATOR_TOOLSETS: 'tasks' };

/** Only `files`, and a ledger. */
async function downstreamOf(scratch: Scratch): Promise<Downstream> {
  const downstream = await writeDownstream(scratch, 'workflows');
  await downstream.write({ everything: OFF, memory: OFF, moody: OFF, sloppy: OFF });
  return downstream;
}

interface TaskRow {
  readonly status: string;
  readonly attempts: number;
  readonly result: string | null;
  readonly error: string | null;
}

const task = (scratch: Scratch) =>
  scratch.query<TaskRow>('SELECT status, attempts, result, error FROM tasks')[0];

async function addTask(scratch: Scratch, description: object = NOTES): Promise<void> {
  const client = await scratch.connect(connectV1, TASKS);
  await client.answer('add_task', { max_attempts: 1, ...description });
  await client.close();
}

scenarioPerClient(
  'a task is done by a tool: the file is there, and the result is verified',
  ['tasks-call-tools'],
  async (scratch, connect) => {
    const downstream = await downstreamOf(scratch);
    const notes = join(downstream.files, 'notes.md');
    const model = await startCallingModel(scratch, ({ rounds }) =>
      rounds === 0
        ? { calls: [['files', 'write_file', { path: notes, content: 'Buy bees.\n' }]] }
        : { result: `Written into ${notes}.` },
    );
    const client = await scratch.connect(connect, { ...downstream.env, ...model.env, ...TASKS });
    await client.answer('add_task', NOTES);
    expect(await client.answer<RunResult>('run_orchestrator')).toMatchObject({ completed: 1, attempts: 1 });
    expect(readFileSync(notes, 'utf8')).toBe('Buy bees.\n');
    expect(task(scratch)).toMatchObject({
      status: 'completed',
      result: JSON.stringify(`Written into ${notes}.`),
    });
    const [first, second] = model.asked;
    expect(first?.text).toContain('{"server":"files","tool":"write_file","description":');
    expect(second?.text).toContain('result: {"content":"Successfully wrote to');
    expect(model.judged).toHaveLength(1);
    expect(model.judged[0]).toContain(`Written into ${notes}.`);
  },
);

scenario(
  'work: a tool fails, the model finds another way, and a command looks at what was done',
  ['tasks-call-tools', 'verify-command', 'no-process-left'],
  async (scratch) => {
    const downstream = await downstreamOf(scratch);
    const folder = join(downstream.files, 'deep');
    const path = join(folder, 'notes.md');
    const write = { calls: [['files', 'write_file', { path, content: 'Buy bees.\n' }]] } as const;
    const answers: readonly Answered[] = [
      write,
      { calls: [['files', 'create_directory', { path: folder }], ...write.calls] },
      { result: `Written into ${path}.` },
    ];
    const model = await startCallingModel(scratch, ({ rounds }) => answers[rounds] ?? { error: 'Lost.' });
    const judge = join(scratch.folder, 'judge.mjs');
    await writeFile(
      judge,
      "import { readFileSync } from 'node:fs'; if (!readFileSync(process.argv[2], 'utf8').includes('bees')) process.exit(1);",
    );
    await addTask(scratch);
    const verify = { TASK_VERIFY_COMMAND: JSON.stringify([process.execPath, judge, path]) };
    const worker = scratch.startServer({
      args: ['work', '--json'],
      env: { ...downstream.env, ...model.env, ...verify },
    });
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    expect(JSON.parse(worker.lines.join('\n'))).toMatchObject({ completed: 1, attempts: 1 });
    expect(task(scratch)).toMatchObject({ status: 'completed' });
    expect(model.asked[1]?.text).toMatch(/error: \{"code":"TOOL_FAILED","message":".*ENOENT: no such file/);
    expect(model.asked[2]?.text).toMatch(
      /round 2\n.*create_directory.*\nresult: .*\ncall: .*write_file.*\nresult: /s,
    );
    await downstream.gone();
  },
);

scenario(
  'a tool that is denied, or to be asked about, is not called, even if the model names it; a server that is down is told of',
  ['tasks-tools-bounded', 'tool-policies'],
  async (scratch) => {
    const downstream = await downstreamOf(scratch);
    await downstream.write({
      files: { orchestrator: { tools: { write_file: 'deny' } } },
      ledger: { orchestrator: { tools: { '*': 'ask' } } },
      gone: { command: 'no-such-program-4711' },
    });
    const path = join(downstream.files, 'notes.md');
    const answers: readonly Answered[] = [
      { calls: [['files', 'write_file', { path, content: 'x' }]] },
      { calls: [['ledger', 'post', { entry: 'x' }]] },
      { error: 'There is no tool that may write.' },
    ];
    const model = await startCallingModel(scratch, ({ rounds }) => answers[rounds] ?? { error: 'Lost.' });
    const client = await scratch.connect(connectV2, { ...downstream.env, ...model.env, ...TASKS });
    await client.answer('add_task', { ...NOTES, max_attempts: 1 });
    expect(await client.answer<RunResult>('run_orchestrator')).toMatchObject({ failed: 1 });
    expect(task(scratch)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('There is no tool that may write.'),
    });
    expect(existsSync(path)).toBe(false);
    expect(readLedger(downstream.ledger)).toEqual([]);
    const [first, second, third] = model.asked;
    expect(first?.text).toContain('"tool":"read_text_file"');
    expect(first?.text).not.toContain('"tool":"write_file"');
    expect(first?.text).not.toContain('"server":"ledger"');
    expect(first?.text).toMatch(
      /Unavailable now, with all its tools: \[\{"server":"gone","problem":".*no-such-program-4711/,
    );
    expect(second?.text).toContain(
      'error: {"code":"NOT_ALLOWED","message":"The tool write_file of the server files is denied',
    );
    expect(third?.text).toContain(
      '"code":"NOT_ALLOWED","message":"The tool post of the server ledger may be called only if',
    );
  },
);

scenario(
  'a model that goes round in circles has failed, and it is said how',
  ['tasks-tools-bounded'],
  async (scratch) => {
    const downstream = await downstreamOf(scratch);
    const model = await startCallingModel(scratch, () => ({
      calls: [['ledger', 'post', { entry: 'again' }]],
    }));
    const client = await scratch.connect(connectV2, { ...downstream.env, ...model.env, ...TASKS });
    await client.answer('add_task', { ...NOTES, max_attempts: 1 });
    expect(await client.answer<RunResult>('run_orchestrator')).toMatchObject({ failed: 1 });
    expect(task(scratch)?.error).toContain('20 calls of tools in 20 rounds');
    expect(readLedger(downstream.ledger)).toHaveLength(20);
    expect(model.asked.at(-1)?.text).toContain('No more calls can be made');
  },
);

scenario(
  'the steps of a task with a workflow are carried out with tools, too',
  ['tasks-call-tools'],
  async (scratch) => {
    await scratch.writeWorkflow(
      'NOTE',
      workflowFiles({
        steps: { write: { frontMatter: 'transitions:\n  - to: FINISH', instructions: 'Post an entry.' } },
      }),
    );
    const downstream = await downstreamOf(scratch);
    const model = await startCallingModel(scratch, ({ rounds }) =>
      rounds === 0 ? { calls: [['ledger', 'post', { entry: 'bees' }]] } : { result: 'Posted.' },
    );
    const client = await scratch.connect(connectV2, { ...downstream.env, ...model.env, ...TASKS });
    await client.answer('add_task', { description: 'Note the bees.', workflow_name: 'NOTE' });
    expect(await client.answer<RunResult>('run_orchestrator')).toMatchObject({ completed: 1 });
    expect(readLedger(downstream.ledger)).toMatchObject([{ tool: 'post', args: { entry: 'bees' } }]);
    expect(model.asked[1]?.text).toContain('Carry out this step.');
  },
);

scenario(
  'a worker that is told to end in the middle of a call gives its task back, and leaves no server behind',
  ['tasks-call-tools', 'orchestrator-stops', 'no-process-left'],
  async (scratch) => {
    const downstream = await downstreamOf(scratch);
    await writeFile(`${downstream.ledger}.hold`, '');
    const script: readonly ScriptEntry[] = [
      {
        calls: [{ server: 'ledger', tool: 'post', arguments: { entry: 'one', hold: 'hold' } }],
        outcome: { status: 'success', result: 'Posted.' },
      },
    ];
    const env = { ...downstream.env, ...(await stubEnv(scratch, script)) };
    await addTask(scratch);
    const worker = scratch.startServer({ args: ['work', '--json'], env });
    await until(() => (readLedger(downstream.ledger).length === 1 ? true : undefined));
    worker.kill('SIGTERM');
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    expect(JSON.parse(worker.lines.join('\n'))).toMatchObject({ completed: 0, stopped_by: 'cancelled' });
    expect(task(scratch)).toMatchObject({ status: 'pending', attempts: 0 });
    await downstream.gone();
  },
);

scenario(
  'a list of servers with mistakes in it is told to whoever starts a worker',
  ['tasks-call-tools'],
  async (scratch) => {
    const file = join(scratch.folder, 'servers.json');
    await writeFile(file, '{"mcpServers": {"files": {"command": 5}}}');
    await addTask(scratch);
    const env = { ...(await stubEnv(scratch)), MCP_SERVERS_CONFIG: file };
    const worker = scratch.startServer({ args: ['work'], env });
    expect(await worker.exited).toEqual({ code: 2, signal: null });
    expect(worker.stderr()).toContain(file);
    expect(task(scratch)).toMatchObject({ status: 'pending', attempts: 0 });
  },
);

import { statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import type { TestClient } from '../support/mcp-clients.ts';
import type { RawServer } from '../support/raw-server.ts';
import type { Scratch } from '../support/scratch.ts';
import { relayFiles } from '../support/workflow-files.ts';
import { happyPath, type PathStep, readWorkflowPaths } from '../support/workflow-paths.ts';
import { scenario, scenarioPerClient } from './scenario.ts';

const WORKFLOWS = new URL('../../workflows', import.meta.url).pathname;

scenarioPerClient(
  'a whole workflow, the server killed after every call',
  ['survives-kill', 'resume-in-sync', 'resume-answer-lost'],
  async (scratch, connect) => {
    await scratch.copyWorkflows(WORKFLOWS);
    const path = happyPath(await readWorkflowPaths(), 'COMMIT_SUGGESTER');
    const pids = new Set<number>();
    const inNewServer = async <Result>(work: (client: TestClient) => Promise<Result>): Promise<Result> => {
      const client = await scratch.connect(connect);
      pids.add(client.pid);
      const result = await work(client);
      await client.kill();
      return result;
    };

    let answer = await inNewServer((client) =>
      client.answer('start_workflow', { workflow_name: path.workflow, context: path.start_context }),
    );
    for (const [position, step] of path.steps.entries()) {
      const before = answer;
      const call = advanceCall(before, step);
      const resume = { instance_id: before.instance_id, assumed_current_step_name: step.step };
      if (position % 3 === 0) {
        const resumed = await inNewServer((client) => client.answer('resume_workflow', resume));
        expect(resumed).toMatchObject({
          revision: before.revision,
          step_token: before.step_token,
          next_step: before.next_step,
          reconciliation: { verdict: 'in_sync' },
        });
      }
      answer = await inNewServer((client) => client.answer('advance_workflow', call));
      expect(answer).toMatchObject({ revision: before.revision + 1, next_step: { step_name: step.next } });
      // As if the answer had died with the server: the two ways to ask for it again.
      if (position % 3 === 1) {
        const repeated = await inNewServer((client) => client.answer('advance_workflow', call));
        expect(repeated).toEqual({ ...answer, replayed: true });
      }
      if (position % 3 === 2) {
        const found = await inNewServer((client) => client.answer('resume_workflow', resume));
        expect(found).toMatchObject({
          revision: answer.revision,
          next_step: answer.next_step,
          reconciliation: { verdict: 'answer_lost' },
        });
      }
    }
    expect(answer.status).toBe(path.ends);
    expect(pids.size, 'a server for each call').toBe(2 * path.steps.length + 1);
    expectUnbroken(scratch, answer);
  },
);

const ROUNDS = 40;
const MANY_STEPS = Array.from({ length: ROUNDS + 1 }, (_, index) => `run_lap_${index + 1}`);

scenario(
  'killed in the middle of a call, over and over: nothing acknowledged is lost, nothing is doubled',
  ['survives-kill'],
  async (scratch) => {
    await scratch.writeWorkflow('RELAY', relayFiles(MANY_STEPS));
    let server = await startedServer(scratch);
    let position = (await server.callTool('start_workflow', { workflow_name: 'RELAY' })).body as Answer;
    const { instance_id } = position;
    const deaths = { 'before the commit': 0, 'after the commit': 0, 'after the answer': 0 };
    // How many turns of our event loop a call is given. It closes in on the commit from both sides.
    let patience = 0;
    let stride = 64;

    for (let round = 0; round < ROUNDS; round++) {
      const call = {
        instance_id,
        step_token: position.step_token,
        report: { step_id: position.next_step.step_name, status: 'success', result: { round } },
        context_updates: { round },
      };
      const id = server.send('tools/call', { name: 'advance_workflow', arguments: call });
      await turns(patience);
      server.kill('SIGKILL');
      await server.exited;
      const acknowledged = server.received(id) !== undefined;

      server = await startedServer(scratch);
      const found = (await server.callTool('get_workflow_status', { instance_id })).body as Answer;
      const committed = found.revision === position.revision + 1;
      if (!committed)
        expect(found).toMatchObject({ revision: position.revision, step_token: position.step_token });
      if (acknowledged) expect(committed, 'an acknowledged transition is there').toBe(true);
      deaths[acknowledged ? 'after the answer' : committed ? 'after the commit' : 'before the commit']++;
      stride = Math.max(1, Math.floor(stride / (acknowledged || committed ? 2 : 1)));
      patience = Math.max(0, patience + (acknowledged || committed ? -stride : stride));

      // Whoever got no answer sends the call again.
      const again = (await server.callTool('advance_workflow', call)).body as Answer;
      expect(again.replayed).toBe(committed ? true : undefined);
      expect(again).toMatchObject({ revision: position.revision + 1, current_context: { round } });
      if (committed) expect(again.step_token).toBe(found.step_token);
      position = again;
    }
    expect(deaths['before the commit'] + deaths['after the commit']).toBeGreaterThan(ROUNDS / 4);
    expect(deaths['before the commit']).toBeGreaterThan(0);
    expectUnbroken(scratch, position);
  },
);

scenario(
  'killed at the moment at which the database grows: committed or not, never half',
  ['survives-kill'],
  async (scratch) => {
    const rounds = 20;
    await scratch.writeWorkflow('RELAY', relayFiles(MANY_STEPS));
    let server = await startedServer(scratch);
    let position = (await server.callTool('start_workflow', { workflow_name: 'RELAY' })).body as Answer;
    const { instance_id } = position;
    let unanswered = 0;
    for (let round = 0; round < rounds; round++) {
      const call = {
        instance_id,
        step_token: position.step_token,
        report: { status: 'success', result: { round } },
      };
      const before = logState(scratch);
      const id = server.send('tools/call', { name: 'advance_workflow', arguments: call });
      await nextTurn();
      untilDifferent(() => logState(scratch), before);
      server.kill('SIGKILL');
      await server.exited;
      if (server.received(id) === undefined) unanswered++;

      server = await startedServer(scratch);
      const again = (await server.callTool('advance_workflow', call)).body as Answer;
      expect(again).toMatchObject({ revision: position.revision + 1 });
      position = again;
    }
    expect(unanswered).toBeGreaterThan(0);
    expectUnbroken(scratch, position);
  },
);

scenario('a call that arrived in part is no call', ['survives-kill'], async (scratch) => {
  await scratch.writeWorkflow('RELAY', relayFiles(['run_first', 'run_second']));
  let server = await startedServer(scratch);
  const started = (await server.callTool('start_workflow', { workflow_name: 'RELAY' })).body as Answer;
  const { instance_id } = started;
  const line = `${JSON.stringify({
    jsonrpc: '2.0',
    id: 99,
    method: 'tools/call',
    params: { name: 'advance_workflow', arguments: { instance_id, report: { status: 'success' } } },
  })}\n`;
  for (const bytes of [1, Math.floor(line.length / 2), line.length - 1]) {
    await server.write(line.slice(0, bytes));
    // Another server answers meanwhile, so that this one had its time.
    const other = await startedServer(scratch);
    expect((await other.callTool('get_workflow_status', { instance_id })).body).toMatchObject({
      revision: 0,
    });
    server.kill('SIGKILL');
    await server.exited;
    server = other;
  }
  await server.write(line);
  expect(await server.answerTo(99)).toMatchObject({ result: { structuredContent: { revision: 1 } } });
});

function advanceCall(answer: Answer, step: PathStep) {
  return {
    instance_id: answer.instance_id,
    step_token: answer.step_token,
    report: step.report,
    context_updates: step.context_updates,
    ...(step.decided_by === 'decider' && { next_step_name: step.next }),
  };
}

async function startedServer(scratch: Scratch): Promise<RawServer> {
  const server = scratch.startServer();
  await server.initialize();
  return server;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn();
}

/** Changes when SQLite writes to its log, which is the first thing that a commit does. */
function logState({ databasePath }: Scratch): string {
  const stats = statSync(`${databasePath}-wal`, { bigint: true, throwIfNoEntry: false });
  return `${stats?.size} ${stats?.mtimeNs}`;
}

/** Busy on purpose: a turn of the event loop would give the server time to answer. */
function untilDifferent(look: () => string, before: string): void {
  for (let looks = 0; looks < 10_000_000; looks++) if (look() !== before) return;
  throw new Error('Nothing changed.');
}

/** The record of the run has each revision once, ends where the run stands, and SQLite finds no damage. */
function expectUnbroken(scratch: Scratch, last: Answer): void {
  const revisions = scratch.query<{ revision: number }>(
    `SELECT revision FROM workflow_history WHERE instance_id = ? AND determined_next_step IS NOT NULL ORDER BY revision`,
    last.instance_id,
  );
  expect(revisions.map(({ revision }) => revision)).toEqual(
    Array.from({ length: last.revision + 1 }, (_, index) => index),
  );
  expect(
    scratch.query(
      `SELECT instance.revision, instance.current_step_name = entry.determined_next_step AS agrees
       FROM workflow_instances AS instance JOIN workflow_history AS entry USING (instance_id, revision)
       WHERE instance_id = ? AND entry.determined_next_step IS NOT NULL`,
      last.instance_id,
    ),
  ).toEqual([{ revision: last.revision, agrees: 1 }]);
  expect(scratch.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
}

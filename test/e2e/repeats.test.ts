import { expect } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import type { HistoryPage } from '../../src/engine/listings.ts';
import type { TestClient } from '../support/mcp-clients.ts';
import { relayFiles, workflowFiles } from '../support/workflow-files.ts';
import { scenarioPerClient } from './scenario.ts';

const RELAY = relayFiles(['run_first', 'run_second', 'run_third']);
const REPORT = { status: 'success', result: { seconds: 11 } };

/** What tells a server that it has seen a call before, by the arguments that carry it. */
const KEYS = {
  request_id: (_started: Answer) => ({ request_id: 'call-1', report: REPORT }),
  step_token: ({ step_token }: Answer) => ({ step_token, report: REPORT }),
  'report.step_id': ({ next_step }: Answer) => ({ report: { ...REPORT, step_id: next_step.step_name } }),
};

for (const [key, argumentsOf] of Object.entries(KEYS)) {
  scenarioPerClient(
    `the same advance again and again is one transition: ${key}`,
    ['repeat-by-request-id', 'repeat-by-step-token', 'repeat-by-step-id'],
    async (scratch, connect) => {
      await scratch.writeWorkflow('RELAY', RELAY);
      const client = await scratch.connect(connect);
      const started = await client.answer('start_workflow', { workflow_name: 'RELAY' });
      const call = {
        instance_id: started.instance_id,
        ...argumentsOf(started),
        context_updates: { baton: 'passed' },
      };
      const first = await client.answer('advance_workflow', call);
      expect(first).toMatchObject({ revision: 1, current_context: { baton: 'passed' } });
      for (let repeat = 0; repeat < 3; repeat++)
        expect(await client.answer('advance_workflow', call)).toEqual({ ...first, replayed: true });
      // Also from a server that has never seen it.
      const other = await scratch.connect(connect);
      expect(await other.answer('advance_workflow', call)).toEqual({ ...first, replayed: true });
      expect(await transitions(client, started)).toEqual(['started', 'advanced']);
    },
  );

  scenarioPerClient(
    `the same advance many times at once is one transition: ${key}`,
    ['repeat-at-once'],
    async (scratch, connect) => {
      await scratch.writeWorkflow('RELAY', RELAY);
      const client = await scratch.connect(connect);
      const started = await client.answer('start_workflow', { workflow_name: 'RELAY' });
      const call = { instance_id: started.instance_id, ...argumentsOf(started) };
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => client.answer('advance_workflow', call)),
      );
      expect(new Set(answers.map(withoutReplayed)).size).toBe(1);
      expect(answers.filter(({ replayed }) => replayed !== true)).toHaveLength(1);
      expect(await transitions(client, started)).toEqual(['started', 'advanced']);
    },
  );
}

scenarioPerClient(
  'a start with a request_id that was seen starts nothing',
  ['repeat-by-request-id', 'request-id-reused'],
  async (scratch, connect) => {
    await scratch.writeWorkflow('RELAY', RELAY);
    const client = await scratch.connect(connect);
    const call = { workflow_name: 'RELAY', context: { baton: 1 }, request_id: 'start-1' };
    const [one, two] = await Promise.all([
      client.answer('start_workflow', call),
      client.answer('start_workflow', call),
    ]);
    expect(withoutReplayed(one)).toEqual(withoutReplayed(two));
    const third = await client.answer('start_workflow', call);
    expect(third).toEqual({ ...one, replayed: true });
    expect(scratch.query('SELECT instance_id FROM workflow_instances')).toHaveLength(1);
    expect(await client.failure('start_workflow', { ...call, context: { baton: 2 } })).toMatchObject({
      error_code: 'REQUEST_ID_REUSED',
      retryable: false,
    });
  },
);

scenarioPerClient(
  'a request_id answers for its call however far the run has gone, and for no other call',
  ['repeat-by-request-id', 'request-id-reused'],
  async (scratch, connect) => {
    await scratch.writeWorkflow('RELAY', RELAY);
    const client = await scratch.connect(connect);
    const { instance_id } = await client.answer('start_workflow', { workflow_name: 'RELAY' });
    const call = { instance_id, request_id: 'call-1', report: REPORT, context_updates: { lap: 1 } };
    const first = await client.answer('advance_workflow', call);
    await client.answer('advance_workflow', { instance_id, report: REPORT, context_updates: { lap: 2 } });
    expect(await client.answer('advance_workflow', call)).toEqual({ ...first, replayed: true });
    const others = [
      { report: { ...REPORT, status: 'failure' } },
      { report: REPORT, context_updates: { lap: 3 } },
      { report: REPORT, next_step_name: 'FINISH' },
    ];
    for (const other of others)
      expect(
        await client.failure('advance_workflow', { instance_id, request_id: 'call-1', ...other }),
      ).toMatchObject({ error_code: 'REQUEST_ID_REUSED', hint: expect.stringMatching(/new request_id/) });
    expect(await transitions(client, first)).toEqual(['started', 'advanced', 'advanced']);
  },
);

scenarioPerClient(
  'a report about another position is stale, and hears where the run stands',
  ['stale-step', 'revision-and-token'],
  async (scratch, connect) => {
    await scratch.writeWorkflow('RELAY', RELAY);
    const client = await scratch.connect(connect);
    const started = await client.answer('start_workflow', { workflow_name: 'RELAY' });
    const { instance_id } = started;
    const current = await client.answer('advance_workflow', { instance_id, report: REPORT });
    const other = { ...REPORT, result: { seconds: 12 } };
    const stale = [
      { report: other, step_token: started.step_token },
      { report: other, step_token: 'made-up' },
      { report: { ...other, step_id: 'run_first' } },
      { report: { ...other, step_id: 'run_third' } },
      { report: { ...other, step_id: 'no such step' } },
      { report: { ...other, step_id: 'run_first' }, step_token: current.step_token },
    ];
    for (const call of stale)
      expect(await client.failure('advance_workflow', { instance_id, ...call })).toMatchObject({
        error_code: 'STALE_STEP',
        retryable: false,
        hint: expect.stringContaining('resume_workflow'),
        details: { current_step: 'run_second', step_token: current.step_token, revision: 1 },
      });
    expect(await client.answer('get_workflow_status', { instance_id })).toMatchObject({
      revision: 1,
      step_token: current.step_token,
    });
  },
);

scenarioPerClient(
  'a step that leads to itself: a token or a new request_id tells news from a repeat',
  ['repeat-by-step-token', 'repeat-by-request-id'],
  async (scratch, connect) => {
    const again = 'transitions:\n  - to: FINISH\n    when: report.status == "done"\n  - to: run_lap';
    await scratch.writeWorkflow('LAPS', workflowFiles({ steps: { run_lap: { frontMatter: again } } }));
    const client = await scratch.connect(connect);
    let answer = await client.answer('start_workflow', { workflow_name: 'LAPS' });
    const { instance_id } = answer;
    for (let lap = 1; lap <= 3; lap++) {
      answer = await client.answer('advance_workflow', {
        instance_id,
        step_token: answer.step_token,
        report: { ...REPORT, step_id: 'run_lap' },
      });
      expect(answer).toMatchObject({ revision: lap, next_step: { step_name: 'run_lap', visit: lap + 1 } });
      expect(answer.replayed).toBeUndefined();
    }
    const named = { instance_id, request_id: 'lap-4', report: { ...REPORT, step_id: 'run_lap' } };
    expect(await client.answer('advance_workflow', named)).toMatchObject({ revision: 4 });
    expect(await client.answer('advance_workflow', named)).toMatchObject({ revision: 4, replayed: true });
  },
);

scenarioPerClient(
  'a finished run gives its last answer again, whatever is reported',
  ['finished-again'],
  async (scratch, connect) => {
    await scratch.writeWorkflow('RELAY', relayFiles(['only_step']));
    const client = await scratch.connect(connect);
    const { instance_id } = await client.answer('start_workflow', { workflow_name: 'RELAY' });
    const last = await client.answer('advance_workflow', { instance_id, report: REPORT });
    expect(last).toMatchObject({
      status: 'COMPLETED',
      revision: 1,
      next_step: { step_name: 'FINISH', instructions: 'Workflow complete.' },
    });
    expect(last.decision_request).toBeUndefined();
    const final = [
      await client.answer('advance_workflow', { instance_id, report: { status: 'failure', error: 'late' } }),
      await client.answer('advance_workflow', { instance_id, report: REPORT, step_token: 'made-up' }),
      await client.answer('resume_workflow', { instance_id, assumed_current_step_name: 'only_step' }),
      await client.answer('cancel_workflow', { instance_id }),
      await client.answer('get_workflow_status', { instance_id }),
    ];
    for (const answer of final)
      expect(answer).toMatchObject({
        status: 'COMPLETED',
        revision: 1,
        step_token: last.step_token,
        next_step: last.next_step,
      });
    expect(await transitions(client, last)).toEqual(['started', 'advanced']);
  },
);

function withoutReplayed(answer: Answer | undefined): string {
  return JSON.stringify({ ...answer, replayed: undefined });
}

async function transitions(client: TestClient, { instance_id }: Answer): Promise<readonly string[]> {
  const { entries } = await client.answer<HistoryPage>('get_workflow_history', { instance_id });
  return entries.map(({ kind }) => kind);
}

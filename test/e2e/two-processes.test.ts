import { expect } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import type { HistoryPage, InstancePage } from '../../src/engine/listings.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { connectV1, connectV2, type WireFailure } from '../support/mcp-clients.ts';
import { decisionText, openaiWire } from '../support/provider-wires.ts';
import { relayFiles, workflowFiles } from '../support/workflow-files.ts';
import { scenario } from './scenario.ts';

const STEPS = Array.from({ length: 40 }, (_, index) => `run_lap_${index + 1}`);
/** One less, so that the run never ends: a finished one answers everybody. */
const ROUNDS = STEPS.length - 1;

scenario(
  'two processes serve two clients at once, each its own runs',
  ['several-processes'],
  async (scratch) => {
    await scratch.writeWorkflow('RELAY', relayFiles(STEPS));
    const clients = await Promise.all([scratch.connect(connectV1), scratch.connect(connectV2)]);
    const walked = await Promise.all(
      clients.map(async (client, number) => {
        let answer = await client.answer('start_workflow', { workflow_name: 'RELAY', context: { number } });
        while (answer.status === 'RUNNING')
          answer = await client.answer('advance_workflow', {
            instance_id: answer.instance_id,
            step_token: answer.step_token,
            report: { status: 'success' },
            context_updates: { last_lap: answer.next_step.step_name },
          });
        return answer;
      }),
    );
    for (const [number, answer] of walked.entries())
      expect(answer).toMatchObject({
        status: 'COMPLETED',
        revision: STEPS.length,
        current_context: { number, last_lap: STEPS.at(-1) },
      });
    for (const client of clients) {
      const { instances } = await client.answer<InstancePage>('list_instances', { status: 'COMPLETED' });
      expect(new Set(instances.map(({ instance_id }) => instance_id))).toEqual(
        new Set(walked.map(({ instance_id }) => instance_id)),
      );
    }
  },
);

scenario(
  'two clients report differently on one run at once: one wins each time, the other hears where the run stands',
  ['one-winner', 'several-processes', 'stale-step'],
  async (scratch) => {
    await scratch.writeWorkflow('RELAY', relayFiles(STEPS));
    const clients = await Promise.all([scratch.connect(connectV1), scratch.connect(connectV2)]);
    let position = await clients[0].answer('start_workflow', { workflow_name: 'RELAY' });
    const { instance_id } = position;
    for (let round = 0; round < ROUNDS; round++) {
      const outcomes = await Promise.all(
        clients.map((client, number) =>
          client.callTool('advance_workflow', {
            instance_id,
            step_token: position.step_token,
            report: { status: 'success', result: { number } },
            context_updates: { winner: number },
          }),
        ),
      );
      const winner = outcomes.findIndex(({ isError }) => !isError);
      const [won, lost] = [outcomes[winner]?.body as Answer, outcomes[1 - winner]?.body as WireFailure];
      expect(won).toMatchObject({ revision: position.revision + 1, current_context: { winner } });
      expect(lost).toMatchObject({
        error_code: 'STALE_STEP',
        details: {
          current_step: won.next_step.step_name,
          step_token: won.step_token,
          revision: won.revision,
        },
      });
      position = won;
    }
    const kinds = scratch.query<{ kind: string; entries: number }>(
      'SELECT kind, count(*) AS entries FROM workflow_history WHERE instance_id = ? GROUP BY kind ORDER BY kind',
      instance_id,
    );
    expect(kinds).toEqual([
      { kind: 'advanced', entries: ROUNDS },
      { kind: 'started', entries: 1 },
    ]);
  },
);

scenario(
  'two clients send the same report at once: one transition, one answer',
  ['repeat-at-once', 'several-processes'],
  async (scratch) => {
    await scratch.writeWorkflow('RELAY', relayFiles(STEPS));
    const clients = await Promise.all([scratch.connect(connectV1), scratch.connect(connectV2)]);
    let position = await clients[0].answer('start_workflow', { workflow_name: 'RELAY' });
    for (let round = 0; round < ROUNDS; round++) {
      const call = {
        instance_id: position.instance_id,
        report: { step_id: position.next_step.step_name, status: 'success' },
      };
      const [one, two] = await Promise.all([
        clients[0].answer('advance_workflow', call),
        clients[1].answer('advance_workflow', call),
      ]);
      expect({ ...one, replayed: undefined }).toEqual({ ...two, replayed: undefined });
      expect([one.replayed, two.replayed]).toContain(true);
      expect(one.revision).toBe(position.revision + 1);
      position = one;
    }
  },
);

scenario(
  'both processes were deciding when one of them committed: the other decision is dropped',
  ['one-winner', 'several-processes', 'openai-decides'],
  async (scratch) => {
    await scratch.writeWorkflow(
      'CHOICE',
      workflowFiles({ steps: { choose_way: {}, go_left: {}, go_right: {} } }),
    );
    const provider = await startFakeProvider();
    scratch.onDispose(() => provider.close());
    const env = {
      AI_PROVIDER: 'openai',
      OPENAI_MODEL_NAME: 'test-model',
      AI_SERVICE_API_KEY: 'key-of-the-test',
      AI_SERVICE_ENDPOINT: `${provider.origin}/v1`,
    };
    const clients = [await scratch.connect(connectV1, env), await scratch.connect(connectV2, env)] as const;
    const { instance_id, step_token } = await clients[0].answer('start_workflow', {
      workflow_name: 'CHOICE',
    });
    const report = (by: string) => ({ instance_id, step_token, report: { status: 'success', message: by } });
    const decided = (next_step_name: string) => openaiWire.text(decisionText({ next_step_name }));
    let answerSecond = () => {};
    const second = new Promise<void>((resolve) => {
      answerSecond = resolve;
    });

    provider.willReply(provider.request(2).then(() => decided('go_left')));
    const first = clients[0].answer('advance_workflow', report('the first'));
    await provider.request(1);
    provider.willReply(second.then(() => decided('go_right')));
    const loser = clients[1].failure('advance_workflow', report('the second'));

    const won = await first;
    expect(won).toMatchObject({ revision: 1, next_step: { step_name: 'go_left' } });
    answerSecond();
    expect(await loser).toMatchObject({
      error_code: 'STALE_STEP',
      details: { current_step: 'go_left', step_token: won.step_token },
    });
    const { entries } = await clients[1].answer<HistoryPage>('get_workflow_history', { instance_id });
    expect(entries.map(({ determined_next_step }) => determined_next_step)).toEqual([
      'choose_way',
      'go_left',
    ]);
  },
);

scenario(
  'eight processes start at once on a file that does not exist',
  ['starts-at-once'],
  async (scratch) => {
    await scratch.writeWorkflow('RELAY', relayFiles(['only_step']));
    const servers = Array.from({ length: 8 }, () => scratch.startServer());
    await Promise.all(servers.map((server) => server.initialize()));
    const outcomes = await Promise.all(
      servers.map((server) => server.callTool('start_workflow', { workflow_name: 'RELAY' })),
    );
    expect(outcomes.filter(({ isError }) => isError)).toEqual([]);
    expect(scratch.query('SELECT instance_id FROM workflow_instances')).toHaveLength(servers.length);
    const [{ applied } = { applied: 0 }] = scratch.query<{ applied: number }>(
      'SELECT count(*) - count(DISTINCT created_at) AS applied FROM __drizzle_migrations',
    );
    expect(applied, 'no migration was applied twice').toBe(0);
  },
);

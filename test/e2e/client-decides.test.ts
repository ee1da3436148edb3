import { expect } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import type { HistoryPage, InstancePage } from '../../src/engine/listings.ts';
import type { WireFailure } from '../support/mcp-clients.ts';
import { createNaiveModel } from '../support/naive-model.ts';
import { workflowFiles } from '../support/workflow-files.ts';
import { scenarioPerClient, scenarioPerProtocol } from './scenario.ts';

const TRIP = workflowFiles({
  frontMatter: 'description: Get to the lake and back.',
  steps: {
    'Look outside': {
      guidance:
        'If it rains, proceed to Take the train. If it is dry, proceed to Ride the bike. If nobody wants to go, finish.',
      instructions: 'Find out what the weather is like, and report it in one sentence.',
    },
    'Ride the bike': {
      guidance: 'If there was a puncture, proceed to "Mend the tyre". Otherwise proceed to Swim.',
      instructions: 'Ride to the lake. Say whether there was a puncture.',
    },
    'Mend the tyre': {
      guidance: 'If the tyre holds, proceed to `Ride the bike`. Otherwise proceed to Take the train.',
      instructions: 'Mend the tyre. Say whether the tyre holds.',
    },
    'Take the train': { instructions: 'Take the train to the lake.', guidance: 'Proceed to Swim.' },
    Swim: {
      guidance: 'Proceed to Finish.',
      instructions: 'Swim to the island. The weather was: {{ context.weather }}.',
    },
  },
});

scenarioPerProtocol(
  'a model that knows only what it is told walks a branching workflow to its end',
  ['described-well-enough', 'client-decides', 'decision-required', 'both-eras'],
  async (scratch, open) => {
    await scratch.writeWorkflow('GO_SWIMMING', TRIP);
    const client = await scratch.connect(open);
    const model = createNaiveModel({
      client,
      // The world: what comes out of following instructions that contain these words.
      world: [
        { asked: 'weather is like', outcomes: [{ message: 'it is dry', facts: { weather: 'dry' } }] },
        {
          asked: 'Ride to the lake',
          outcomes: [{ message: 'there was a puncture' }, { message: 'all went well' }],
        },
        { asked: 'Mend the tyre', outcomes: [{ message: 'the tyre holds' }] },
        { asked: 'Swim', outcomes: [{ message: 'done' }] },
      ],
    });
    await model.perform('I want to go swimming.');

    expect(model.log).toEqual([
      'start_workflow',
      'Look outside -> Ride the bike',
      'Ride the bike -> Mend the tyre',
      'Mend the tyre -> Ride the bike',
      'Ride the bike -> Swim',
      'Swim -> FINISH',
    ]);
    expect(model.lastAnswer).toMatchObject({
      status: 'COMPLETED',
      revision: 5,
      current_context: { weather: 'dry' },
      next_step: { step_name: 'FINISH' },
    });
    expect(model.instructionsRead.at(-2)).toContain('The weather was: dry.');
  },
);

scenarioPerProtocol(
  'a model that forgets to decide is told how, and one that lost everything finds its run',
  ['decision-required', 'described-well-enough', 'resume-in-sync'],
  async (scratch, open) => {
    await scratch.writeWorkflow('GO_SWIMMING', TRIP);
    const world = [
      { asked: 'weather is like', outcomes: [{ message: 'it rains', facts: { weather: 'rain' } }] },
      { asked: 'Take the train', outcomes: [{ message: 'arrived' }] },
      { asked: 'Swim', outcomes: [{ message: 'done' }] },
    ];
    const first = createNaiveModel({ client: await scratch.connect(open), world, forgetsToDecide: true });
    await first.perform('I want to go swimming.', { stepsMax: 1 });
    expect(first.log).toEqual(['start_workflow', 'DECISION_REQUIRED', 'Look outside -> Take the train']);

    const second = createNaiveModel({ client: await scratch.connect(open), world });
    await second.recover();
    expect(second.log).toEqual([
      'list_instances',
      'resume_workflow in_sync',
      'Take the train -> Swim',
      'Swim -> FINISH',
    ]);
    expect(second.lastAnswer?.status).toBe('COMPLETED');
  },
);

scenarioPerClient(
  'the client decides by default: options with every answer, and nothing moves without a choice',
  ['client-decides', 'decision-required', 'transitions-bind', 'typed-errors'],
  async (scratch, connect) => {
    await scratch.writeWorkflow(
      'CHOICE',
      workflowFiles({
        steps: {
          choose_way: { guidance: 'If it rains, proceed to take_train. Otherwise proceed to ride_bike.' },
          take_train: {
            frontMatter: [
              'transitions:',
              '  - {to: FINISH, when: report.result.arrived == true}',
              '  - {to: choose_way, when: report.result.missed == true}',
            ].join('\n'),
          },
          ride_bike: { frontMatter: 'transitions: [{to: FINISH}]' },
        },
      }),
    );
    const client = await scratch.connect(connect);
    const started = await client.answer('start_workflow', { workflow_name: 'CHOICE' });
    const { instance_id } = started;
    const options = ['choose_way', 'take_train', 'ride_bike', 'FINISH'];
    expect(started.decision_request).toEqual({
      guidance: expect.stringContaining('If it rains, proceed to take_train.'),
      options,
    });
    const report = { status: 'success' };

    expect(await client.failure('advance_workflow', { instance_id, report })).toMatchObject({
      error_code: 'DECISION_REQUIRED',
      message: expect.stringMatching(/next_step_name.*"take_train".*If it rains/),
      details: { current_step: 'choose_way', options },
    });
    expect(
      await client.failure('advance_workflow', { instance_id, report, next_step_name: 'take the trian' }),
    ).toMatchObject({ error_code: 'STEP_NOT_ALLOWED', details: { options } });
    expect((await client.answer('get_workflow_status', { instance_id })).revision).toBe(0);

    const train = await client.answer('advance_workflow', {
      instance_id,
      report,
      next_step_name: 'Take Train',
    });
    expect(train).toMatchObject({
      revision: 1,
      next_step: { step_name: 'take_train' },
      decision: { decider: 'client' },
      decision_request: { options: ['FINISH', 'choose_way'] },
    });
    // The transitions leave it open, and still bind the client.
    const late = { instance_id, report: { status: 'success', result: { late: true } } };
    expect(
      (await client.failure('advance_workflow', { ...late, next_step_name: 'ride_bike' })).error_code,
    ).toBe('STEP_NOT_ALLOWED');
    // Where they settle it, a wish is a wish.
    const missed = { instance_id, report: { status: 'success', result: { missed: true } } };
    const back = await client.answer('advance_workflow', { ...missed, next_step_name: 'FINISH' });
    expect(back).toMatchObject({
      next_step: { step_name: 'choose_way' },
      decision: { decider: 'transitions' },
    });
    const bike = await client.answer('advance_workflow', {
      instance_id,
      report,
      next_step_name: 'ride_bike',
    });
    expect(bike.decision_request).toBeUndefined();
  },
);

scenarioPerClient(
  'whatever the client believes, it is told where the run stands and what it may choose',
  ['resume-options', 'resume-answer-lost', 'resume-in-sync'],
  async (scratch, connect) => {
    await scratch.writeWorkflow(
      'ROUND',
      workflowFiles({ steps: { look_out: {}, walk_on: {}, sit_down: {}, go_home: {} } }),
    );
    const client = await scratch.connect(connect);
    const { instance_id } = await client.answer('start_workflow', { workflow_name: 'ROUND' });
    const go = (next_step_name: string) =>
      client.answer('advance_workflow', { instance_id, report: { status: 'success' }, next_step_name });
    await go('walk_on');
    const current = await go('sit_down');
    const resume = (assumed_current_step_name: string, rest: object = {}) =>
      client.answer('resume_workflow', { instance_id, assumed_current_step_name, ...rest });
    const report = { status: 'success' };

    const verdicts: readonly (readonly [Promise<Answer>, string])[] = [
      [resume('sit_down'), 'in_sync'],
      [resume('Sit down!'), 'in_sync'],
      [resume('walk_on'), 'answer_lost'],
      [resume('walk_on', { report }), 'answer_lost'],
      [resume('walk_on', { report: { status: 'failure' } }), 'client_behind'],
      [resume('look_out', { report }), 'client_behind'],
      [resume('go_home'), 'client_ahead'],
      [resume('the bakery'), 'diverged'],
    ];
    for (const [answering, verdict] of verdicts) {
      const answer = await answering;
      expect(answer).toMatchObject({
        status: 'RUNNING',
        revision: 2,
        step_token: current.step_token,
        next_step: current.next_step,
        decision_request: current.decision_request,
        reconciliation: { verdict, explanation: expect.stringContaining('sit_down') },
      });
    }
    const { entries } = await client.answer<HistoryPage>('get_workflow_history', { instance_id });
    expect(entries.filter(({ kind }) => kind === 'belief_checked')).toHaveLength(4);

    // In step, with a report: resuming reports it, and needs the choice that advancing would need.
    expect(
      await client.failure('resume_workflow', { instance_id, assumed_current_step_name: 'sit_down', report }),
    ).toMatchObject({ error_code: 'DECISION_REQUIRED' });
    expect(await resume('sit_down', { report, next_step_name: 'go_home' })).toMatchObject({
      revision: 3,
      next_step: { step_name: 'go_home' },
      decision: { decider: 'client' },
      reconciliation: { verdict: 'in_sync' },
    });
  },
);

scenarioPerClient(
  'a step visited too often suspends the run; resuming lets it go on',
  ['max-visits-suspends', 'resume-suspended'],
  async (scratch, connect) => {
    await scratch.writeWorkflow(
      'RETRY',
      workflowFiles({
        steps: {
          try_it: {
            frontMatter:
              'max_visits: 2\ntransitions: [{to: FINISH, when: report.status == "success"}, {to: try_it}]',
          },
        },
      }),
    );
    const client = await scratch.connect(connect);
    const { instance_id } = await client.answer('start_workflow', { workflow_name: 'RETRY' });
    const report = (status: string) =>
      client.callTool('advance_workflow', { instance_id, report: { status } });
    expect((await report('failure')).body).toMatchObject({ status: 'RUNNING', revision: 1 });
    expect((await report('failure')).body).toMatchObject({
      status: 'SUSPENDED',
      revision: 2,
      status_reason: expect.stringMatching(/try_it.*max_visits 2/),
      next_step: { step_name: 'try_it', instructions: expect.stringContaining('resume_workflow') },
    });
    expect((await report('success')).body as WireFailure).toMatchObject({
      error_code: 'INSTANCE_SUSPENDED',
      hint: expect.stringContaining('resume_workflow'),
    });
    const { instances } = await client.answer<InstancePage>('list_instances', { status: 'SUSPENDED' });
    expect(instances.map((instance) => instance.instance_id)).toEqual([instance_id]);
    expect(
      await client.answer('resume_workflow', { instance_id, assumed_current_step_name: 'try_it' }),
    ).toMatchObject({
      status: 'RUNNING',
      next_step: { instructions: 'Do try_it.' },
      reconciliation: { verdict: 'in_sync' },
    });
    expect((await report('success')).body).toMatchObject({ status: 'COMPLETED' });
  },
);

scenarioPerClient(
  'a report that does not fit its schema is refused with what is wrong, and nothing moves',
  ['report-schema-checked', 'templates-filled', 'finish-words'],
  async (scratch, connect) => {
    const schema = [
      'report_schema:',
      '  type: object',
      '  required: [count, colour]',
      '  properties: {count: {type: integer, minimum: 1}, colour: {enum: [red, blue]}}',
      'transitions: [{to: FINISH}]',
    ].join('\n');
    await scratch.writeWorkflow(
      'COUNT',
      workflowFiles({
        steps: {
          count_them: {
            frontMatter: schema,
            instructions: 'Count {{ context.what }} in {{ context.place.name }}.',
          },
          FINISH: { instructions: 'There are {{ context.count }} of {{context.what}}: {{ context.list }}.' },
        },
      }),
    );
    const client = await scratch.connect(connect);
    const started = await client.answer('start_workflow', {
      workflow_name: 'COUNT',
      context: { what: 'bees', place: { name: '{{ context.what }}' } },
    });
    // What is filled in is not looked at again.
    expect(started.next_step).toMatchObject({
      instructions: 'Count bees in {{ context.what }}.',
      report_schema: { required: ['count', 'colour'] },
    });
    const { instance_id, step_token } = started;
    const report = (result: unknown) => ({ instance_id, report: { status: 'success', result } });
    const refused = await client.failure('advance_workflow', report({ count: 0, colour: 'green' }));
    expect(refused.error_code).toBe('REPORT_INVALID');
    expect(refused.message).toMatch(/count.*colour|colour.*count/s);
    expect(
      (await client.failure('advance_workflow', { instance_id, report: { status: 'success' } })).error_code,
    ).toBe('REPORT_INVALID');
    expect(await client.answer('get_workflow_status', { instance_id })).toMatchObject({
      revision: 0,
      step_token,
    });

    const finished = await client.answer('advance_workflow', {
      ...report({ count: 3, colour: 'red' }),
      context_updates: { count: 3 },
    });
    expect(finished).toMatchObject({
      status: 'COMPLETED',
      next_step: { step_name: 'FINISH', instructions: 'There are 3 of bees: {{ context.list }}.' },
      missing_context: ['list'],
    });
  },
);

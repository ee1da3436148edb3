import { afterEach, describe, expect, test } from 'vitest';
import type { Definition } from '../../../src/domain/definition.ts';
import { Fault } from '../../../src/domain/errors.ts';
import type { AdvanceParams } from '../../../src/engine/advance.ts';
import {
  createTestEngine,
  definition,
  playedModel,
  step,
  type TestEngine,
  type TestEngineParams,
} from '../../support/test-engine.ts';

let open: TestEngine | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function start(params: TestEngineParams | Definition, context = {}) {
  open = await createTestEngine('definition' in params ? params : { definition: params });
  const started = await open.engine.start({ workflowName: 'TEST', context });
  return { ...open, id: started.instance_id, started };
}

async function faultOf(call: Promise<unknown>): Promise<Fault> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Fault) return error;
  throw new Error(`expected a fault, got ${String(error)}`);
}

const success = { status: 'success' };
const LINE = definition([
  step('one', { transitions: [{ to: 'two' }] }),
  step('two', { transitions: [{ to: 'one', when: 'report.status == "failure"' }, { to: 'three' }] }),
  step('three', { transitions: [{ to: 'FINISH' }] }),
]);
const LOOP = definition([
  step('poll', { transitions: [{ to: 'FINISH', when: 'has(report.done)' }, { to: 'poll' }] }),
]);

describe('start', () => {
  test('stands at the first step with its instructions filled in', async () => {
    const { started } = await start(
      definition([step('one', { instructions: 'Hello {{ context.who }}, {{ context.none }}' })]),
      { who: 'you' },
    );
    expect(started).toMatchObject({
      workflow_name: 'TEST',
      status: 'RUNNING',
      revision: 0,
      next_step: { step_name: 'one', instructions: 'Hello you, {{ context.none }}' },
      missing_context: ['none'],
      current_context: { who: 'you' },
    });
  });

  test('with the same request_id starts one run, with another context is refused', async () => {
    const { engine } = await start(LINE);
    const call = { workflowName: 'TEST', context: { a: 1 }, requestId: 'r1' };
    const [one, two] = await Promise.all([engine.start(call), engine.start(call)]);
    expect(two.instance_id).toBe(one.instance_id);
    expect([one, two].filter((answer) => answer.replayed)).toHaveLength(1);
    expect((await faultOf(engine.start({ ...call, context: { a: 2 } }))).code).toBe('REQUEST_ID_REUSED');
    expect((await engine.listInstances({})).instances).toHaveLength(2);
  });

  test('refuses a context that does not fit the inputs, and an unknown workflow', async () => {
    const inputs = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
    open = await createTestEngine({ definition: definition([step('one')], { inputs }) });
    const fault = await faultOf(open.engine.start({ workflowName: 'TEST', context: { n: 'x' } }));
    expect(fault).toMatchObject({ code: 'INPUTS_INVALID' });
    expect(fault.message).toContain('integer');
    expect(await faultOf(open.engine.start({ workflowName: 'NOPE' }))).toMatchObject({
      code: 'WORKFLOW_NOT_FOUND',
      hint: expect.stringContaining('TEST'),
    });
    expect((await open.engine.listInstances({})).instances).toEqual([]);
  });
});

describe('declared transitions', () => {
  test('lead from start to FINISH, the first true one winning, with no model asked', async () => {
    const model = playedModel(() => Promise.reject(new Error('asked')));
    const { engine, id } = await start({ definition: LINE, model });
    const path = [];
    for (const status of ['success', 'failure', 'success', 'success', 'success']) {
      const answer = await engine.advance({ instanceId: id, report: { status } });
      path.push(answer.next_step.step_name);
    }
    expect(path).toEqual(['two', 'one', 'two', 'three', 'FINISH']);
    expect(await engine.status({ instanceId: id })).toMatchObject({
      status: 'COMPLETED',
      next_step: { instructions: 'Workflow complete.' },
    });
    expect(model.asked).toEqual([]);
  });

  test('see what the client just put into the context', async () => {
    const { engine, id } = await start(
      definition([step('one', { transitions: [{ to: 'FINISH', when: 'context.n >= 3' }, { to: 'one' }] })]),
    );
    const answer = await engine.advance({ instanceId: id, report: success, contextUpdates: { n: 3 } });
    expect(answer.status).toBe('COMPLETED');
  });

  test('that cannot be evaluated are not true, and the answer says so', async () => {
    const { engine, id } = await start(
      definition([
        step('one', { transitions: [{ to: 'FINISH', when: 'report.result.n > 1' }, { to: 'one' }] }),
      ]),
    );
    const answer = await engine.advance({ instanceId: id, report: success });
    expect(answer.next_step.step_name).toBe('one');
    expect(answer.decision?.reasoning).toContain('`report.result.n > 1` could not be evaluated');
  });

  test('limit the client where none is true', async () => {
    const steps = [
      step('one', { transitions: [{ to: 'two', when: 'report.status == "failure"' }] }),
      step('two'),
      step('three'),
    ];
    const { engine, id, started } = await start(definition(steps));
    expect(started.decision_request).toEqual({ guidance: 'Decide after one.', options: ['two'] });
    expect(
      await faultOf(engine.advance({ instanceId: id, report: success, nextStepName: 'three' })),
    ).toMatchObject({
      code: 'STEP_NOT_ALLOWED',
      details: { options: ['two'] },
    });
    expect(
      (await engine.advance({ instanceId: id, report: success, nextStepName: 'Two' })).next_step.step_name,
    ).toBe('two');
  });
});

describe('the client as decider', () => {
  test('is asked with every answer, and refused until it chooses', async () => {
    const { engine, id, started } = await start(definition([step('one'), step('two')]));
    expect(started.decision_request).toEqual({
      guidance: 'Decide after one.',
      options: ['one', 'two', 'FINISH'],
    });
    const fault = await faultOf(engine.advance({ instanceId: id, report: success }));
    expect(fault).toMatchObject({
      code: 'DECISION_REQUIRED',
      details: { options: ['one', 'two', 'FINISH'] },
    });
    expect(await engine.status({ instanceId: id })).toMatchObject({ revision: 0 });
    const answer = await engine.advance({ instanceId: id, report: success, nextStepName: 'FINISH' });
    expect(answer).toMatchObject({ status: 'COMPLETED', decision: { decider: 'client' } });
    expect(answer.decision_request).toBeUndefined();
  });
});

describe('a repeated advance', () => {
  test.each([
    ['its request_id', { requestId: 'r' }],
    ['its step_token', { stepToken: 'token-1' }],
    ['the step that it reports on', { report: { ...success, step_id: 'one' } }],
  ])('is known by %s, in sequence and at once', async (_by, key) => {
    const { engine, id } = await start(LINE);
    const call = { instanceId: id, report: success, contextUpdates: { n: 1 }, ...key };
    const [one, two] = await Promise.all([engine.advance(call), engine.advance(call)]);
    const three = await engine.advance(call);
    expect(one.replayed).toBeUndefined();
    expect(two).toEqual({ ...one, replayed: true });
    expect(three).toEqual({ ...one, replayed: true });
    expect((await engine.history({ instanceId: id })).entries.map(({ kind }) => kind)).toEqual([
      'started',
      'advanced',
    ]);
  });

  test('by request_id gets its own answer again after the run went on', async () => {
    const { engine, id } = await start(LINE);
    const first = await engine.advance({
      instanceId: id,
      report: success,
      requestId: 'r',
      contextUpdates: { n: 1 },
    });
    await engine.advance({ instanceId: id, report: success, contextUpdates: { n: 2 } });
    expect(await engine.advance({ instanceId: id, report: success, requestId: 'r' })).toEqual({
      ...first,
      replayed: true,
    });
    expect(
      await faultOf(engine.advance({ instanceId: id, report: { status: 'failure' }, requestId: 'r' })),
    ).toMatchObject({
      code: 'REQUEST_ID_REUSED',
    });
  });

  test('gets its own answer again after any number of later steps: context, visits, status and all', async () => {
    const steps = [
      step('a', { transitions: [{ to: 'b' }] }),
      step('b', { maxVisits: 3, transitions: [{ to: 'a' }] }),
    ];
    const { engine, id } = await start(definition(steps), { n: 0 });
    const answers = [];
    for (let n = 1; n <= 8; n++) {
      const call = {
        instanceId: id,
        report: success,
        contextUpdates: { n, [`k${n % 3}`]: n },
        requestId: `r${n}`,
      };
      const answer = await engine.advance(call);
      answers.push({ call, answer });
      if (answer.status === 'SUSPENDED') await engine.resume({ instanceId: id, assumedCurrentStepName: 'b' });
    }
    expect(answers.map(({ answer }) => answer.next_step.visit)).toEqual([undefined, 2, 2, 3, 3, 4, 4, 5]);
    for (const { call, answer } of answers)
      expect(await engine.advance(call)).toEqual({ ...answer, replayed: true });
  });

  test('at once in two processes is one transition', async () => {
    const { engine, second, id } = await start(LINE);
    const other = await second();
    const call = { instanceId: id, report: success, stepToken: 'token-1' };
    const answers = await Promise.all([engine.advance(call), other.advance(call)]);
    expect(answers.filter((answer) => answer.replayed)).toHaveLength(1);
    expect(answers.map(({ revision, step_token }) => [revision, step_token])).toEqual([
      [1, answers[0]?.step_token],
      [1, answers[0]?.step_token],
    ]);
  });

  test('asks the model once', async () => {
    const model = playedModel(async () => ({
      nextStepName: 'two',
      updatedContext: [{ key: 'd', value: 1 }],
      reasoning: 'so',
    }));
    const { engine, id } = await start({ definition: definition([step('one'), step('two')]), model });
    const call = { instanceId: id, report: success, requestId: 'r' };
    const answers = await Promise.all([engine.advance(call), engine.advance(call), engine.advance(call)]);
    expect(model.asked).toHaveLength(1);
    expect(answers.map(({ current_context }) => current_context)).toEqual([{ d: 1 }, { d: 1 }, { d: 1 }]);
  });

  test('is told from news in a step that leads to itself by its token or its key', async () => {
    const { engine, id, started } = await start(LOOP);
    const report = { ...success, step_id: 'poll' };
    const advance = (key: object) => engine.advance({ instanceId: id, report, ...key });
    const first = await advance({ stepToken: started.step_token });
    const second = await advance({ stepToken: first.step_token });
    expect(second.revision).toBe(2);
    expect(await advance({ stepToken: first.step_token })).toEqual({ ...second, replayed: true });
    expect(await advance({})).toEqual({ ...second, replayed: true });
    expect((await advance({ requestId: 'new' })).revision).toBe(3);
    expect((await engine.advance({ instanceId: id, report: success })).revision).toBe(4);
  });
});

describe('a stale advance', () => {
  test('names the current step and its token', async () => {
    const { engine, id } = await start(LINE);
    const moved = await engine.advance({ instanceId: id, report: success });
    const calls: readonly Omit<AdvanceParams, 'instanceId'>[] = [
      { report: { status: 'failure' }, stepToken: 'token-1' },
      { report: { status: 'failure', step_id: 'one' } },
      { report: success, stepToken: 'garbage' },
      { report: success, stepToken: 'token-1', contextUpdates: { other: true } },
      { report: { ...success, step_id: 'three' }, stepToken: moved.step_token },
    ];
    for (const call of calls) {
      expect(await faultOf(engine.advance({ instanceId: id, ...call }))).toMatchObject({
        code: 'STALE_STEP',
        details: { current_step: 'two', step_token: moved.step_token },
      });
    }
    expect((await engine.status({ instanceId: id })).revision).toBe(1);
  });

  test('is every racing report but one', async () => {
    const { engine, second, id } = await start(LINE);
    const engines = [engine, await second()];
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) =>
        engines[n % 2]?.advance({ instanceId: id, report: { ...success, message: `${n}` } }),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'STALE_STEP' });
  });
});

describe('what is checked first', () => {
  test('a report that does not fit the schema, and what is too large', async () => {
    const reportSchema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };
    const { engine, id } = await start({
      definition: definition([step('one', { reportSchema, transitions: [{ to: 'FINISH' }] })]),
      limits: { reportBytesMax: 100, contextUpdateBytesMax: 50, contextBytesMax: 60, jsonDepthMax: 5 },
    });
    const advance = (report: object, contextUpdates?: { [key: string]: string }) =>
      engine.advance({ instanceId: id, report: { status: 'success', ...report }, contextUpdates });
    expect(await faultOf(advance({ result: { ok: 1 } }))).toMatchObject({
      code: 'REPORT_INVALID',
      details: { report_schema: reportSchema },
    });
    expect(await faultOf(advance({}))).toMatchObject({ code: 'REPORT_INVALID' });
    expect(await faultOf(advance({ message: 'x'.repeat(100) }))).toMatchObject({
      code: 'TOO_LARGE',
      details: { what: 'The report' },
    });
    expect(await faultOf(advance({ result: { ok: true, deep: [[[[1]]]] } }))).toMatchObject({
      code: 'TOO_LARGE',
    });
    expect(await faultOf(advance({ result: { ok: true } }, { k: 'x'.repeat(60) }))).toMatchObject({
      code: 'TOO_LARGE',
    });
    expect(await engine.status({ instanceId: id })).toMatchObject({ revision: 0, status: 'RUNNING' });
    expect(await advance({ status: 'failure' })).toMatchObject({ status: 'COMPLETED' });
  });
});

describe('a decision that fails', () => {
  test('moves nothing, is noted in history, and the same key may be tried again', async () => {
    let broken = true;
    const model = playedModel(async () => {
      if (broken) throw new Fault('AI_TIMEOUT', 'The model did not answer.');
      return { nextStepName: 'two', updatedContext: [] };
    });
    const { engine, id } = await start({ definition: definition([step('one'), step('two')]), model });
    const call = { instanceId: id, report: success, requestId: 'r' };
    expect(await faultOf(engine.advance(call))).toMatchObject({ code: 'AI_TIMEOUT', retryable: true });
    expect(await engine.status({ instanceId: id })).toMatchObject({
      revision: 0,
      step_token: 'token-1',
      status: 'RUNNING',
    });
    broken = false;
    expect(await engine.advance(call)).toMatchObject({ revision: 1, next_step: { step_name: 'two' } });
    expect((await engine.history({ instanceId: id })).entries).toMatchObject([
      { kind: 'started' },
      { kind: 'decision_failed', revision: 0, detail: { error_code: 'AI_TIMEOUT' } },
      { kind: 'advanced', revision: 1 },
    ]);
  });

  test('by cancelling leaves the instance alone, whether it waits for its turn or for the model', async () => {
    const model = playedModel(
      (_request, options) =>
        new Promise((_resolve, reject) => {
          options?.signal?.addEventListener('abort', () => reject(new Fault('CANCELLED', 'gone')));
        }),
    );
    const { engine, id } = await start({ definition: definition([step('one')]), model });
    const [first, second] = [new AbortController(), new AbortController()];
    const calls = [first, second].map((controller, n) =>
      faultOf(
        engine.advance(
          { instanceId: id, report: { ...success, message: `${n}` } },
          { signal: controller.signal },
        ),
      ),
    );
    await expect.poll(() => model.asked.length).toBe(1);
    second.abort();
    expect(await calls[1]).toMatchObject({ code: 'CANCELLED' });
    first.abort();
    expect(await calls[0]).toMatchObject({ code: 'CANCELLED' });
    expect((await engine.history({ instanceId: id })).entries).toHaveLength(1);
  });
});

describe('a loop with max_visits', () => {
  const LIMITED = definition([
    step('try', {
      maxVisits: 2,
      transitions: [{ to: 'FINISH', when: 'report.status == "success"' }, { to: 'try' }],
    }),
  ]);

  test('suspends at one visit more, goes on when resumed, and counts on', async () => {
    const { engine, id } = await start(LIMITED);
    const fail = () => engine.advance({ instanceId: id, report: { status: 'failure' } });
    expect((await fail()).status).toBe('RUNNING');
    const suspended = await fail();
    expect(suspended).toMatchObject({
      status: 'SUSPENDED',
      revision: 2,
      status_reason: expect.stringContaining('max_visits 2'),
    });
    expect(suspended.next_step.instructions).toContain('resume_workflow');
    expect(await faultOf(fail())).toMatchObject({ code: 'INSTANCE_SUSPENDED' });
    const resumed = await engine.resume({ instanceId: id, assumedCurrentStepName: 'try' });
    expect(resumed).toMatchObject({ status: 'RUNNING', revision: 3, next_step: { instructions: 'Do try.' } });
    expect((await fail()).status).toBe('SUSPENDED');
  });
});

describe('a finished run', () => {
  test('gives its final answer again, and cannot be cancelled any more', async () => {
    const { engine, id } = await start(LINE);
    await engine.cancel({ instanceId: id, reason: 'enough' });
    const final = await engine.advance({ instanceId: id, report: success });
    expect(final).toMatchObject({ status: 'CANCELLED', status_reason: 'enough', revision: 1 });
    expect(await engine.cancel({ instanceId: id })).toEqual(final);
    expect(await engine.resume({ instanceId: id, assumedCurrentStepName: 'one' })).toEqual(final);
    expect((await engine.history({ instanceId: id })).entries).toHaveLength(2);
  });

  test('may be cancelled while a model is being asked', async () => {
    let release = () => {};
    const model = playedModel(
      () =>
        new Promise((resolve) => {
          release = () => resolve({ nextStepName: 'one', updatedContext: [] });
        }),
    );
    const { engine, id } = await start({ definition: definition([step('one')]), model });
    const advancing = engine.advance({ instanceId: id, report: success });
    await expect.poll(() => model.asked.length).toBe(1);
    await engine.cancel({ instanceId: id });
    release();
    expect(await advancing).toMatchObject({ status: 'CANCELLED', revision: 1 });
  });
});

describe('a status suggestion', () => {
  test('fails or suspends the run with the reason', async () => {
    const model = playedModel(async () => ({
      nextStepName: 'two',
      updatedContext: [],
      statusSuggestion: 'SUSPENDED',
      reasoning: 'ask first',
    }));
    const { engine, id } = await start({ definition: definition([step('one'), step('two')]), model });
    expect(await engine.advance({ instanceId: id, report: success })).toMatchObject({
      status: 'SUSPENDED',
      status_reason: 'ask first',
      next_step: { step_name: 'two' },
    });
    model.play = async () => ({
      nextStepName: 'FINISH',
      updatedContext: [],
      statusSuggestion: 'FAILED',
      reasoning: 'hopeless',
    });
    await engine.resume({ instanceId: id, assumedCurrentStepName: 'two' });
    expect(await engine.advance({ instanceId: id, report: success })).toMatchObject({
      status: 'FAILED',
      next_step: { step_name: 'FINISH', instructions: 'This run failed. hopeless' },
    });
  });
});

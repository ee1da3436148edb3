import { afterEach, describe, expect, test } from 'vitest';
import type { Definition } from '../../../src/domain/definition.ts';
import { Fault } from '../../../src/domain/errors.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { Answer } from '../../../src/engine/answer.ts';
import type { Store } from '../../../src/store/store.ts';
import {
  type FakeComposer,
  fakeComposer,
  returningComposer,
  untilStopped,
} from '../../support/fake-composer.ts';
import { faultOf } from '../../support/fault-of.ts';
import {
  createTestEngine,
  definition,
  playedModel,
  step,
  type TestEngine,
  type TestEngineParams,
} from '../../support/test-engine.ts';
import { until } from '../../support/until.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';

let open: TestEngine | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

interface StartedParams extends TestEngineParams {
  readonly composer: FakeComposer;
}

async function started(params: StartedParams, context: JsonObject = {}) {
  open = await createTestEngine(params);
  const answer = await open.engine.start({ workflowName: 'TEST', context });
  const { instance_id: id } = answer;
  const { engine } = open;
  return {
    ...open,
    composer: params.composer,
    answer,
    id,
    entries: async () => (await engine.history({ instanceId: id })).entries,
    kinds: async () => (await engine.history({ instanceId: id })).entries.map(({ kind }) => kind),
  };
}

const success = { status: 'success' };
const to = (name: string) => [{ to: name }];
/** A script that returns this. */
const returning = (value: unknown) => JSON.stringify(value);
const script = (name: string, code: string, extra: Parameters<typeof step>[1] = {}) =>
  step(name, { instructions: '', script: code, ...extra });

/** A step of the client, a step of the server, and one of the client again. */
const SANDWICH = definition([
  step('ask', { transitions: to('count') }),
  script('count', returning({ status: 'success', result: 2, context_updates: { counted: 2 } }), {
    transitions: [{ to: 'failed', when: 'report.status == "failure"' }, { to: 'tell' }],
  }),
  step('tell', { instructions: 'Tell {{ context.counted }}.', transitions: to('FINISH') }),
  step('failed', { transitions: to('FINISH') }),
]);
const ASKED = { report: success, contextUpdates: { asked: true } };

describe('a script step', () => {
  test('is carried out before the client is answered, and its report is a transition of its own', async () => {
    const { engine, id, composer, entries } = await started({
      definition: SANDWICH,
      composer: returningComposer(),
    });
    const report = { ...success, result: ['a', 'b'] };
    const answer = await engine.advance({ instanceId: id, report, contextUpdates: { asked: true } });
    expect(answer).toMatchObject({
      status: 'RUNNING',
      revision: 2,
      next_step: { step_name: 'tell', instructions: 'Tell 2.' },
      current_context: { asked: true, counted: 2 },
      decision: { decider: 'transitions', reasoning: 'No condition is true, so the default applies.' },
    });
    expect(answer.missing_context).toBeUndefined();
    expect(composer.executions).toMatchObject([
      { runId: `step:${id}:1`, constants: { context: { asked: true }, report } },
    ]);
    expect((await entries()).slice(1)).toMatchObject([
      { kind: 'advanced', step_name: 'ask', revision: 1, determined_next_step: 'count' },
      {
        kind: 'advanced',
        step_name: 'count',
        revision: 2,
        user_report: { status: 'success', result: 2 },
        outcome_status: 'success',
        context_updates: { counted: 2 },
        detail: { script_run_id: `step:${id}:1`, in_row: 1 },
        determined_next_step: 'tell',
      },
    ]);
  });

  test('may be the first one', async () => {
    const first = [script('one', returning(1), { transitions: to('two') }), step('two')];
    const { answer, composer, kinds } = await started(
      { definition: definition(first), composer: returningComposer() },
      { a: 1 },
    );
    expect(answer).toMatchObject({
      revision: 1,
      next_step: { step_name: 'two' },
      decision: { decider: 'transitions' },
    });
    expect(composer.executions[0]?.constants).toEqual({ context: { a: 1 }, report: null });
    expect(await kinds()).toEqual(['started', 'advanced']);
  });

  test('may follow another one: what one has reported is what the next one is given', async () => {
    const steps = [
      script('one', returning('first'), { transitions: to('two') }),
      script('two', returning({ status: 'success', context_updates: { done: true } }), {
        transitions: to('FINISH'),
      }),
    ];
    const { answer, composer, entries } = await started({
      definition: definition(steps),
      composer: returningComposer(),
    });
    expect(answer).toMatchObject({ status: 'COMPLETED', revision: 2, current_context: { done: true } });
    expect(composer.executions.map(({ constants }) => constants?.report)).toEqual([
      null,
      { status: 'success', result: 'first' },
    ]);
    expect((await entries()).map(({ detail }) => detail?.in_row)).toEqual([undefined, 1, 2]);
  });

  test('that fails is reported as a failure, and its transitions say where that leads', async () => {
    const error = { name: 'TypeError', message: 'x is not a function', line: 2, column: 5 };
    const composer = fakeComposer(() => ({ status: 'failed', error, output: 'one\n' }));
    const { engine, id, entries } = await started({ definition: SANDWICH, composer });
    const answer = await engine.advance({ instanceId: id, ...ASKED });
    expect(answer.next_step.step_name).toBe('failed');
    expect((await entries()).at(-1)?.user_report).toEqual({
      status: 'failure',
      error: { name: 'TypeError', message: 'x is not a function', line: 2 },
      output: 'one\n',
    });
  });

  test('that fails after it has written much is reported without that', async () => {
    const error = { name: 'Error', message: 'the real reason' };
    const composer = fakeComposer(() => ({ status: 'failed', error, output: '\u0001'.repeat(100) }));
    const limits = { reportBytesMax: 500 };
    const { engine, id, entries } = await started({ definition: SANDWICH, composer, limits });
    expect(await engine.advance({ instanceId: id, ...ASKED })).toMatchObject({
      failed_scripts: [{ step_name: 'count', error: 'Error: the real reason' }],
    });
    expect((await entries()).at(-1)?.user_report).toEqual({ status: 'failure', error });
  });

  test('asks nobody about a tool, and says so', async () => {
    const { composer } = await started({ definition: SANDWICH, composer: fakeComposer(() => ({})) });
    await open?.engine.advance({ instanceId: 'instance-1', ...ASKED });
    const asking = composer.executions[0]?.confirm?.({ server: 'mail', tool: 'send', args: {} });
    expect(await faultOf(asking ?? Promise.resolve())).toMatchObject({
      code: 'NOT_ALLOWED',
      message: expect.stringMatching(/send of the server mail .*nobody is asked in the steps of a workflow/),
    });
  });

  test.each([
    ['TOO_LARGE', new Fault('TOO_LARGE', 'The set of constants is too large.')],
    ['INVALID_ARGUMENT', new Fault('INVALID_ARGUMENT', 'The script cannot be read.')],
  ])('that is refused with %s has failed', async (code, fault) => {
    const composer = fakeComposer(() => Promise.reject(fault));
    const { engine, id, entries } = await started({ definition: SANDWICH, composer });
    expect((await engine.advance({ instanceId: id, ...ASKED })).next_step.step_name).toBe('failed');
    expect((await entries()).at(-1)?.user_report?.error).toEqual({ name: code, message: fault.message });
  });

  test.each<[string, JsonObject, RegExp]>([
    ['its report_schema', { status: 'success', result: { n: 'two' } }, /report_schema of "count": .*integer/],
    ['its report_schema, for there is no result', { status: 'success' }, /`result` is missing/],
    [
      'the limit of a report',
      { status: 'success', result: { n: 1 }, note: 'x'.repeat(400) },
      /The report has \d+ bytes/,
    ],
    [
      'the limit of updates',
      { status: 'success', result: { n: 1 }, context_updates: { s: 'x'.repeat(120) } },
      /context_updates has/,
    ],
    [
      'the limit of the context',
      { status: 'success', result: { n: 1 }, context_updates: { s: 'x'.repeat(60) } },
      /The context has/,
    ],
    ['what can be kept', { status: 'a\0b', result: { n: 1 } }, /NUL|cannot/],
  ])('whose report does not fit %s has failed, and says why', async (_what, value, message) => {
    const reportSchema = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } };
    const steps = SANDWICH.steps.map((each) =>
      each.name === 'count' ? { ...each, script: returning(value), reportSchema } : each,
    );
    const { engine, id, entries } = await started({
      definition: definition(steps),
      composer: returningComposer(),
      limits: { reportBytesMax: 350, contextUpdateBytesMax: 100, contextBytesMax: 75 },
    });
    const answer = await engine.advance({ instanceId: id, ...ASKED });
    expect(answer).toMatchObject({ next_step: { step_name: 'failed' }, current_context: { asked: true } });
    const last = (await entries()).at(-1);
    expect(last?.user_report).toMatchObject({
      status: 'failure',
      error: { message: expect.stringMatching(message) },
    });
    expect(last?.context_updates).toBeUndefined();
  });

  test('in a circle suspends the run after a hundred, and after as many again', async () => {
    const steps = [
      step('start', { transitions: to('odd') }),
      script('odd', '1', { transitions: to('even') }),
      script('even', '2', { transitions: to('odd') }),
    ];
    const { engine, id, composer } = await started({
      definition: definition(steps),
      composer: returningComposer(),
    });
    const call = { instanceId: id, report: success, stepToken: 'token-1', requestId: 'r' };
    const answer = await engine.advance(call);
    expect(answer).toMatchObject({
      status: 'SUSPENDED',
      revision: 102,
      status_reason: expect.stringContaining('100 script steps'),
      next_step: { step_name: 'odd', instructions: expect.stringContaining('resume_workflow') },
    });
    expect(composer.executions).toHaveLength(100);
    const visits = answer.next_step.visit;
    expect(await engine.advance(call)).toEqual({ ...answer, replayed: true });
    const { reconciliation, ...more } = await engine.resume({
      instanceId: id,
      assumedCurrentStepName: 'odd',
    });
    expect(more).toMatchObject({
      status: 'SUSPENDED',
      revision: 204,
      next_step: { visit: (visits ?? 0) + 50 },
    });
    expect(await engine.advance(call)).toEqual({ ...answer, replayed: true });
    const kinds = (await engine.recentHistory({ instanceId: id, limit: 200 })).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind !== 'advanced')).toEqual(['suspended', 'resumed', 'suspended']);
  });
});

describe('a repeat of the call before a script', () => {
  test.each([
    ['its request_id', { requestId: 'r' }],
    ['its step_token', { stepToken: 'token-1' }],
    ['the step that it reports on', { report: { ...success, step_id: 'ask' } }],
  ])('gets the same answer, known by %s', async (_by, key) => {
    const { engine, id, composer, kinds } = await started({
      definition: SANDWICH,
      composer: returningComposer(),
    });
    const call = { instanceId: id, ...ASKED, ...key };
    const [one, two] = await Promise.all([engine.advance(call), engine.advance(call)]);
    const three = await engine.advance(call);
    expect(one).toMatchObject({ revision: 2, next_step: { step_name: 'tell' } });
    expect([two, three]).toEqual([
      { ...one, replayed: true },
      { ...one, replayed: true },
    ]);
    expect(composer.executions).toHaveLength(1);
    expect(await kinds()).toEqual(['started', 'advanced', 'advanced']);
  });

  test('gets it after any number of later steps, by its request_id', async () => {
    const steps = [
      step('ask', { transitions: to('count') }),
      script('count', returning({ status: 'success', context_updates: { counted: 1 } }), {
        transitions: to('ask'),
      }),
    ];
    const { engine, id } = await started({ definition: definition(steps), composer: returningComposer() });
    const answers = [];
    for (let n = 1; n <= 4; n++) {
      const call = { instanceId: id, report: success, contextUpdates: { n }, requestId: `r${n}` };
      answers.push({ call, answer: await engine.advance(call) });
    }
    expect(answers.map(({ answer }) => answer.next_step.visit)).toEqual([2, 3, 4, 5]);
    for (const { call, answer } of answers)
      expect(await engine.advance(call)).toEqual({ ...answer, replayed: true });
  });

  test('gets the answer of a start', async () => {
    const steps = [
      script('one', '1', { transitions: to('two') }),
      step('two', { transitions: to('FINISH') }),
    ];
    const { engine, composer } = await started({
      definition: definition(steps),
      composer: returningComposer(),
    });
    const call = { workflowName: 'TEST', requestId: 'r' };
    const [one, two] = await Promise.all([engine.start(call), engine.start(call)]);
    const [first, second] = one.replayed ? [two, one] : [one, two];
    expect(first).toMatchObject({ revision: 1, next_step: { step_name: 'two' } });
    expect(second).toEqual({ ...first, replayed: true });
    await engine.advance({ instanceId: first.instance_id, report: success });
    expect(await engine.start(call)).toEqual({ ...first, replayed: true });
    expect(composer.executions).toHaveLength(2);
  });

  test('from another process, while the script runs, is told to come again', async () => {
    const script = deferred();
    const composer = fakeComposer(() => script.ended.then(() => ({ result: 1 })));
    const { engine, second, id } = await started({ definition: SANDWICH, composer });
    const other = await second();
    const call = { instanceId: id, ...ASKED, stepToken: 'token-1' };
    const first = engine.advance(call);
    await script.begun(composer);
    expect(await faultOf(other.advance(call))).toMatchObject({
      code: 'RUN_IN_PROGRESS',
      retryable: true,
      hint: expect.stringContaining('Send the same call again'),
    });
    script.end();
    const answer = await first;
    expect(await other.advance(call)).toEqual({ ...answer, replayed: true });
  });

  test('from another process, which records the report first: both get the same answer', async () => {
    const answers: Answer[] = [];
    let beforeSecond = async () => {};
    const { engine, second, id, composer } = await started({
      definition: SANDWICH,
      composer: returningComposer(),
      wrapStore: onCommit(2, () => beforeSecond()),
    });
    const call = { instanceId: id, ...ASKED, stepToken: 'token-1' };
    const other = await second();
    beforeSecond = async () => void answers.push(await other.advance(call));
    const answer = await engine.advance(call);
    expect(answers).toEqual([{ ...answer, replayed: true }]);
    expect(answer).toMatchObject({ revision: 2, decision: { decider: 'transitions' } });
    expect(composer.executions).toHaveLength(1);
  });

  test('in two processes at once is one transition each', async () => {
    const { engine, second, id, composer, kinds } = await started({
      definition: SANDWICH,
      composer: returningComposer(),
    });
    const other = await second();
    const call = { instanceId: id, ...ASKED, stepToken: 'token-1' };
    const settle = async (by: typeof engine) => {
      for (;;) {
        const answer = await by.advance(call).catch((error: Fault) => error);
        if (!(answer instanceof Fault)) return answer;
        expect(answer.code).toBe('RUN_IN_PROGRESS');
      }
    };
    const answers = await Promise.all([settle(engine), settle(other)]);
    expect(answers.map(({ revision, step_token }) => [revision, step_token])).toEqual([
      [2, answers[0]?.step_token],
      [2, answers[0]?.step_token],
    ]);
    expect(composer.executions).toHaveLength(1);
    expect(await kinds()).toEqual(['started', 'advanced', 'advanced']);
  });
});

/** A script that ends when it is told to. */
function deferred() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    ended,
    end: () => end(),
    async begun(composer: FakeComposer, times = 1): Promise<void> {
      while (composer.executions.length < times) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** A store whose caller is cut off at the nth commit: before it is made, or before anyone hears of it. */
function cutOff(at: number, when: 'before' | 'after') {
  let commits = 0;
  return (store: Store): Store => ({
    ...store,
    async commitTransition(params) {
      commits += 1;
      if (commits === at && when === 'before') throw new Fault('STORAGE_UNAVAILABLE', 'Cut off.');
      const outcome = await store.commitTransition(params);
      if (commits === at) throw new Fault('STORAGE_UNAVAILABLE', 'Cut off.');
      return outcome;
    },
  });
}

/** A store on which something else happens just before the nth commit. */
function onCommit(at: number, happen: () => Promise<unknown>) {
  let commits = 0;
  return (store: Store): Store => ({
    ...store,
    async commitTransition(params) {
      commits += 1;
      if (commits === at) await happen();
      return store.commitTransition(params);
    },
  });
}

describe('a crash', () => {
  const call = { ...ASKED, stepToken: 'token-1' };
  const END = { revision: 2, next_step: { step_name: 'tell' }, current_context: { asked: true, counted: 2 } };

  test.each(['before', 'after'] as const)(
    'between the end of a script and its commit, %s that: the repeat goes on, and the script is not run again',
    async (when) => {
      const { engine, second, id, composer, kinds } = await started({
        definition: SANDWICH,
        composer: returningComposer(),
        wrapStore: cutOff(2, when),
      });
      expect(await faultOf(engine.advance({ instanceId: id, ...call }))).toMatchObject({ retryable: true });
      const other = await second();
      const answer = await other.advance({ instanceId: id, ...call });
      expect(answer).toMatchObject({ ...END, replayed: true, decision: { decider: 'transitions' } });
      expect(composer.executions).toHaveLength(1);
      expect(await kinds()).toEqual(['started', 'advanced', 'advanced']);
      expect(await engine.advance({ instanceId: id, ...call })).toEqual(answer);
    },
  );

  test('in the middle of a script: the repeat goes on under the same run id, with the same constants', async () => {
    const composer = fakeComposer(() => Promise.reject(new Fault('STORAGE_UNAVAILABLE', 'Cut off.')));
    const { engine, second, id } = await started({ definition: SANDWICH, composer });
    expect(await faultOf(engine.advance({ instanceId: id, ...call }))).toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      retryable: true,
      hint: expect.stringContaining('"count"'),
    });
    composer.play = () => ({ result: { status: 'success', context_updates: { counted: 2 } } });
    const other = await second();
    expect(await other.advance({ instanceId: id, ...call })).toMatchObject({ ...END, replayed: true });
    const [one, two] = composer.executions;
    expect({ ...two, signal: undefined }).toEqual({ ...one, signal: undefined });
  });

  async function atCount(extra: Partial<StartedParams> = {}) {
    const composer = fakeComposer(() => Promise.reject(new Fault('STORAGE_UNAVAILABLE', 'Cut off.')));
    const run = await started({ definition: SANDWICH, composer, ...extra });
    await faultOf(run.engine.advance({ instanceId: run.id, ...call }));
    composer.play = () => ({ result: { status: 'success', context_updates: { counted: 2 } } });
    return { ...run, composer };
  }

  test('is seen by status, which runs nothing', async () => {
    const reportSchema = { type: 'object' };
    const steps = SANDWICH.steps.map((each) => (each.name === 'count' ? { ...each, reportSchema } : each));
    const { engine, id, composer } = await atCount({ definition: definition(steps) });
    const answer = await engine.status({ instanceId: id });
    expect(answer).toMatchObject({
      status: 'RUNNING',
      revision: 1,
      next_step: {
        step_name: 'count',
        instructions: expect.stringMatching(/server carries out "count".*resume_workflow/s),
      },
    });
    expect(answer.next_step.report_schema).toBeUndefined();
    expect(composer.executions).toHaveLength(1);
  });

  test.each([
    ['as status told it to', { assumedCurrentStepName: 'count' }, 'in_sync'],
    ['from what it did last', { assumedCurrentStepName: 'ask', report: success }, 'answer_lost'],
    ['with no idea', { assumedCurrentStepName: 'nowhere' }, 'diverged'],
  ])('is got over by resume, %s', async (_how, belief, verdict) => {
    const { engine, id, composer, kinds } = await atCount();
    const answer = await engine.resume({ instanceId: id, ...belief });
    expect(answer).toMatchObject({ ...END, reconciliation: { verdict } });
    expect(composer.executions).toHaveLength(2);
    expect((await kinds()).filter((kind) => kind !== 'belief_checked')).toEqual([
      'started',
      'advanced',
      'advanced',
    ]);
  });

  test('is got over by resume without asking a model, and updates count when the script is done', async () => {
    const model = playedModel(() => Promise.reject(new Error('asked')));
    const { engine, id, composer } = await atCount({ model });
    const call = {
      instanceId: id,
      assumedCurrentStepName: 'count',
      contextUpdates: { more: 1 },
      requestId: 'q',
    };
    const answer = await engine.resume(call);
    expect(answer).toMatchObject({
      revision: 3,
      current_context: { asked: true, counted: 2, more: 1 },
      next_step: { step_name: 'tell' },
      reconciliation: { verdict: 'in_sync' },
    });
    expect(composer.executions[1]?.constants?.context).toEqual({ asked: true });
    const { replayed, ...again } = await engine.resume(call);
    expect({ replayed, ...again }).toEqual({ ...answer, replayed: true });
  });

  test('whose script turns out to be in doubt is not got over by the resume that finds that out', async () => {
    const { engine, id, composer } = await atCount();
    composer.play = () => ({ status: 'in_doubt', error: { name: 'InDoubtError', message: 'cut off' } });
    const answer = await engine.resume({ instanceId: id, assumedCurrentStepName: 'count', report: success });
    expect(answer).toMatchObject({
      status: 'SUSPENDED',
      revision: 2,
      reconciliation: { verdict: 'in_sync' },
    });
    expect(composer.executions).toHaveLength(2);
  });

  test('is got over on the pinned version, before another one is adopted', async () => {
    const { engine, id, composer, definitions } = await atCount();
    definitions.current = definition(
      SANDWICH.steps.map((each) => (each.name === 'count' ? { ...each, script: '"new"' } : each)),
    );
    const call = { instanceId: id, assumedCurrentStepName: 'count', adoptDefinition: true };
    expect(await engine.resume(call)).toMatchObject({ revision: 3, next_step: { step_name: 'tell' } });
    expect(composer.executions.map(({ code }) => code)).toEqual(Array(2).fill(SANDWICH.steps[1]?.script));
    expect(await engine.status({ instanceId: id })).toMatchObject({ definition_changed: false });
  });

  test.each([
    ['names nothing', {}],
    ['names the script step', { report: { ...success, step_id: 'count' } }],
    ['has its token', { stepToken: 'token-2' }],
  ])(
    'is got over by any report; one of its own on the script step does not count: %s',
    async (_what, position) => {
      const { engine, id, composer } = await atCount();
      const fault = await faultOf(
        engine.advance({ instanceId: id, report: { status: 'success', result: 'made up' }, ...position }),
      );
      expect(fault).toMatchObject({ code: 'STALE_STEP', details: { current_step: 'tell', revision: 2 } });
      expect(composer.executions).toHaveLength(2);
    },
  );

  test('is got over by a repeat that names no position', async () => {
    const { engine, id, composer } = await atCount();
    expect(await engine.advance({ instanceId: id, ...ASKED })).toMatchObject({ ...END, replayed: true });
    expect(composer.executions).toHaveLength(2);
  });

  test('of a start is got over by its repeat', async () => {
    const composer = fakeComposer(() => Promise.reject(new Fault('STORAGE_UNAVAILABLE', 'Cut off.')));
    const steps = [script('one', '1', { transitions: to('two') }), step('two')];
    open = await createTestEngine({ definition: definition(steps), composer });
    const call = { workflowName: 'TEST', requestId: 'r' };
    expect(await faultOf(open.engine.start(call))).toMatchObject({ retryable: true });
    composer.play = () => ({ result: 1 });
    expect(await open.engine.start(call)).toMatchObject({
      revision: 1,
      next_step: { step_name: 'two' },
      replayed: true,
    });
    expect((await open.engine.listInstances({})).instances).toHaveLength(1);
  });
});

describe('a script in doubt', () => {
  const error = {
    name: 'InDoubtError',
    message: 'cut off',
    line: 3,
    server: 'mail',
    tool: 'send',
    args: { to: 'a@example.org' },
  };
  const call = { ...ASKED, stepToken: 'token-1', requestId: 'r' };

  async function inDoubt(extra: Partial<StartedParams> = {}) {
    const composer = fakeComposer(() => ({ status: 'in_doubt', error }));
    const run = await started({ definition: SANDWICH, composer, ...extra });
    const answer = await run.engine.advance({ instanceId: run.id, ...call });
    composer.play = () => ({ result: { status: 'success', context_updates: { counted: 2 } } });
    return { ...run, composer, answer };
  }

  test('suspends the run, and the reason names the call and the ways to go on', async () => {
    const { engine, id, answer, entries, composer } = await inDoubt();
    expect(answer).toMatchObject({
      status: 'SUSPENDED',
      revision: 2,
      status_reason: expect.stringMatching(
        /send on mail \(line 3\) with \{"to":"a@example.org"\}.*with a report/s,
      ),
      next_step: { step_name: 'count', instructions: expect.stringContaining('resume_workflow') },
    });
    expect((await entries()).at(-1)).toMatchObject({
      kind: 'suspended',
      step_name: 'count',
      determined_next_step: 'count',
      detail: {
        script_run_id: `step:${id}:1`,
        in_row: 1,
        in_doubt: { server: 'mail', tool: 'send', args: error.args },
      },
    });
    expect(await engine.advance({ instanceId: id, ...call })).toEqual({ ...answer, replayed: true });
    expect(await faultOf(engine.advance({ instanceId: id, report: { status: 'other' } }))).toMatchObject({
      code: 'INSTANCE_SUSPENDED',
    });
    expect(composer.executions).toHaveLength(1);
  });

  test.each([
    ['ask', { report: success }, 'answer_lost'],
    ['tell', {}, 'client_ahead'],
    ['nowhere', { report: success }, 'diverged'],
  ])(
    'is not got over by a client that has not read of it, but believes in "%s"',
    async (belief, extra, verdict) => {
      const { engine, id, answer, composer } = await inDoubt();
      const { reconciliation, ...rest } = await engine.resume({
        instanceId: id,
        assumedCurrentStepName: belief,
        ...extra,
      });
      expect(rest).toEqual({ ...answer, decision: undefined });
      expect(reconciliation?.verdict).toBe(verdict);
      expect(composer.executions).toHaveLength(1);
    },
  );

  test('ends with a report on it: one transition, and the script is not run again', async () => {
    const { engine, id, composer, entries, answer } = await inDoubt();
    const settling = {
      instanceId: id,
      assumedCurrentStepName: 'count',
      report: { status: 'failure', error: 'It was sent twice.' },
      contextUpdates: { looked: true },
      requestId: 'q',
    };
    const settled = await engine.resume(settling);
    expect(settled).toMatchObject({
      status: 'RUNNING',
      revision: 3,
      next_step: { step_name: 'failed' },
      current_context: { asked: true, looked: true },
      reconciliation: { verdict: 'in_sync', explanation: expect.stringContaining('your report says so') },
    });
    expect(composer.executions).toHaveLength(1);
    expect((await entries()).at(-1)).toMatchObject({
      kind: 'advanced',
      step_name: 'count',
      user_report: { step_id: 'count', status: 'failure', error: 'It was sent twice.' },
    });
    expect(await engine.resume(settling)).toEqual({ ...settled, replayed: true });
    expect((await engine.resume({ ...settling, requestId: undefined })).reconciliation?.verdict).toBe(
      'answer_lost',
    );
    expect(await engine.advance({ instanceId: id, ...call })).toEqual({ ...answer, replayed: true });
  });

  test('ends with a report on the version that is adopted with it', async () => {
    const { engine, id, definitions, composer } = await inDoubt();
    definitions.current = definition(
      SANDWICH.steps.map((each) => (each.name === 'count' ? { ...each, transitions: to('failed') } : each)),
    );
    const call = { instanceId: id, assumedCurrentStepName: 'count', report: success, adoptDefinition: true };
    expect(await engine.resume(call)).toMatchObject({ revision: 3, next_step: { step_name: 'failed' } });
    expect(composer.executions).toHaveLength(1);
  });

  test('is tried again from its beginning without one', async () => {
    const { engine, id, composer, kinds } = await inDoubt();
    const again = { instanceId: id, assumedCurrentStepName: 'count', requestId: 'q' };
    const answer = await engine.resume(again);
    expect(answer).toMatchObject({
      status: 'RUNNING',
      revision: 4,
      next_step: { step_name: 'tell' },
      reconciliation: { verdict: 'in_sync' },
    });
    expect(await kinds()).toEqual(['started', 'advanced', 'suspended', 'resumed', 'advanced']);
    const [one, two] = composer.executions;
    expect([one?.runId, two?.runId]).toEqual([`step:${id}:1`, `step:${id}:3`]);
    expect(two?.constants).toEqual({ context: { asked: true }, report: success });
    expect(await engine.resume(again)).toEqual({ ...answer, replayed: true });
  });

  test.each([
    ['is running', 'RUN_IN_PROGRESS', false],
    ['is in doubt once more', 'STALE_STEP', true],
  ])(
    'takes no report any more where another process has tried again, and the script %s',
    async (_how, code, again) => {
      const script = deferred();
      let beforeThird = async () => {};
      const { engine, second, id, composer } = await inDoubt({
        wrapStore: onCommit(3, () => beforeThird()),
      });
      composer.play = () =>
        again ? { status: 'in_doubt', error } : script.ended.then(() => ({ result: 1 }));
      const other = await second();
      const belief = { instanceId: id, assumedCurrentStepName: 'count' };
      const trying: Promise<Answer>[] = [];
      beforeThird = async () => {
        trying.push(other.resume(belief));
        await (again ? trying[0] : script.begun(composer, 2));
      };
      expect(await faultOf(engine.resume({ ...belief, report: success }))).toMatchObject({ code });
      script.end();
      expect((await trying[0])?.next_step.step_name).toBe(again ? 'count' : 'tell');
      expect(await engine.status({ instanceId: id })).toMatchObject({ revision: 4 });
    },
  );

  test('of which two processes hear at once: one report counts', async () => {
    const { engine, second, id, composer, kinds } = await inDoubt();
    const other = await second();
    const settling = (by: typeof engine, message: string) =>
      by.resume({ instanceId: id, assumedCurrentStepName: 'count', report: { ...success, message } });
    const results = await Promise.allSettled([settling(engine, 'one'), settling(other, 'other')]);
    const kept = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(kept.length).toBeGreaterThanOrEqual(1);
    expect((await kinds()).filter((kind) => kind !== 'belief_checked')).toEqual([
      'started',
      'advanced',
      'suspended',
      'advanced',
    ]);
    expect(composer.executions).toHaveLength(1);
  });
});

describe('cancelling', () => {
  const call = { ...ASKED, stepToken: 'token-1' };

  test('the call moves nothing, and a repeat goes on', async () => {
    const composer = fakeComposer(({ signal }) => untilStopped(signal));
    const { engine, id } = await started({ definition: SANDWICH, composer });
    const giveUp = new AbortController();
    const advancing = faultOf(engine.advance({ instanceId: id, ...call }, { signal: giveUp.signal }));
    await deferred().begun(composer);
    giveUp.abort();
    expect(await advancing).toMatchObject({ code: 'CANCELLED', retryable: true });
    expect(await engine.status({ instanceId: id })).toMatchObject({
      revision: 1,
      next_step: { step_name: 'count' },
    });
    composer.play = () => ({ result: 2 });
    expect(await engine.advance({ instanceId: id, ...call })).toMatchObject({
      revision: 2,
      next_step: { step_name: 'tell' },
    });
  });

  test('the run stops its script, and whoever waits hears of it', async () => {
    const composer = fakeComposer(({ signal }) => untilStopped(signal));
    const { engine, id, kinds } = await started({ definition: SANDWICH, composer });
    const { signal } = new AbortController();
    const advancing = engine.advance({ instanceId: id, ...call }, { signal });
    await deferred().begun(composer);
    await engine.cancel({ instanceId: id, reason: 'enough' });
    expect(await advancing).toMatchObject({ status: 'CANCELLED', status_reason: 'enough', revision: 2 });
    expect(await kinds()).toEqual(['started', 'advanced', 'cancelled']);
    expect(composer.executions).toHaveLength(1);
  });

  test('the run from another process stops its script, too, soon after', async () => {
    const composer = fakeComposer(({ signal }) => untilStopped(signal));
    const { timers, elapse, untilNextTimer } = createVirtualTime();
    const { engine, second, id, kinds } = await started({ definition: SANDWICH, composer, timers });
    const advancing = engine.advance({ instanceId: id, ...call });
    await until(() => untilNextTimer());
    elapse(1_000);
    await until(() => untilNextTimer());
    await (await second()).cancel({ instanceId: id, reason: 'enough' });
    elapse(1_000);
    expect(await advancing).toMatchObject({ status: 'CANCELLED', status_reason: 'enough', revision: 2 });
    expect(await kinds()).toEqual(['started', 'advanced', 'cancelled']);
    expect(untilNextTimer()).toBeUndefined();
  });

  test('the run from another process, just before its script begins', async () => {
    const composer = fakeComposer(({ signal }) => untilStopped(signal));
    const { timers } = createVirtualTime();
    let onRead = async () => {};
    const { engine, second, id } = await started({
      definition: SANDWICH,
      composer,
      timers,
      wrapStore: (store) => ({
        ...store,
        async findTransition(...params) {
          const found = await store.findTransition(...params);
          await onRead();
          return found;
        },
      }),
    });
    const other = await second();
    // The first that is read of history is how the run came to the script step.
    onRead = async () => {
      onRead = async () => {};
      await other.cancel({ instanceId: id });
    };
    expect(await engine.advance({ instanceId: id, ...call })).toMatchObject({ status: 'CANCELLED' });
  });

  test('the run from another process: the end of the script is not recorded', async () => {
    const script = deferred();
    const composer = fakeComposer(() => script.ended.then(() => ({ result: 1 })));
    const { engine, second, id, kinds } = await started({ definition: SANDWICH, composer });
    const advancing = engine.advance({ instanceId: id, ...call });
    await script.begun(composer);
    await (await second()).cancel({ instanceId: id });
    script.end();
    expect(await advancing).toMatchObject({ status: 'CANCELLED', revision: 2 });
    expect(await kinds()).toEqual(['started', 'advanced', 'cancelled']);
  });
});

describe('without a composer', () => {
  const UNAVAILABLE = {
    code: 'SCRIPTS_UNAVAILABLE',
    retryable: false,
    hint: expect.stringContaining('Nothing has moved'),
  };

  test('nothing leads to a script step', async () => {
    open = await createTestEngine({ definition: SANDWICH });
    const { engine } = open;
    const { instance_id: instanceId, revision } = await engine.start({ workflowName: 'TEST' });
    expect(await faultOf(engine.advance({ instanceId, ...ASKED }))).toMatchObject(UNAVAILABLE);
    expect(await engine.status({ instanceId })).toMatchObject({ revision, next_step: { step_name: 'ask' } });
  });

  test('no run begins with one', async () => {
    const steps = [script('one', '1', { transitions: to('FINISH') })];
    open = await createTestEngine({ definition: definition(steps) });
    expect(await faultOf(open.engine.start({ workflowName: 'TEST' }))).toMatchObject(UNAVAILABLE);
    expect((await open.engine.listInstances({})).instances).toEqual([]);
  });

  test('a run that stands at one stays there until a server with one comes, or it is cancelled', async () => {
    const composer = fakeComposer(() => Promise.reject(new Fault('STORAGE_UNAVAILABLE', 'Cut off.')));
    const { engine, second, id } = await started({ definition: SANDWICH, composer });
    const call = { instanceId: id, ...ASKED, stepToken: 'token-1' };
    await faultOf(engine.advance(call));
    const poor = await second({});
    const resume = { instanceId: id, assumedCurrentStepName: 'count' };
    for (const fault of [await faultOf(poor.advance(call)), await faultOf(poor.resume(resume))])
      expect(fault).toMatchObject(UNAVAILABLE);
    expect(await poor.status({ instanceId: id })).toMatchObject({ revision: 1 });
    expect(await poor.cancel({ instanceId: id })).toMatchObject({ status: 'CANCELLED' });
  });
});

describe('a model', () => {
  const CHOICE = definition([
    step('ask'),
    script('count', returning({ status: 'success', context_updates: { counted: 1 } }), {
      transitions: to('tell'),
    }),
    step('tell', { transitions: to('FINISH') }),
  ]);
  const choosing = () =>
    playedModel(async () => ({ nextStepName: 'count', updatedContext: [{ key: 'chosen', value: true }] }));

  test.each([
    [
      'decides on a script step',
      (instanceId: string) => ({ how: 'advance' as const, instanceId, report: success }),
    ],
    [
      'reconciles with a script step',
      (instanceId: string) => ({ how: 'resume' as const, instanceId, assumedCurrentStepName: 'tell' }),
    ],
  ])('that %s is asked once, and the server goes on', async (_what, callOf) => {
    const model = choosing();
    const { engine, id } = await started({ definition: CHOICE, composer: returningComposer(), model });
    const call = callOf(id);
    const answer = call.how === 'advance' ? await engine.advance(call) : await engine.resume(call);
    expect(answer).toMatchObject({
      revision: 2,
      next_step: { step_name: 'tell' },
      current_context: { chosen: true, counted: 1 },
      decision: { decider: 'transitions' },
    });
    expect(model.asked).toHaveLength(1);
  });
});

describe('a script step that is suspended for another reason', () => {
  const LOOP: Definition = definition([
    step('ask', { transitions: to('count') }),
    script('count', '1', { maxVisits: 1, transitions: to('ask') }),
  ]);

  test('runs when it is resumed, and a report on it does not count', async () => {
    const { engine, id, composer, entries } = await started({
      definition: LOOP,
      composer: returningComposer(),
    });
    await engine.advance({ instanceId: id, report: success });
    const stopped = await engine.advance({ instanceId: id, report: success, requestId: 'r' });
    expect(stopped).toMatchObject({
      status: 'SUSPENDED',
      status_reason: expect.stringContaining('max_visits'),
    });
    const answer = await engine.resume({
      instanceId: id,
      assumedCurrentStepName: 'count',
      report: { status: 'failure', error: 'made up' },
    });
    expect(answer).toMatchObject({
      status: 'RUNNING',
      next_step: { step_name: 'ask' },
      reconciliation: { verdict: 'in_sync', explanation: expect.stringContaining('does not count') },
    });
    expect(composer.executions).toHaveLength(2);
    expect((await entries()).at(-1)?.user_report).toEqual({ status: 'success', result: 1 });
  });
});

import { afterEach, describe, expect, test } from 'vitest';
import type { Performer, StepOutcome, StepRequest } from '../../../src/ai/performer.ts';
import type { ScriptEntry } from '../../../src/ai/stub/script-entry.ts';
import { createStubPerformer } from '../../../src/ai/stub-performer.ts';
import type { Definition } from '../../../src/domain/definition.ts';
import { Fault } from '../../../src/domain/errors.ts';
import type { Task } from '../../../src/domain/task.ts';
import type { ExecutionContext } from '../../../src/queue/executor.ts';
import type { TaskTools } from '../../../src/queue/task-tools.ts';
import { createWorkflowExecutor } from '../../../src/queue/workflow-executor.ts';
import { faultOf } from '../../support/fault-of.ts';
import { openQueue, type QueueOnFile } from '../../support/queue-on-file.ts';
import { sampleTask } from '../../support/sample-tasks.ts';
import { createScriptedTools } from '../../support/scripted-tools.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { definition, step } from '../../support/test-engine.ts';

const LINE = definition([
  step('one', { transitions: [{ to: 'two' }], instructions: 'Do one for {{ context.task_description }}' }),
  step('two', { transitions: [{ to: 'FINISH' }] }),
]);

let file: QueueOnFile;
afterEach(() => file.close());

/** Notes what the executor tells. */
class Witness implements ExecutionContext {
  readonly #stop = new AbortController();
  readonly signal = this.#stop.signal;
  readonly said: string[] = [];
  readonly instances: string[] = [];
  renewals = 0;
  onRenewal: () => void = () => {};
  abort = () => this.#stop.abort(new Fault('CANCELLED', 'stopped by the test'));
  onProgress = (message: string) => void this.said.push(message);
  async renewLease() {
    this.renewals += 1;
    this.onRenewal();
  }
  async noteInstance(instanceId: string) {
    this.instances.push(instanceId);
  }
}

/** The stub, and what it was asked. */
function playing(script: readonly ScriptEntry[] = []): Performer & { readonly asked: StepRequest[] } {
  const stub = createStubPerformer({ script });
  const asked: StepRequest[] = [];
  return {
    ...stub,
    asked,
    async carryOutStep(request, options): Promise<StepOutcome> {
      asked.push(request);
      return stub.carryOutStep(request, options);
    },
  };
}

interface Setup {
  readonly definition?: Definition;
  readonly script?: readonly ScriptEntry[];
  readonly stepsMax?: number;
  readonly tools?: TaskTools;
}

async function setUp({ definition: first = LINE, script, stepsMax, tools }: Setup = {}) {
  file = await openQueue({ folder: temporaryFolder(), definition: first });
  const performer = playing(script);
  const { engine } = file;
  const witness = new Witness();
  const executor = createWorkflowExecutor({ engine, performer, stepsMax, tools });
  const execute = (changes: Partial<Task> = {}) =>
    executor.execute(
      { id: 'task-001', ...sampleTask({ attempts: 1 }), workflowName: 'TEST', ...changes },
      witness,
    );
  const instances = async () => (await engine.listInstances({})).instances;
  return { engine, performer, witness, execute, instances };
}

describe('running a workflow for a task', () => {
  test('carries out step after step, and brings what the last report says', async () => {
    const { execute, performer, witness, instances } = await setUp({
      script: [{ step: 'two', report: { status: 'success', result: { found: 3 } } }],
    });
    const execution = await execute({ description: 'the books', feedback: 'Count twice.' });
    const [instance] = await instances();
    expect(execution).toEqual({
      status: 'success',
      result: { instance_id: instance?.instance_id, steps: 2, status: 'success', result: { found: 3 } },
    });
    expect(witness.said).toEqual(['carrying out one', 'carrying out two']);
    expect(witness.instances).toEqual([instance?.instance_id]);
    expect(witness.renewals).toBe(2);
    expect(performer.asked[0]).toMatchObject({
      workflowName: 'TEST',
      stepName: 'one',
      instructions: 'Do one for the books',
      context: { task_description: 'the books', feedback: 'Count twice.' },
      task: { id: 'task-001', description: 'the books', attempt: 1, feedback: 'Count twice.' },
    });
  });

  test.each([
    ['its message', { status: 'success', message: 'Done.' }, 'Done.'],
    ['its error', { status: 'failure', error: 'Not quite.' }, 'Not quite.'],
    ['the context', { status: 'success' }, { n: 1, task_description: 'Do it.' }],
  ] as const)('a last report without a result counts by %s', async (_what, report, result) => {
    const { execute } = await setUp({ script: [{ step: 'two', report }] });
    const { status } = report;
    expect(await execute({ context: { n: 1 } })).toMatchObject({ result: { status, result } });
  });

  test('keeps what a step gives for later ones', async () => {
    const { execute, performer } = await setUp({
      script: [{ step: 'one', report: { status: 'success' }, context_updates: { found: 3 } }],
    });
    await execute();
    expect(performer.asked[1]?.context).toMatchObject({ found: 3 });
  });
});

describe('the start context', () => {
  const strict = (properties: object, more: object = {}): Definition =>
    definition([step('one')], {
      inputs: { type: 'object', properties: { ...properties }, additionalProperties: false, ...more },
    });

  test.each([
    ['nothing that is not asked for', strict({ n: {} }), { n: 1 }],
    [
      'a description only',
      strict({ n: {}, task_description: { type: 'string' } }),
      { n: 1, task_description: 'Do it.' },
    ],
    ['feedback only', strict({ n: {}, feedback: { type: 'string' } }), { n: 1, feedback: 'Better.' }],
  ])('has %s where the inputs say so', async (_what, first, context) => {
    const { execute, performer } = await setUp({ definition: first });
    expect((await execute({ context: { n: 1 }, feedback: 'Better.' })).status).toBe('success');
    expect(performer.asked[0]?.context).toEqual(context);
  });

  test('leaves alone what the task itself says', async () => {
    const { execute, performer } = await setUp();
    await execute({ context: { task_description: 'mine', feedback: 1 }, feedback: 'Better.' });
    expect(performer.asked[0]?.context).toEqual({ task_description: 'mine', feedback: 1 });
  });

  test('that does not fit is a failure for good', async () => {
    const { execute, instances } = await setUp({ definition: strict({ n: {} }, { required: ['n'] }) });
    const execution = await execute();
    expect(execution).toMatchObject({ status: 'failure', permanent: true });
    expect(JSON.stringify(execution)).toContain('does not fit the inputs of TEST');
    expect(await instances()).toEqual([]);
  });

  test('an unknown workflow is a failure for good', async () => {
    const { execute } = await setUp();
    expect(await execute({ workflowName: 'NOPE' })).toMatchObject({
      status: 'failure',
      permanent: true,
      error: 'There is no workflow "NOPE".',
    });
  });
});

describe('a worker that takes over', () => {
  test('goes on with the same instance where the first one was lost', async () => {
    const { execute, performer, witness, instances } = await setUp();
    witness.onRenewal = () => {
      throw new Fault('LEASE_LOST', 'lost');
    };
    expect((await faultOf(execute())).code).toBe('LEASE_LOST');
    witness.onRenewal = () => {};
    const execution = await execute({ attempts: 2 });
    expect(execution).toMatchObject({ status: 'success', result: { steps: 2 } });
    expect(performer.asked.map(({ stepName }) => stepName)).toEqual(['one', 'two']);
    expect(await instances()).toHaveLength(1);
    expect(new Set(witness.instances).size).toBe(1);
  });

  test('finds the result of a run that was finished', async () => {
    const { execute, performer } = await setUp({
      script: [{ step: 'two', report: { status: 'success', result: 'found' } }],
    });
    const first = await execute();
    expect(await execute({ attempts: 2 })).toEqual(first);
    expect(performer.asked).toHaveLength(2);
  });

  test('goes on even if the workflow takes other inputs by now, or is gone', async () => {
    const { execute, witness } = await setUp();
    witness.onRenewal = () => {
      throw new Fault('LEASE_LOST', 'lost');
    };
    await faultOf(execute());
    file.definitions.current = undefined;
    await faultOf(execute());
    witness.onRenewal = () => {};
    expect((await execute()).status).toBe('success');
    expect(new Set(witness.instances).size).toBe(1);
  });

  test('begins anew where the task starts over', async () => {
    const { execute, instances } = await setUp();
    await execute();
    await execute({ runNumber: 2 });
    expect(await instances()).toHaveLength(2);
  });

  test.each(['RUNNING', 'SUSPENDED'] as const)('ends the former run, which is %s', async (status) => {
    const { execute, engine, instances } = await setUp({
      definition: definition([step('again', { transitions: [{ to: 'again' }], maxVisits: 2 })]),
    });
    const { instance_id: instanceId } = await engine.start({ workflowName: 'TEST' });
    if (status === 'SUSPENDED')
      for (let visit = 1; visit <= 2; visit++)
        await engine.advance({ instanceId, report: { status: 'success' } });
    expect(await engine.status({ instanceId })).toMatchObject({ status });
    await execute({ runNumber: 2, instanceId });
    const current = (await instances()).find((each) => each.instance_id !== instanceId);
    expect(await engine.status({ instanceId })).toMatchObject({
      status: 'CANCELLED',
      status_reason: `task-001 was begun anew, as ${current?.instance_id}.`,
    });
    expect(current?.status).toBe('SUSPENDED');
  });

  test('leaves alone a former run that is over, and bears one that is gone', async () => {
    const { execute, engine } = await setUp();
    await execute();
    const [former] = await engine.listInstances({}).then(({ instances }) => instances);
    for (const instanceId of [former?.instance_id, 'gone'])
      expect((await execute({ runNumber: 2, instanceId })).status).toBe('success');
    expect(await engine.status({ instanceId: former?.instance_id ?? '' })).toMatchObject({
      status: 'COMPLETED',
    });
  });

  test('has keys that nobody else can start a workflow with', async () => {
    const { execute, engine } = await setUp();
    const fault = await faultOf(engine.start({ workflowName: 'TEST', requestId: 'task/task-001/1' }));
    expect(fault).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('"task/"') });
    expect((await execute()).status).toBe('success');
  });

  test('bows to one that was faster', async () => {
    const { execute, engine, performer, instances } = await setUp();
    const first = performer.carryOutStep;
    let raced = false;
    performer.carryOutStep = async (request, options) => {
      const outcome = await first(request, options);
      if (!raced) {
        raced = true;
        const [instance] = await instances();
        await engine.advance({
          instanceId: instance?.instance_id ?? '',
          report: { status: 'success', message: 'I was faster.' },
        });
      }
      return outcome;
    };
    expect(await execute()).toMatchObject({ status: 'success', result: { steps: 2 } });
    expect(performer.asked.map(({ stepName }) => stepName)).toEqual(['one', 'two']);
  });
});

describe('reports that the engine refuses', () => {
  const picky = definition([
    step('one', {
      transitions: [{ to: 'FINISH', when: 'report.status == "failure"' }, { to: 'two' }],
      reportSchema: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
    }),
    step('two', { transitions: [{ to: 'FINISH' }] }),
  ]);
  const wrong: ScriptEntry = { step: 'one', report: { status: 'success', result: { n: 'x' } } };

  test('are told to the performer, who may mend them', async () => {
    const { execute, performer } = await setUp({
      definition: picky,
      script: [wrong, { step: 'one', report: { status: 'success', result: { n: 1 } } }],
    });
    expect((await execute({ feedback: 'Better.' })).status).toBe('success');
    expect(performer.asked.map(({ stepName }) => stepName)).toEqual(['one', 'one', 'two']);
    expect(performer.asked[0]?.reportSchema).toEqual(picky.steps[0]?.reportSchema);
    expect(performer.asked[0]?.task.feedback).toBe('Better.');
    expect(performer.asked[1]?.task.feedback).toMatch(
      /^Better\.\n\nThe report on this step was refused: .*integer/s,
    );
  });

  test('become a failed report the second time', async () => {
    const { execute, performer } = await setUp({ definition: picky, script: [{ ...wrong, times: 2 }] });
    const execution = await execute();
    expect(performer.asked).toHaveLength(2);
    expect(execution).toMatchObject({ status: 'success', result: { steps: 1 } });
    expect(JSON.stringify(execution)).toContain('The report on this step was refused');
  });
});

describe('tools', () => {
  const calls = [{ server: 'files', tool: 'write_file' }];

  test('are those of the attempt at the task, for all of its steps', async () => {
    const asked: unknown[] = [];
    const forAttempt = createScriptedTools();
    const tools: TaskTools = {
      forTask(task, context) {
        asked.push([task.id, task.attempts, context]);
        return forAttempt;
      },
    };
    const { execute, witness } = await setUp({
      tools,
      script: [{ calls, report: { status: 'success' }, times: 2 }],
    });
    expect(await execute()).toMatchObject({ status: 'success' });
    expect(forAttempt.called).toHaveLength(2);
    expect(asked).toEqual([['task-001', 1, witness]]);
  });

  test('whoever has to mend a report hears that their calls stay done', async () => {
    const { execute, performer } = await setUp({
      definition: definition([
        step('one', { transitions: [{ to: 'FINISH' }], reportSchema: { type: 'object', required: ['n'] } }),
      ]),
      tools: { forTask: () => createScriptedTools() },
      script: [
        { calls, report: { status: 'success', result: {} } },
        { report: { status: 'success', result: { n: 1 } } },
      ],
    });
    expect(await execute()).toMatchObject({ status: 'success' });
    expect(performer.asked[1]?.task.feedback).toMatch(
      /was refused: .* What was called for the step stays done\.$/s,
    );
  });
});

describe('runs that do not complete', () => {
  const LOOP = definition([step('again', { transitions: [{ to: 'again' }] })]);

  test('a suspended one is a failure with its reason', async () => {
    const { execute, instances } = await setUp({
      definition: definition([step('again', { transitions: [{ to: 'again' }], maxVisits: 2 })]),
    });
    const execution = await execute();
    const [instance] = await instances();
    expect(execution).toMatchObject({ status: 'failure', permanent: false });
    expect(JSON.stringify(execution)).toContain('is SUSPENDED at \\"again\\"');
    expect(JSON.stringify(execution)).toContain(instance?.status_reason?.slice(-20));
  });

  test('one that was cancelled is a failure for good', async () => {
    const { execute, engine, witness, performer } = await setUp({ definition: LOOP });
    witness.onRenewal = () =>
      void engine.cancel({ instanceId: witness.instances[0] ?? '', reason: 'Enough.' });
    const execution = await execute();
    expect(execution).toMatchObject({ status: 'failure', permanent: true });
    expect(JSON.stringify(execution)).toContain('Enough.');
    expect(performer.asked.length).toBeLessThan(4);
  });

  test('one that takes too many steps is cancelled', async () => {
    const { execute, performer, instances } = await setUp({ definition: LOOP, stepsMax: 5 });
    expect(await execute()).toMatchObject({ status: 'failure', permanent: false });
    expect(performer.asked).toHaveLength(5);
    expect((await instances())[0]?.status).toBe('CANCELLED');
  });

  test('an abort ends it between steps, and an outage is passed on; the run stays', async () => {
    const { execute, witness, performer, instances } = await setUp({
      definition: LOOP,
      script: [{ perform: 'step', fault: { code: 'AI_UNAVAILABLE' } }],
    });
    expect((await faultOf(execute())).code).toBe('AI_UNAVAILABLE');
    witness.onRenewal = witness.abort;
    expect((await faultOf(execute())).code).toBe('CANCELLED');
    expect(performer.asked).toHaveLength(2);
    expect(await instances()).toMatchObject([{ status: 'RUNNING', revision: 1 }]);
  });
});

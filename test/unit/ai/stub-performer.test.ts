import { describe, expect, test } from 'vitest';
import type { ScriptEntry } from '../../../src/ai/stub/script-entry.ts';
import { createStubModel } from '../../../src/ai/stub-model.ts';
import { createStubPerformer } from '../../../src/ai/stub-performer.ts';
import { Fault } from '../../../src/domain/errors.ts';
import { createScriptedTools } from '../../support/scripted-tools.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';
import { requestOf } from './requests.ts';
import { briefOf, judgementRequestOf, stepRequestOf, taskRequestOf } from './work-requests.ts';

const play = (script: readonly ScriptEntry[], time = createVirtualTime()) =>
  createStubPerformer({ script, timers: time.timers });

describe('without a script', () => {
  test('all goes well, and says for what', async () => {
    const performer = createStubPerformer();
    expect(performer.name).toBe('stub');
    expect(await performer.carryOutStep(stepRequestOf())).toEqual({
      report: {
        status: 'success',
        result: null,
        message: 'The stub carried out write_limerick of LIMERICK for task-007: Write a limerick about bees.',
      },
    });
    expect(await performer.doTask(taskRequestOf())).toEqual({
      status: 'success',
      result: 'The stub did task-007: Write a limerick about bees.',
    });
    expect(await performer.judge(judgementRequestOf())).toEqual({ accepted: true });
  });

  test('a step brings what its schema asks for', async () => {
    const reportSchema = {
      type: 'object',
      required: ['lines'],
      properties: { lines: { minimum: 5, type: 'integer' } },
    };
    const { report } = await createStubPerformer().carryOutStep(stepRequestOf({ reportSchema }));
    expect(report.result).toEqual({ lines: 5 });
  });

  test('long descriptions are cut', async () => {
    const outcome = await createStubPerformer().doTask({
      task: briefOf({ description: 'bee '.repeat(9_000) }),
    });
    expect(JSON.stringify(outcome).length).toBeLessThan(350);
  });

  test('the same requests get the same answers', async () => {
    const [one, other] = [createStubPerformer(), createStubPerformer()];
    expect(await one.carryOutStep(stepRequestOf())).toEqual(await other.carryOutStep(stepRequestOf()));
    expect(await one.doTask(taskRequestOf())).toEqual(await one.doTask(taskRequestOf()));
  });

  test('a cancelled call gets no answer', async () => {
    const options = { signal: AbortSignal.abort() };
    for (const working of [
      createStubPerformer().carryOutStep(stepRequestOf(), options),
      createStubPerformer().doTask(taskRequestOf(), options),
      createStubPerformer().judge(judgementRequestOf(), options),
    ])
      await expect(working).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('playing a script', () => {
  const done = (result: string): ScriptEntry['outcome'] => ({ status: 'success', result });

  test('entries are consumed in order, each by the work that it is for', async () => {
    const performer = play([
      { task: 'LIMERICK', attempt: 2, outcome: done('second attempt') },
      { task: 'wasps', outcome: done('on wasps') },
      { task: 'limerick', times: 2, outcome: { status: 'failure', error: 'No rhyme on "bees".' } },
      { outcome: done('whatever') },
    ]);
    const result = async (rest: Parameters<typeof briefOf>[0] = {}) => {
      const outcome = await performer.doTask({ task: briefOf(rest) });
      return outcome.status === 'success' ? outcome.result : outcome.error;
    };
    expect(await result()).toBe('No rhyme on "bees".');
    expect(await result({ attempt: 2 })).toBe('second attempt');
    expect(await result({ attempt: 2 })).toBe('No rhyme on "bees".');
    expect(await result()).toBe('whatever');
    expect(await result()).toMatch(/^The stub did/);
    expect(await result({ description: 'Drive away the Wasps.' })).toBe('on wasps');
  });

  test('steps: by task, workflow and step; with context updates where there are some', async () => {
    const performer = play([
      { step: 'Write Limerick', attempt: 1, report: { status: 'failure', error: 'No ink.' } },
      { workflow: 'OTHER', report: { status: 'success', result: 'elsewhere' } },
      {
        task: 'bees',
        workflow: 'LIMERICK',
        report: { status: 'success', result: { lines: 5 } },
        context_updates: { rhyme: 'aabba' },
      },
    ]);
    expect(await performer.carryOutStep(stepRequestOf())).toEqual({
      report: { status: 'failure', error: 'No ink.' },
    });
    expect(await performer.carryOutStep(stepRequestOf({ stepName: 'read_aloud' }))).toEqual({
      report: { status: 'success', result: { lines: 5 } },
      contextUpdates: { rhyme: 'aabba' },
    });
    expect(await performer.carryOutStep(stepRequestOf({ workflowName: 'OTHER' }))).toMatchObject({
      report: { result: 'elsewhere' },
    });
    expect(await performer.carryOutStep(stepRequestOf())).toMatchObject({ report: { status: 'success' } });
  });

  test('a task that never succeeds, and one that succeeds when it was told how', async () => {
    const performer = play([
      { task: 'impossible', times: 1_000_000, outcome: { status: 'failure', error: 'Never.' } },
      { task: 'limerick', attempt: 1, judgement: { accepted: false, feedback: 'It has four lines.' } },
    ]);
    const impossible = briefOf({ description: 'Do the impossible.' });
    for (let attempt = 1; attempt <= 500; attempt += 1)
      expect(await performer.doTask({ task: { ...impossible, attempt } })).toMatchObject({
        status: 'failure',
      });
    expect(await performer.judge(judgementRequestOf())).toEqual({
      accepted: false,
      feedback: 'It has four lines.',
    });
    expect(await performer.judge(judgementRequestOf({ task: briefOf({ attempt: 2 }) }))).toEqual({
      accepted: true,
    });
  });

  test('faults strike the verb that they are for', async () => {
    const performer = play([
      { fault: { code: 'AI_TIMEOUT' } },
      { perform: 'judge', fault: { code: 'AI_RATE_LIMITED', retry_after_ms: 1_500 } },
      { perform: 'step', step: 'read_aloud', fault: { code: 'AI_SAFETY_BLOCKED', message: 'Too rude' } },
      { perform: 'task', task: 'bees', fault: { code: 'AI_UNAVAILABLE' } },
    ]);
    await expect(performer.judge(judgementRequestOf())).rejects.toMatchObject({
      code: 'AI_RATE_LIMITED',
      retryAfterMs: 1_500,
      message: 'The stub fails as entry 1 of its script says; nothing was done. Try the task again in 2 s.',
    });
    expect(await performer.judge(judgementRequestOf())).toEqual({ accepted: true });
    expect(await performer.carryOutStep(stepRequestOf())).toMatchObject({ report: { status: 'success' } });
    await expect(performer.carryOutStep(stepRequestOf({ stepName: 'read_aloud' }))).rejects.toMatchObject({
      code: 'AI_SAFETY_BLOCKED',
      retryable: false,
    });
    await expect(performer.doTask(taskRequestOf())).rejects.toMatchObject({ code: 'AI_UNAVAILABLE' });
    expect(await performer.doTask(taskRequestOf())).toMatchObject({ status: 'success' });
  });

  test('decisions and work take nothing from each other', async () => {
    const script: readonly ScriptEntry[] = [
      { fault: { code: 'AI_TIMEOUT' } },
      { decision: { next_step_name: 'draft' } },
      { report: { status: 'failure' } },
      { perform: 'step', fault: { code: 'AI_UNAVAILABLE' } },
      { outcome: { status: 'failure', error: 'No.' } },
      { judgement: { accepted: false, feedback: 'No.' } },
    ];
    const model = createStubModel({ script });
    const performer = createStubPerformer({ script });
    const step = stepRequestOf({ workflowName: 'ARTICLE', stepName: 'review' });
    expect(await performer.carryOutStep(step)).toEqual({ report: { status: 'failure' } });
    await expect(performer.carryOutStep(step)).rejects.toMatchObject({ code: 'AI_UNAVAILABLE' });
    expect(await performer.carryOutStep(step)).toMatchObject({ report: { status: 'success' } });
    await expect(model.decide(requestOf())).rejects.toMatchObject({ code: 'AI_TIMEOUT' });
    expect(await model.decide(requestOf())).toMatchObject({ nextStepName: 'draft' });
    expect(await model.decide(requestOf())).toMatchObject({ nextStepName: 'publish' });
    expect(await performer.doTask(taskRequestOf())).toEqual({ status: 'failure', error: 'No.' });
    expect(await performer.judge(judgementRequestOf())).toEqual({ accepted: false, feedback: 'No.' });
  });

  test('a delay passes before the answer, and can be cancelled', async () => {
    const time = createVirtualTime();
    const performer = play([{ times: 2, delay_ms: 1_000, outcome: done('slowly') }], time);
    expect(await performer.doTask(taskRequestOf())).toEqual(done('slowly'));
    expect(time.sleeps).toEqual([1_000]);
    const caller = new AbortController();
    time.timers.sleep = (_, signal) => {
      caller.abort();
      return Promise.reject(signal?.reason);
    };
    await expect(performer.doTask(taskRequestOf(), { signal: caller.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
      message: expect.stringContaining('; nothing was done. Try the task again to go on.'),
    });
  });
});

describe('calling tools', () => {
  const calls = [
    { server: 'files', tool: 'write_file', arguments: { path: 'a.md' } },
    { server: 'files', tool: 'list' },
  ];
  const script: readonly ScriptEntry[] = [
    { calls, outcome: { status: 'success', result: 'Written.' }, times: 3 },
    { calls, report: { status: 'success' }, times: 3 },
  ];
  const failing = (fault: Fault) =>
    createScriptedTools({
      run: () => {
        throw fault;
      },
    });

  test('in their order, before the answer', async () => {
    const performer = play(script);
    const tools = createScriptedTools();
    expect(await performer.doTask(taskRequestOf(), { tools })).toEqual({
      status: 'success',
      result: 'Written.',
    });
    expect(await performer.carryOutStep(stepRequestOf(), { tools })).toEqual({
      report: { status: 'success' },
    });
    const made = [
      { server: 'files', tool: 'write_file', args: { path: 'a.md' } },
      { server: 'files', tool: 'list', args: {} },
    ];
    expect(tools.called).toEqual([...made, ...made]);
  });

  test('the first that fails is the failure; without servers all do', async () => {
    const performer = play(script);
    const tools = failing(new Fault('TOOL_FAILED', 'No such folder.'));
    const error = 'write_file of files failed (TOOL_FAILED): No such folder.';
    expect(await performer.doTask(taskRequestOf(), { tools })).toEqual({ status: 'failure', error });
    expect(await performer.carryOutStep(stepRequestOf(), { tools })).toEqual({
      report: { status: 'failure', error },
    });
    expect(tools.called).toHaveLength(2);
    expect(await performer.doTask(taskRequestOf())).toEqual({
      status: 'failure',
      error: 'There are no downstream servers, and so no write_file of files.',
    });
  });

  test('what ends the work is thrown', async () => {
    const lost = new Fault('LEASE_LOST', 'Over.');
    await expect(play(script).doTask(taskRequestOf(), { tools: failing(lost) })).rejects.toBe(lost);
  });
});

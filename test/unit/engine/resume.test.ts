import { afterEach, describe, expect, test } from 'vitest';
import type { Model } from '../../../src/ai/model.ts';
import {
  createTestEngine,
  definition,
  playedModel,
  step,
  type TestEngine,
} from '../../support/test-engine.ts';

let open: TestEngine | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

const STEPS = [
  step('one', { transitions: [{ to: 'two' }] }),
  step('two', { transitions: [{ to: 'three' }, { to: 'four', when: 'false' }] }),
  step('three'),
  step('four'),
];
const success = { status: 'success' };

async function atTwo(model?: Model) {
  open = await createTestEngine({ definition: definition(STEPS), model });
  const { instance_id: id } = await open.engine.start({ workflowName: 'TEST' });
  const answer = await open.engine.advance({ instanceId: id, report: success, contextUpdates: { n: 1 } });
  const resume = (assumedCurrentStepName: string, extra = {}) =>
    open?.engine.resume({ instanceId: id, assumedCurrentStepName, ...extra }) ??
    Promise.reject(new Error('closed'));
  return { ...open, id, answer, resume };
}

describe('resume', () => {
  test('in sync: the current instructions again, and nothing recorded', async () => {
    const { resume, answer, engine, id } = await atTwo();
    expect(await resume('Two')).toMatchObject({
      reconciliation: { verdict: 'in_sync' },
      revision: answer.revision,
      step_token: answer.step_token,
      next_step: answer.next_step,
    });
    expect((await engine.history({ instanceId: id })).entries).toHaveLength(2);
  });

  test('in sync with a report is an advance', async () => {
    const { resume } = await atTwo();
    const first = await resume('two', { report: success, requestId: 'r' });
    expect(first).toMatchObject({
      reconciliation: { verdict: 'in_sync' },
      revision: 2,
      next_step: { step_name: 'three' },
    });
    expect(await resume('two', { report: success, requestId: 'r' })).toEqual({ ...first, replayed: true });
  });

  test('in sync with context updates keeps them', async () => {
    const { resume } = await atTwo();
    expect(await resume('two', { contextUpdates: { more: true } })).toMatchObject({
      current_context: { n: 1, more: true },
      revision: 2,
      next_step: { step_name: 'two' },
    });
  });

  test.each([
    ['the same report', { report: success }],
    ['no report', {}],
  ])('answer lost, with %s: the answer again', async (_what, extra) => {
    const { resume, answer } = await atTwo();
    const { reconciliation, ...rest } = await resume('one', extra);
    expect(reconciliation?.verdict).toBe('answer_lost');
    expect(rest).toEqual(answer);
  });

  test('a different report about the step before, and steps further off', async () => {
    const { resume, engine, id } = await atTwo();
    expect((await resume('one', { report: { status: 'failure' } })).reconciliation?.verdict).toBe(
      'client_behind',
    );
    expect((await resume('three')).reconciliation?.verdict).toBe('client_ahead');
    expect((await resume('FINISH')).reconciliation?.verdict).toBe('diverged');
    const lost = await resume('nowhere at all');
    expect(lost).toMatchObject({
      reconciliation: { verdict: 'diverged' },
      next_step: { step_name: 'two' },
      revision: 1,
    });
    const notes = (await engine.history({ instanceId: id })).entries.filter(
      ({ kind }) => kind === 'belief_checked',
    );
    expect(notes.map(({ detail }) => detail?.belief)).toEqual(['one', 'three', 'FINISH', 'nowhere at all']);
  });

  test('lets the model reconcile, within what may follow', async () => {
    const model = playedModel(async () => ({
      nextStepName: 'three',
      updatedContext: [],
      reasoning: 'two was done',
    }));
    const { resume, engine, id } = await atTwo(model);
    expect(await resume('three', { report: success })).toMatchObject({
      reconciliation: { verdict: 'client_ahead' },
      next_step: { step_name: 'three' },
      decision: { decider: 'stub', reasoning: 'two was done' },
      revision: 2,
    });
    expect(model.asked[0]).toMatchObject({
      task: 'reconcile',
      belief: 'three',
      allowed: ['two', 'three', 'four'],
    });
    model.play = async () => ({ nextStepName: 'three', updatedContext: [] });
    expect(await resume('one', { report: { status: 'failure' } })).toMatchObject({
      revision: 2,
      next_step: { step_name: 'three' },
    });
    expect((await engine.history({ instanceId: id })).entries.map(({ kind }) => kind)).toEqual([
      'started',
      'advanced',
      'reconciled',
      'belief_checked',
    ]);
  });

  test('with a report takes the choice of a client that decides', async () => {
    const { resume } = await atTwo();
    await resume('two', { report: success });
    await expect(resume('three', { report: success })).rejects.toMatchObject({ code: 'DECISION_REQUIRED' });
    expect(await resume('three', { report: success, nextStepName: 'four' })).toMatchObject({
      next_step: { step_name: 'four' },
      decision: { decider: 'client' },
    });
  });

  test('keeps the pinned version until it is told to adopt the current one', async () => {
    const { resume, definitions, engine, id } = await atTwo();
    definitions.current = definition(STEPS.map((each) => ({ ...each, instructions: `New ${each.name}.` })));
    expect(await engine.status({ instanceId: id })).toMatchObject({
      definition_changed: true,
      next_step: { instructions: 'Do two.' },
    });
    expect(await resume('two')).toMatchObject({ next_step: { instructions: 'Do two.' } });
    expect(await resume('two', { adoptDefinition: true })).toMatchObject({
      next_step: { instructions: 'New two.' },
      revision: 2,
    });
    expect(await engine.status({ instanceId: id })).toMatchObject({ definition_changed: false });
    definitions.current = definition([step('other')]);
    await expect(resume('two', { adoptDefinition: true })).rejects.toMatchObject({
      code: 'DEFINITION_INCOMPATIBLE',
    });
    definitions.current = undefined;
    await expect(resume('two', { adoptDefinition: true })).rejects.toMatchObject({
      code: 'WORKFLOW_NOT_FOUND',
    });
    expect(await engine.advance({ instanceId: id, report: success })).toMatchObject({
      next_step: { instructions: 'New three.' },
    });
    expect(await engine.status({ instanceId: id })).toMatchObject({ definition_changed: true });
  });
});

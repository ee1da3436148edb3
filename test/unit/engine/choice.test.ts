import { afterEach, describe, expect, test } from 'vitest';
import { toMermaid } from '../../../src/domain/graph.ts';
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

const FORK = definition([
  step('fork', {
    transitions: [{ to: 'left' }, { to: 'right' }, { to: 'FINISH', when: 'report.status == "failure"' }],
  }),
  step('left', { transitions: [{ to: 'fork' }] }),
  step('right', { transitions: [{ to: 'fork' }] }),
  step('elsewhere'),
]);
const success = { status: 'success' };

describe('several transitions without a condition', () => {
  test('are a choice of the client', async () => {
    open = await createTestEngine({ definition: FORK });
    const { engine } = open;
    const { instance_id: instanceId, decision_request } = await engine.start({ workflowName: 'TEST' });
    expect(decision_request?.options).toEqual(['left', 'right', 'FINISH']);
    await expect(engine.advance({ instanceId, report: success })).rejects.toMatchObject({
      code: 'DECISION_REQUIRED',
    });
    await expect(
      engine.advance({ instanceId, report: success, nextStepName: 'elsewhere' }),
    ).rejects.toMatchObject({ code: 'STEP_NOT_ALLOWED', details: { options: ['left', 'right', 'FINISH'] } });
    expect(await engine.advance({ instanceId, report: success, nextStepName: 'right' })).toMatchObject({
      next_step: { step_name: 'right' },
      decision: { decider: 'client' },
    });
  });

  test('are a choice of the model among them, and conditions still come first', async () => {
    const model = playedModel(async () => ({ nextStepName: 'left', updatedContext: [] }));
    open = await createTestEngine({ definition: FORK, model });
    const { engine } = open;
    const { instance_id: instanceId } = await engine.start({ workflowName: 'TEST' });
    expect((await engine.advance({ instanceId, report: success })).next_step.step_name).toBe('left');
    expect(model.asked[0]?.allowed).toEqual(['left', 'right', 'FINISH']);
    await engine.advance({ instanceId, report: success });
    expect(await engine.advance({ instanceId, report: { status: 'failure' } })).toMatchObject({
      status: 'COMPLETED',
      decision: { decider: 'transitions' },
    });
    expect(model.asked).toHaveLength(1);
  });

  test('are for the caller who says that it decides, whatever model there is', async () => {
    const model = playedModel(async () => ({ nextStepName: 'left', updatedContext: [] }));
    open = await createTestEngine({ definition: FORK, model });
    const { engine } = open;
    const { instance_id: instanceId } = await engine.start({ workflowName: 'TEST' });
    const call = { instanceId, report: success, nextStepName: 'right', callerDecides: true };
    expect(await engine.advance(call)).toMatchObject({
      next_step: { step_name: 'right' },
      decision: { decider: 'client' },
    });
    expect(model.asked).toEqual([]);
  });

  test('have no "otherwise" in the graph', () => {
    expect(toMermaid(FORK)).not.toContain('otherwise');
  });
});

describe('advancing by the current definition', () => {
  const before = definition([step('one', { transitions: [{ to: 'two' }] }), step('two')]);
  const after = definition([
    step('one', { transitions: [{ to: 'two' }, { to: 'new' }] }),
    step('two'),
    step('new'),
  ]);

  test('adopts it in the same transition, and the answer can be given again later', async () => {
    open = await createTestEngine({ definition: before });
    const { engine, definitions, store } = open;
    const { instance_id: instanceId } = await engine.start({ workflowName: 'TEST' });
    definitions.current = after;
    const call = {
      instanceId,
      report: success,
      nextStepName: 'new',
      callerDecides: true,
      adoptDefinition: true,
      requestId: 'r',
    };
    const answer = await engine.advance(call);
    expect(answer).toMatchObject({ revision: 1, next_step: { step_name: 'new' } });
    expect(await engine.status({ instanceId })).toMatchObject({ definition_changed: false });
    expect((await engine.pinnedDefinition({ instanceId })).steps).toHaveLength(3);
    await engine.advance({ instanceId, report: success, nextStepName: 'one', callerDecides: true });
    expect(await engine.advance(call)).toEqual({ ...answer, replayed: true });
    const { items } = await store.listHistory(instanceId, { limit: 10 });
    expect(items.map(({ kind, definitionHash }) => [kind, definitionHash !== undefined])).toEqual([
      ['started', true],
      ['advanced', true],
      ['advanced', false],
    ]);
  });

  test('moves nothing where that one lacks the step', async () => {
    open = await createTestEngine({ definition: before });
    const { engine, definitions } = open;
    const { instance_id: instanceId } = await engine.start({ workflowName: 'TEST' });
    definitions.current = definition([step('two')]);
    await expect(
      engine.advance({ instanceId, report: success, adoptDefinition: true }),
    ).rejects.toMatchObject({ code: 'DEFINITION_INCOMPATIBLE' });
    expect(await engine.advance({ instanceId, report: success })).toMatchObject({
      next_step: { step_name: 'two' },
    });
  });
});

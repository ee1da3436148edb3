import { afterEach, expect, test } from 'vitest';
import { createTestEngine, definition, step, type TestEngine } from '../../support/test-engine.ts';

let open: TestEngine | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

const STATES = definition(
  [step('IDLE', { transitions: [{ to: 'BUSY' }] }), step('BUSY', { transitions: [{ to: 'IDLE' }] })],
  { name: 'AGENT_STATES' },
);

test('a session has one run, however many open it at once', async () => {
  open = await createTestEngine({ definition: STATES });
  const { engine, second } = open;
  const engines = [engine, await second()];
  const ids = await Promise.all(Array.from({ length: 20 }, (_, n) => engines[n % 2]?.openSession('s')));
  expect(new Set(ids).size).toBe(1);
  expect(await engine.openSession('other')).not.toBe(ids[0]);
  expect(await engine.status({ instanceId: ids[0] ?? '' })).toMatchObject({
    workflow_name: 'AGENT_STATES',
    next_step: { step_name: 'IDLE' },
  });
});

test('session ids can be completed', async () => {
  open = await createTestEngine({ definition: STATES });
  const { engine } = open;
  for (const id of ['beta', 'alpha', 'alphabet', 'Ω']) await engine.openSession(id);
  expect(await engine.completeSessionId('alpha', 10)).toEqual(['alpha', 'alphabet']);
  expect(await engine.completeSessionId('', 2)).toEqual(['alpha', 'alphabet']);
  expect(await engine.completeSessionId('x', 10)).toEqual([]);
});

test('a session is not moved or ended like the run of a workflow', async () => {
  open = await createTestEngine({ definition: STATES });
  const { engine } = open;
  const instanceId = await engine.openSession('s');
  const report = { status: 'success' };
  for (const call of [
    engine.advance({ instanceId, report, nextStepName: 'BUSY' }),
    engine.resume({ instanceId, assumedCurrentStepName: 'IDLE', report, nextStepName: 'BUSY' }),
    engine.cancel({ instanceId }),
  ]) {
    await expect(call).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      hint: expect.stringContaining('transition_state'),
    });
  }
  expect(await engine.status({ instanceId })).toMatchObject({ revision: 0, status: 'RUNNING' });
  expect(await engine.completeInstanceId('', 10)).toEqual([]);
  const moved = await engine.advance({ instanceId, report, nextStepName: 'BUSY', callerDecides: true });
  expect(moved.next_step.step_name).toBe('BUSY');
});

test('sessions are neither listed nor started like workflows, unless they are asked for by name', async () => {
  open = await createTestEngine({ definition: STATES });
  const { engine } = open;
  await engine.openSession('s');
  expect((await engine.listInstances({})).instances).toEqual([]);
  expect((await engine.listInstances({ status: 'RUNNING' })).instances).toEqual([]);
  expect((await engine.listInstances({ workflowName: 'AGENT_STATES' })).instances).toHaveLength(1);
  await expect(engine.start({ workflowName: 'AGENT_STATES' })).rejects.toMatchObject({
    code: 'WORKFLOW_NOT_FOUND',
    hint: expect.stringContaining('transition_state'),
  });
  await expect(engine.start({ workflowName: 'TEST', requestId: 'agent-session:s' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
});

test('a session can be looked for without opening it, and its last entries and keys be read', async () => {
  open = await createTestEngine({ definition: STATES });
  const { engine } = open;
  expect(await engine.findSession('s')).toBeUndefined();
  const instanceId = await engine.openSession('s');
  expect(await engine.findSession('s')).toBe(instanceId);
  for (const requestId of ['r1', 'r2', 'r3'])
    await engine.advance({
      instanceId,
      requestId,
      report: { status: 'success', requestId },
      callerDecides: true,
    });

  const recent = await engine.recentHistory({ instanceId, limit: 2 });
  expect(recent.map(({ request_id, revision }) => [request_id, revision])).toEqual([
    ['r2', 2],
    ['r3', 3],
  ]);
  expect(await engine.findRequest({ instanceId, requestId: 'r2' })).toEqual(recent[0]);
  expect(await engine.findRequest({ instanceId, requestId: 'r4' })).toBeUndefined();
  await expect(engine.recentHistory({ instanceId: 'nobody', limit: 2 })).rejects.toMatchObject({
    code: 'INSTANCE_NOT_FOUND',
  });
});

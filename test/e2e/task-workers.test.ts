import { expect } from 'vitest';
import type { HeldTask, TaskItem } from '../../src/queue/task-item.ts';
import type { TaskAnswer } from '../../src/queue/task-queue.ts';
import { connectV1, connectV2, type TestClient } from '../support/mcp-clients.ts';
import { until } from '../support/until.ts';
import { scenario, scenarioPerClient, scenarioPerProtocol } from './scenario.ts';

const TASKS = { ORCHESTRATOR_TOOLSETS: 'tasks' };

interface Taken {
  readonly task?: HeldTask;
}

const claim = async (client: TestClient, lease_seconds?: number) =>
  (await client.answer<Taken>('claim_next_task', { lease_seconds })).task;

scenario(
  'workers of four processes take tasks at once, and each gets others',
  ['one-claim', 'several-processes'],
  async (scratch) => {
    const workers = await Promise.all(
      [connectV1, connectV2, connectV1, connectV2].map((how) => scratch.connect(how, TASKS)),
    );
    const descriptions = Array.from({ length: 80 }, (_, index) => `Task ${index}`);
    await workers[0]?.answer('add_tasks_batch', { descriptions });
    const taken = await Promise.all(
      workers.map(async (worker) => {
        const ids: string[] = [];
        for (let task = await claim(worker); task !== undefined; task = await claim(worker))
          ids.push(task.id);
        return ids;
      }),
    );
    const all = taken.flat();
    expect(new Set(all).size).toBe(all.length);
    expect(all).toHaveLength(descriptions.length);
    expect(taken.filter((ids) => ids.length === 0)).toEqual([]);
  },
);

scenarioPerClient(
  'a worker is killed: once its lease has ended another one gets the task, and the first can end it no more',
  ['lease-gives-back', 'fencing-guards'],
  async (scratch, connect) => {
    const dead = await scratch.connect(connect, TASKS);
    const { task: added } = await dead.answer<TaskAnswer>('add_task', { description: 'Carry the baton.' });
    const lost = await claim(dead, 1);
    await dead.kill();

    const heir = await scratch.connect(connect, TASKS);
    const held = await until(() => claim(heir));
    expect(held).toMatchObject({ id: added.id, attempts: 2 });
    expect(held.fencing_token).toBeGreaterThan(lost?.fencing_token ?? 0);

    // What the dead one still had to say arrives after all.
    const ghost = await scratch.connect(connect, TASKS);
    const asGhost = { task_id: added.id, fencing_token: lost?.fencing_token };
    for (const [tool, args] of [
      ['complete_task', { result: 'From the grave.' }],
      ['fail_task', { reason: 'From the grave.' }],
      ['start_task', { lease_seconds: 60 }],
    ] as const)
      expect(await ghost.failure(tool, { ...asGhost, ...args })).toMatchObject({
        error_code: 'LEASE_LOST',
        retryable: false,
        details: { task_id: added.id },
      });

    const ended = await heir.answer<TaskAnswer>('complete_task', {
      task_id: held.id,
      fencing_token: held.fencing_token,
      result: 'Carried.',
    });
    expect(ended.task).toMatchObject({ status: 'completed', result: 'Carried.', attempts: 2 });
  },
);

scenarioPerProtocol(
  'a task whose workers die is failed after its last attempt, and no worker gets it again',
  ['lease-gives-back', 'task-lifecycle'],
  async (scratch, open) => {
    const client = await scratch.connect(open, TASKS);
    await client.callTool('add_task', { description: 'Cross the road.', max_attempts: 1 });
    await client.callTool('claim_next_task', { lease_seconds: 1 });
    const failed = await until(async () => {
      const { text } = await client.readResource('task://filter/failed');
      return (JSON.parse(text) as { readonly tasks: readonly TaskItem[] }).tasks[0];
    });
    expect(failed).toMatchObject({ id: 'task-001', attempts: 1, error: expect.stringContaining('lease') });
    const { text } = await client.callTool('claim_next_task');
    expect(JSON.parse(text)).not.toHaveProperty('task');
  },
);

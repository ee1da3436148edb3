import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { HeldTask, TaskItem } from '../../src/queue/task-item.ts';
import type { RetryAnswer, TaskAnswer, TaskStats, TasksAnswer } from '../../src/queue/task-queue.ts';
import { PROTOCOL_CLIENTS, type ProtocolClient } from '../support/protocol-client.ts';
import { relayFiles } from '../support/workflow-files.ts';
import { scenario, scenarioPerClient, scenarioPerProtocol } from './scenario.ts';

const PINNED_TOOLS = new URL('../pins/tools-tasks.json', import.meta.url);
const TASKS = { ORCHESTRATOR_TOOLSETS: 'tasks' };

interface Taken {
  readonly task?: HeldTask;
  readonly message: string;
}

scenarioPerClient(
  'a task from its adding to its end, by every tool',
  ['task-lifecycle', 'task-repeats', 'typed-errors', 'both-eras'],
  async (scratch, connect) => {
    await scratch.writeWorkflow('RELAY', relayFiles(['only_step']));
    const client = await scratch.connect(connect, TASKS);
    expect(await client.answer('get_next_task')).toEqual({
      message: 'The queue is empty. add_task puts something into it.',
    });

    const later = { description: 'Sweep.', priority: 7, request_id: 'sweep' };
    const added = await client.answer<TaskAnswer>('add_task', later);
    expect(added.task).toMatchObject({
      id: 'task-001',
      status: 'pending',
      priority: 7,
      attempts: 0,
      max_attempts: 3,
    });
    expect(await client.answer('add_task', later)).toEqual({ ...added, replayed: true });
    expect(await client.failure('add_task', { ...later, priority: 1 })).toMatchObject({
      error_code: 'REQUEST_ID_REUSED',
    });
    expect(await client.failure('add_task', { description: 'x', workflow_name: 'NOWHERE' })).toMatchObject({
      error_code: 'WORKFLOW_NOT_FOUND',
    });
    const first = await client.answer<TaskAnswer>('add_task', {
      description: 'Bake a cake.',
      priority: 1,
      max_attempts: 2,
      workflow_name: 'RELAY',
      context: { guests: 4 },
    });
    expect(first.task).toMatchObject({
      id: 'task-002',
      max_attempts: 2,
      workflow_name: 'RELAY',
      context: { guests: 4 },
    });
    expect(await client.answer<Taken>('get_next_task')).toMatchObject({
      task: { id: 'task-002', status: 'pending' },
    });

    const { task: cake, message } = await client.answer<Taken>('claim_next_task', { lease_seconds: 60 });
    expect(cake).toMatchObject({ id: 'task-002', status: 'in_progress', attempts: 1, fencing_token: 1 });
    expect(cake?.lease_expires_at).toMatch(/Z$/);
    // With the tools of workflows switched off, none of them is recommended.
    expect(message).toContain('RELAY');
    expect(message).not.toContain('start_workflow');
    expect(message).toContain('fencing_token 1');
    const renewed = await client.answer<Taken>('start_task', {
      task_id: 'task-002',
      fencing_token: 1,
      lease_seconds: 3_600,
    });
    expect(Date.parse(renewed.task?.lease_expires_at ?? '')).toBeGreaterThan(
      Date.parse(cake?.lease_expires_at ?? ''),
    );
    expect(await client.failure('complete_task', { task_id: 'task-002', result: 'Done.' })).toMatchObject({
      error_code: 'FENCING_TOKEN_REQUIRED',
      hint: expect.stringContaining('fencing_token'),
    });
    const failing = { task_id: 'task-002', reason: 'No eggs.', fencing_token: 1 };
    expect(await client.answer<TaskAnswer>('fail_task', failing)).toMatchObject({
      task: { status: 'failed', error: 'No eggs.' },
    });
    expect(await client.answer<TaskAnswer>('fail_task', failing)).toMatchObject({ replayed: true });
    expect(
      await client.answer<RetryAnswer>('retry_task', { task_id: 'task-002', feedback: 'Buy eggs.' }),
    ).toMatchObject({ retried: true, task: { status: 'pending', attempts: 1, feedback: 'Buy eggs.' } });
    const again = await client.answer<Taken>('start_task', { task_id: 'task-002' });
    expect(again.message).toContain('feedback');
    expect(again.task).not.toHaveProperty('lease_expires_at');
    expect(await client.answer<RetryAnswer>('retry_task', { task_id: 'task-002' })).toMatchObject({
      retried: false,
      task: { status: 'failed', attempts: 2 },
    });

    const sweep = await client.answer<Taken>('claim_next_task');
    const complete = {
      task_id: 'task-001',
      result: { swept: ['hall', null, { deep: 1 }] },
      fencing_token: sweep.task?.fencing_token,
    };
    const completed = await client.answer<TaskAnswer>('complete_task', complete);
    expect(completed.task).toMatchObject({ status: 'completed', result: complete.result });
    expect(await client.answer('complete_task', complete)).toEqual({ ...completed, replayed: true });
    expect(await client.failure('complete_task', { ...complete, result: 'other' })).toMatchObject({
      error_code: 'TASK_STATUS_INVALID',
      details: { task_id: 'task-001', status: 'completed' },
    });
    expect(await client.answer('claim_next_task')).toEqual({
      message:
        'No task is pending: 0 in progress, 1 completed, 1 failed (task-002). retry_task makes a failed task pending again, while it has attempts left.',
    });
    expect(await client.failure('start_task', { task_id: 'task-404' })).toMatchObject({
      error_code: 'TASK_NOT_FOUND',
    });

    expect(await client.answer('clear_completed')).toEqual({ cleared: 1 });
    expect(await client.answer('reset_all_tasks')).toEqual({ reset: 1 });
    expect(await client.answer<Taken>('get_next_task')).toMatchObject({
      task: { id: 'task-002', status: 'pending', attempts: 0 },
    });
  },
);

scenarioPerClient('batches, in full or not at all', ['task-batches'], async (scratch, connect) => {
  const client = await scratch.connect(connect, TASKS);
  expect(await client.failure('add_tasks_batch', { descriptions: ['Sow.', ' ', 'Reap.', ''] })).toMatchObject(
    {
      error_code: 'BATCH_REFUSED',
      details: {
        refused: 2,
        items: [
          { index: 1, error_code: 'INVALID_ARGUMENT' },
          { index: 3, error_code: 'INVALID_ARGUMENT' },
        ],
      },
    },
  );
  expect(await client.answer<Taken>('get_next_task')).not.toHaveProperty('task');

  const batch = { descriptions: ['Sow.', 'Water.', 'Reap.'], priority: 2, request_id: 'farm' };
  const { tasks } = await client.answer<TasksAnswer>('add_tasks_batch', batch);
  expect(tasks.map(({ id, priority }) => [id, priority])).toEqual([
    ['task-001', 2],
    ['task-002', 2],
    ['task-003', 2],
  ]);
  expect(await client.answer('add_tasks_batch', batch)).toEqual({ tasks, replayed: true });

  const { task: sown } = await client.answer<Taken>('claim_next_task');
  await client.answer('start_task', { task_id: 'task-002' });
  const ids = ['task-001', 'task-002', 'task-003', 'task-404'];
  expect(await client.failure('complete_tasks_batch', { task_ids: ids, result: 'Done.' })).toMatchObject({
    error_code: 'BATCH_REFUSED',
    details: {
      refused: 3,
      items: [
        { index: 0, error_code: 'FENCING_TOKEN_REQUIRED' },
        { index: 2, error_code: 'TASK_STATUS_INVALID' },
        { index: 3, error_code: 'TASK_NOT_FOUND' },
      ],
    },
  });
  const done = await client.answer<TasksAnswer>('complete_tasks_batch', {
    task_ids: ['task-001', 'task-002'],
    result: 'Done.',
    fencing_tokens: { 'task-001': sown?.fencing_token },
  });
  expect(done.tasks).toEqual([
    { id: 'task-001', status: 'completed', priority: 2, description: 'Sow.' },
    { id: 'task-002', status: 'completed', priority: 2, description: 'Water.' },
  ]);
});

scenarioPerProtocol(
  'the toolset offers the pinned tools, and is explained in the instructions',
  ['output-schemas', 'short-instructions'],
  async (scratch, open) => {
    const client = await scratch.connect(open, TASKS);
    expect(await client.listTools()).toEqual(JSON.parse(await readFile(PINNED_TOOLS, 'utf8')));
    expect(client.instructions).toMatch(/claim_next_task[\s\S]*complete_task/);
    expect(client.instructions?.split(/\s+/).length).toBeLessThan(150);
  },
);

interface TaskListing {
  readonly tasks: readonly TaskItem[];
  readonly more: boolean;
  readonly next_cursor?: string;
  readonly totals: Omit<TaskStats, 'breaker'>;
}

scenarioPerProtocol(
  'the queue is read as resources, and its statuses are completed',
  ['task-resources', 'completions-served'],
  async (scratch, open) => {
    const client = await scratch.connect(open, TASKS);
    const read = async <Content = TaskListing>(uri: string) => {
      const { mimeType, text } = await client.readResource(uri);
      expect(mimeType).toBe('application/json');
      return JSON.parse(text) as Content;
    };
    const ids = async (uri: string) => (await read(uri)).tasks.map(({ id }) => id);
    expect((await client.listResources()).map(({ uri }) => uri)).toEqual([
      'task://queue',
      'task://current',
      'task://stats',
      'task://pending',
      'task://completed',
    ]);
    expect((await client.listResourceTemplates()).map(({ uriTemplate }) => uriTemplate)).toEqual([
      'task://filter/{status}{?cursor}',
      'task://queue{?cursor}',
      'task://pending{?cursor}',
      'task://completed{?cursor}',
      'task://{task_id}',
    ]);
    expect(await read('task://queue')).toEqual({
      tasks: [],
      more: false,
      totals: { total: 0, pending: 0, in_progress: 0, completed: 0, failed: 0 },
    });

    await client.callTool('add_tasks_batch', { descriptions: ['a', 'b', 'c', 'd'] });
    await client.callTool('start_task', { task_id: 'task-002' });
    await client.callTool('complete_task', { task_id: 'task-002', result: 'Done.' });
    await client.callTool('start_task', { task_id: 'task-003' });
    await client.callTool('fail_task', { task_id: 'task-003', reason: 'No.' });
    await client.callTool('start_task', { task_id: 'task-004' });
    expect(await ids('task://queue')).toEqual(['task-001', 'task-002', 'task-003', 'task-004']);
    for (const [uri, id] of [
      ['task://current', 'task-004'],
      ['task://pending', 'task-001'],
      ['task://completed', 'task-002'],
      ['task://filter/pending', 'task-001'],
      ['task://filter/in_progress', 'task-004'],
      ['task://filter/completed', 'task-002'],
      ['task://filter/failed', 'task-003'],
    ] as const)
      expect([uri, await ids(uri)]).toEqual([uri, [id]]);
    const { text } = await client.readResource('task://current');
    expect(text).not.toContain('fencing_token');
    expect(await read<TaskStats>('task://stats')).toEqual({
      total: 4,
      pending: 1,
      in_progress: 1,
      completed: 1,
      failed: 1,
      breaker: { state: 'closed', failures_in_row: 0 },
    });
    expect(await read('task://task-003')).toMatchObject({ id: 'task-003', status: 'failed', error: 'No.' });
    for (const uri of [
      'task://filter/lost',
      'task://filter/',
      'task://queue/task-001',
      'task://',
      'task://task-404',
      'task://lost',
      'task://task-001?cursor=x',
      'task://stats?cursor=x',
      'task://queue?cursor=x',
      'task://queue?cursor=',
    ])
      await expect(client.readResource(uri), uri).rejects.toThrow();

    const statuses = (typed: string) =>
      client.completeResource('task://filter/{status}{?cursor}', 'status', typed);
    expect((await statuses('')).values).toEqual(['pending', 'in_progress', 'completed', 'failed']);
    expect((await statuses('IN')).values).toEqual(['in_progress']);

    await client.callTool('add_tasks_batch', { descriptions: Array.from({ length: 200 }, (_, i) => `${i}`) });
    const pending = await read('task://pending');
    expect(pending.tasks).toHaveLength(200);
    expect(pending).toMatchObject({ more: true, totals: { total: 204, pending: 201 } });
    for (const uri of ['task://pending', 'task://filter/pending']) {
      const rest = await read(`${uri}?cursor=${pending.next_cursor}`);
      expect(rest.tasks.map(({ id }) => id)).toEqual(['task-204']);
      expect(rest).toMatchObject({ more: false });
    }

    expect((await client.callTool('get_next_task')).text).toContain('In progress (task-004).');
  },
);

scenarioPerProtocol(
  'a watcher hears of what its own server changes',
  ['task-updates', 'updates-announced'],
  async (scratch, open) => {
    const client = await scratch.connect(open, TASKS);
    await client.watch(['task://stats', 'task://filter/pending']);
    await client.callTool('add_task', { description: 'Sweep.' });
    await client.announced('resource task://stats');
    await client.announced('resource task://filter/pending');
    expect(client.changes.filter((change) => change.includes('completed'))).toEqual([]);
  },
);

scenarioPerProtocol(
  'a watcher hears of what another process changes, and of nothing else that it writes',
  ['task-updates', 'updates-announced', 'several-processes'],
  async (scratch, open) => {
    await scratch.writeWorkflow('RELAY', relayFiles(['only_step']));
    const watcher = await scratch.connect(open, TASKS);
    const other = await scratch.connect(open, { ORCHESTRATOR_TOOLSETS: 'all' });
    await watcher.watch(['task://queue']);
    await watcher.readResource('task://queue');
    await other.callTool('start_workflow', { workflow_name: 'RELAY' });
    await other.callTool('add_task', { description: 'Sweep.' });
    await watcher.announced('resource task://queue');
    expect(await pendingIds(watcher)).toEqual(['task-001']);
    expect(watcher.changes).toEqual(['resource task://queue']);
  },
);

scenarioPerProtocol(
  'whoever watches one task hears of its changes, by whatever process, and not of those of others',
  ['task-updates', 'updates-announced', 'several-processes'],
  async (scratch, open) => {
    const watcher = await scratch.connect(open, TASKS);
    const other = await scratch.connect(open, TASKS);
    await watcher.callTool('add_tasks_batch', { descriptions: ['Sweep.', 'Mop.'] });
    await watcher.readResource('task://task-002');
    await watcher.watch(['task://task-002', 'task://stats']);
    await other.callTool('claim_next_task');
    await watcher.announced('resource task://stats');
    await expect.poll(async () => (await watcher.callTool('get_next_task')).text).toContain('task-002');
    expect(watcher.changes).not.toContain('resource task://task-002');
    await other.callTool('claim_next_task');
    await watcher.announced('resource task://task-002');
    const told = () => watcher.changes.filter((change) => change.endsWith('task-002')).length;
    expect(told()).toBe(1);
    await watcher.callTool('fail_task', { task_id: 'task-002', reason: 'No mop.', fencing_token: 1 });
    await expect.poll(told, { timeout: 5_000 }).toBe(2);
  },
);

scenario(
  'a client of the 2025 protocol is refused what nobody could tell it of',
  ['task-updates'],
  async (scratch) => {
    const client = await scratch.connect(PROTOCOL_CLIENTS['SDK 1.x'], TASKS);
    for (const uri of ['task://bogus', 'task://task-001', 'nothing://here'])
      await expect(client.watch([uri])).rejects.toThrow(uri);
    await client.callTool('add_task', { description: 'Sweep.' });
    await client.watch(['task://task-001']);
    await client.callTool('claim_next_task');
    await client.announced('resource task://task-001');
  },
);

scenarioPerProtocol(
  'a watcher hears of the end of a lease, though nobody asks for the queue',
  ['task-updates', 'updates-announced', 'several-processes'],
  async (scratch, open) => {
    const watcher = await scratch.connect(open, TASKS);
    const other = await scratch.connect(open, TASKS);
    await other.callTool('add_task', { description: 'Sweep.' });
    await watcher.watch(['task://current']);
    await watcher.readResource('task://current');
    await other.callTool('claim_next_task', { lease_seconds: 1 });
    await watcher.announced('resource task://current');
    const told = [...watcher.changes];
    // Nobody asks for the queue: asking would give the task back.
    await expect.poll(() => watcher.changes.length, { timeout: 5_000 }).toBeGreaterThan(told.length);
    expect(await pendingIds(watcher)).toEqual(['task-001']);
  },
);

scenarioPerProtocol(
  'a batch of large tasks is refused, and a listing of them fits into an answer',
  ['task-batches', 'task-resources'],
  async (scratch, open) => {
    const client = await scratch.connect(open, TASKS);
    const descriptions = Array.from({ length: 400 }, (_, index) => `Task ${index}.`);
    const context = { text: 'x'.repeat(1_000_000) };
    const refused = await client.callTool('add_tasks_batch', { descriptions, context });
    expect(JSON.parse(refused.text)).toMatchObject({
      error_code: 'TOO_LARGE',
      details: { bytes_max: 8 * 1024 * 1024 },
    });
    await client.callTool('add_tasks_batch', { descriptions: descriptions.slice(0, 8), context });
    const { text } = await client.readResource('task://queue');
    expect(text.length).toBeLessThan(10_000);
    const [task] = (JSON.parse(text) as TaskListing).tasks;
    expect(task).toMatchObject({ cut: ['context'], in_full: 'task://task-001' });
    expect(JSON.parse((await client.readResource('task://task-001')).text)).toMatchObject({ context });
  },
);

async function pendingIds(client: ProtocolClient): Promise<readonly string[]> {
  const { text } = await client.readResource('task://pending');
  return (JSON.parse(text) as TaskListing).tasks.map(({ id }) => id);
}

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../../../src/domain/errors.ts';
import { silentLogger } from '../../../src/domain/logger.ts';
import { createTaskQueue } from '../../../src/queue/create-task-queue.ts';
import { watchLeases } from '../../../src/queue/watch-leases.ts';
import { faultOf } from '../../support/fault-of.ts';
import { openQueue, type QueueOnFile } from '../../support/queue-on-file.ts';
import { DEFAULT_SAFETY } from '../../support/safety-settings.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

let file: QueueOnFile;

beforeEach(async () => {
  file = await openQueue({ folder: temporaryFolder() });
});

afterEach(() => file.close());

const queue = () => file.queue;
const MINUTE = 60_000;

describe('adding', () => {
  test('numbers tasks and fills in what was left out', async () => {
    const { task } = await queue().addTask({ description: 'Do it.', context: { a: [1, null] } });
    expect(task).toMatchObject({
      id: 'task-001',
      description: 'Do it.',
      status: 'pending',
      priority: 5,
      attempts: 0,
      max_attempts: 3,
      context: { a: [1, null] },
    });
    const batch = await queue().addTasks({ descriptions: ['One.', 'Two.'], priority: 1, maxAttempts: 7 });
    expect(batch.tasks).toMatchObject([
      { id: 'task-002', description: 'One.', priority: 1 },
      { id: 'task-003', description: 'Two.', priority: 1 },
    ]);
    expect((await queue().find('task-003')).max_attempts).toBe(7);
    expect(file.announced()).toBe(2);
  });

  test('a repeat is answered with the same tasks, whatever became of them; another call is refused', async () => {
    const call = { descriptions: ['One.', 'Two.'], requestId: 'key', context: { a: 1 } };
    const first = await queue().addTasks(call);
    await queue().start({ taskId: 'task-001' });
    const again = await queue().addTasks(call);
    expect(again.replayed).toBe(true);
    expect(again.tasks.map(({ id }) => id)).toEqual(first.tasks.map(({ id }) => id));
    expect((await queue().stats()).total).toBe(2);
    for (const other of [
      { ...call, descriptions: ['One.', 'Three.'] },
      { ...call, descriptions: ['Two.', 'One.'] },
      { ...call, priority: 1 },
      { ...call, context: { a: 2 } },
    ])
      expect((await faultOf(queue().addTasks(other))).code).toBe('REQUEST_ID_REUSED');
    expect((await queue().stats()).total).toBe(2);
  });

  test('a repeat adds nothing after its tasks were cleared away', async () => {
    const call = { descriptions: ['One.', 'Two.'], requestId: 'key' };
    await queue().addTasks(call);
    await queue().start({ taskId: 'task-001' });
    await queue().complete({ taskId: 'task-001', result: 1 });
    await queue().clearCompleted();
    const again = await queue().addTasks(call);
    expect(again).toEqual({
      replayed: true,
      tasks: [
        { id: 'task-001', status: 'completed', priority: 5, description: '(cleared)' },
        { id: 'task-002', status: 'pending', priority: 5, description: 'Two.' },
      ],
    });
    for (const descriptions of [['One.', 'Two.', 'Three.'], ['Two.'], ['Zero.', 'Two.']])
      expect((await faultOf(queue().addTasks({ ...call, descriptions }))).code).toBe('REQUEST_ID_REUSED');
    expect((await queue().stats()).total).toBe(1);
  });

  test('a batch may store so much, and no more: what its tasks share counts for each', async () => {
    const context = { a: 'x'.repeat(1024 * 1024 - 1_024) };
    const descriptions = Array.from({ length: 9 }, () => 'One.');
    const fault = await faultOf(queue().addTasks({ descriptions, context }));
    expect(fault).toMatchObject({ code: 'TOO_LARGE', details: { bytes_max: 8 * 1024 * 1024 } });
    expect((await queue().stats()).total).toBe(0);
    const { tasks } = await queue().addTasks({ descriptions: descriptions.slice(1), context });
    expect(tasks[0]).toEqual({ id: 'task-001', status: 'pending', priority: 5, description: 'One.' });
  });

  test('the answer to a batch cuts descriptions', async () => {
    const descriptions = ['x'.repeat(200), `${'x'.repeat(198)}😀xx`];
    const { tasks } = await queue().addTasks({ descriptions });
    expect(tasks.map(({ description }) => description)).toEqual(['x'.repeat(200), `${'x'.repeat(198)}…`]);
  });

  test('a batch is added as a whole or not at all, and each item that is wrong is named', async () => {
    const descriptions = ['Fine.', ' ', 'x'.repeat(64 * 1024 + 1), 'a\0b', '\ud800', 'Fine.'];
    const fault = await faultOf(queue().addTasks({ descriptions }));
    expect(fault).toMatchObject({
      code: 'BATCH_REFUSED',
      details: {
        refused: 4,
        items: [
          { index: 1, error_code: 'INVALID_ARGUMENT' },
          { index: 2, error_code: 'TOO_LARGE' },
          { index: 3, error_code: 'INVALID_ARGUMENT' },
          { index: 4, error_code: 'INVALID_ARGUMENT' },
        ],
      },
    });
    expect(fault.message).toContain('4 of 6 items');
    expect((await queue().stats()).total).toBe(0);
    expect(file.announced()).toBe(0);
  });

  test.each([
    ['an empty description', { description: '' }, 'INVALID_ARGUMENT'],
    ['a description of a byte too much', { description: `${'é'.repeat(32 * 1024)}x` }, 'TOO_LARGE'],
    ['priority 0', { description: 'x', priority: 0 }, 'INVALID_ARGUMENT'],
    ['priority 11', { description: 'x', priority: 11 }, 'INVALID_ARGUMENT'],
    ['priority 1.5', { description: 'x', priority: 1.5 }, 'INVALID_ARGUMENT'],
    ['no attempts', { description: 'x', maxAttempts: 0 }, 'INVALID_ARGUMENT'],
    ['101 attempts', { description: 'x', maxAttempts: 101 }, 'INVALID_ARGUMENT'],
    ['a huge context', { description: 'x', context: { a: 'x'.repeat(1024 * 1024) } }, 'TOO_LARGE'],
    [
      'an infinite number',
      { description: 'x', context: { a: Number.POSITIVE_INFINITY } },
      'INVALID_ARGUMENT',
    ],
    ['an unknown workflow', { description: 'x', workflowName: 'NOPE' }, 'WORKFLOW_NOT_FOUND'],
  ] as const)('%s is refused', async (_what, params, code) => {
    expect((await faultOf(queue().addTask(params))).code).toBe(code);
    expect((await queue().stats()).total).toBe(0);
  });

  test('takes what is just within the bounds', async () => {
    const description = 'x'.repeat(64 * 1024);
    expect((await queue().addTask({ description })).task.description).toBe(description);
    const descriptions = Array.from({ length: 1_000 }, (_, index) => `Task ${index}.`);
    expect((await queue().addTasks({ descriptions })).tasks).toHaveLength(1_000);
    expect((await faultOf(queue().addTasks({ descriptions: [...descriptions, 'x'] }))).code).toBe(
      'TOO_LARGE',
    );
    expect((await faultOf(queue().addTasks({ descriptions: [] }))).code).toBe('INVALID_ARGUMENT');
  });

  test('refuses a workflow with errors, and names them', async () => {
    const broken = createTaskQueue({
      tasks: file.stores.tasks,
      findWorkflow: async (name) => ({
        name,
        usable: false,
        diagnostics: [
          {
            ruleId: 'section-missing',
            severity: 'error',
            file: 'BROKEN/steps/one.md',
            place: { line: 3, column: 1, endLine: 3, endColumn: 2 },
            message: 'Expected a section',
            url: '',
          },
        ],
      }),
      clock: file.time.clock,
      limits: file.limits,
      changes: { announce() {} },
      breaker: DEFAULT_SAFETY,
    });
    const fault = await faultOf(broken.addTask({ description: 'x', workflowName: 'BROKEN' }));
    expect(fault.code).toBe('WORKFLOW_INVALID');
    expect(fault.message).toContain('BROKEN/steps/one.md:3:1: Expected a section');
    // The states of agents are no workflow, whatever their files are like.
    const states = await faultOf(broken.addTask({ description: 'x', workflowName: 'AGENT_STATES' }));
    expect(states.code).toBe('WORKFLOW_NOT_FOUND');
  });
});

describe('taking', () => {
  test('by priority, then by age; a peek takes nothing', async () => {
    await queue().addTask({ description: 'Last.', priority: 9 });
    await queue().addTask({ description: 'Second.' });
    await queue().addTask({ description: 'Third.' });
    await queue().addTask({ description: 'First.', priority: 1 });
    expect(await queue().peek()).toMatchObject({ description: 'First.', attempts: 0 });
    const taken = [];
    for (let n = 0; n < 5; n++) taken.push((await queue().claim({}))?.description);
    expect(taken).toEqual(['First.', 'Second.', 'Third.', 'Last.', undefined]);
    expect(await queue().peek()).toBeUndefined();
  });

  test('leases for as long as was asked for, within bounds', async () => {
    await file.add(['One.']);
    for (const leaseSeconds of [0, -1, 1.5, 86_401, Number.NaN])
      expect((await faultOf(queue().claim({ leaseSeconds }))).code).toBe('INVALID_ARGUMENT');
    const now = Date.parse(file.time.clock.now());
    const claimed = await queue().claim({ leaseSeconds: 86_400 });
    expect(Date.parse(claimed?.lease_expires_at ?? '')).toBe(now + 86_400_000);
    expect(claimed).toMatchObject({ attempts: 1, fencing_token: 1 });
  });

  test('a repeat gets the same task with its token, as long as it is held', async () => {
    await file.add(['One.', 'Two.', 'Three.']);
    const call = { leaseSeconds: 60, requestId: 'key' };
    const first = await queue().claim(call);
    expect(await queue().claim(call)).toEqual(first);
    expect((await queue().claim({ ...call, requestId: 'other' }))?.id).toBe('task-002');
    expect(first).not.toHaveProperty('claim_key');
    file.time.elapse(MINUTE);
    expect(await queue().claim(call)).toMatchObject({ id: 'task-001', attempts: 2 });
    await queue().complete({ taskId: 'task-001', result: 1, fencingToken: 3 });
    expect((await queue().claim(call))?.id).toBe('task-002');
    // Whoever takes it otherwise does not have it by that key.
    await queue().retry({ taskId: 'task-002' });
    await queue().start({ taskId: 'task-002' });
    expect((await queue().claim(call))?.id).toBe('task-003');
  });

  test('a repeat with another lease is refused, unless the lease was renewed since', async () => {
    await file.add(['One.', 'Two.']);
    const call = { leaseSeconds: 60, requestId: 'key' };
    const first = await queue().claim(call);
    const other = { ...call, leaseSeconds: 61 };
    expect(await faultOf(queue().claim(other))).toMatchObject({
      code: 'REQUEST_ID_REUSED',
      message: expect.stringContaining('other lease_seconds, which got task-001'),
    });
    expect((await faultOf(queue().claim({ requestId: 'key' }))).code).toBe('REQUEST_ID_REUSED');
    expect((await queue().stats()).pending).toBe(1);
    expect(await queue().claim(call)).toEqual(first);
    file.time.elapse(1);
    await queue().start({ taskId: 'task-001', fencingToken: first?.fencing_token, leaseSeconds: 600 });
    expect((await queue().claim(call))?.id).toBe('task-001');
  });

  test('only who holds a task sees its token', async () => {
    await file.add(['One.']);
    await queue().claim({});
    const { tasks } = await queue().list({});
    for (const item of [...tasks, ...(await queue().current()).tasks, await queue().find('task-001')])
      expect(item).not.toHaveProperty('fencing_token');
  });

  test('many workers at once get different tasks', async () => {
    await file.add(Array.from({ length: 20 }, (_, index) => `Task ${index}.`));
    const claims = await Promise.all(Array.from({ length: 25 }, () => queue().claim({})));
    const ids = claims.flatMap((task) => (task === undefined ? [] : [task.id]));
    expect(ids).toHaveLength(20);
    expect(new Set(ids).size).toBe(20);
  });
});

describe('the end of a lease', () => {
  test('is seen by the next claim; the old holder is fenced off', async () => {
    await file.add(['One.']);
    const old = await queue().claim({ leaseSeconds: 60 });
    expect(await queue().claim({})).toBeUndefined();
    file.time.elapse(MINUTE);
    const next = await queue().claim({ leaseSeconds: 60 });
    expect(next).toMatchObject({ id: 'task-001', attempts: 2 });
    expect(next?.fencing_token).toBeGreaterThan(old?.fencing_token ?? Number.NaN);

    const asOld = { taskId: 'task-001', fencingToken: old?.fencing_token };
    expect((await faultOf(queue().complete({ ...asOld, result: 'old' }))).code).toBe('LEASE_LOST');
    expect((await faultOf(queue().fail({ ...asOld, reason: 'old' }))).code).toBe('LEASE_LOST');
    expect((await faultOf(queue().start({ ...asOld, leaseSeconds: 60 }))).code).toBe('LEASE_LOST');
    const asNext = { taskId: 'task-001', fencingToken: next?.fencing_token };
    expect((await queue().complete({ ...asNext, result: 'new' })).task.result).toBe('new');
    expect((await faultOf(queue().complete({ ...asOld, result: 'new' }))).code).toBe('LEASE_LOST');
  });

  test.each(['peek', 'list', 'find', 'current', 'stats'] as const)('is seen by %s', async (reading) => {
    await file.add(['One.']);
    await queue().claim({ leaseSeconds: 60 });
    file.time.elapse(MINUTE - 1);
    const read = {
      peek: () => queue().peek(),
      list: () => queue().list({}),
      find: () => queue().find('task-001'),
      current: () => queue().current(),
      stats: () => queue().stats(),
    }[reading];
    await read();
    expect((await file.task('task-001')).status).toBe('in_progress');
    file.time.elapse(1);
    await read();
    expect((await file.task('task-001')).status).toBe('pending');
  });

  test('gives all back, however many, and announces it', async () => {
    await file.add(Array.from({ length: 250 }, (_, index) => `Task ${index}.`));
    for (let n = 0; n < 250; n++) await queue().claim({ leaseSeconds: 60 });
    file.time.elapse(MINUTE);
    const before = file.announced();
    expect(await queue().stats()).toMatchObject({ pending: 250, in_progress: 0 });
    expect(file.announced()).toBe(before + 3);
  });

  test('on the last attempt fails the task', async () => {
    await queue().addTask({ description: 'One.', maxAttempts: 2 });
    for (let attempt = 1; attempt <= 2; attempt++) {
      expect((await queue().claim({ leaseSeconds: 60 }))?.attempts).toBe(attempt);
      file.time.elapse(MINUTE);
    }
    expect(await queue().claim({})).toBeUndefined();
    expect(await queue().find('task-001')).toMatchObject({ status: 'failed', attempts: 2 });
  });

  test('does not keep anyone from reading while nothing can be written', async () => {
    await file.add(['One.']);
    await queue().claim({ leaseSeconds: 60 });
    file.time.elapse(MINUTE);
    const full = createTaskQueue({
      tasks: {
        ...file.stores.tasks,
        changeExpiredTasks: () => Promise.reject(new Fault('STORAGE_FULL', 'No room.')),
      },
      findWorkflow: async () => undefined,
      clock: file.time.clock,
      limits: file.limits,
      changes: { announce() {} },
      breaker: DEFAULT_SAFETY,
    });
    expect(await full.stats()).toMatchObject({ total: 1, in_progress: 1 });
    expect((await full.list({})).tasks).toHaveLength(1);
    expect((await faultOf(full.claim({}))).code).toBe('STORAGE_FULL');
  });
});

describe('ending', () => {
  test('a completion is kept, null included, and is safe to repeat', async () => {
    await file.add(['One.']);
    const held = await queue().claim({});
    const call = { taskId: 'task-001', result: null, fencingToken: held?.fencing_token };
    const first = await queue().complete(call);
    expect(first.task).toMatchObject({ status: 'completed', result: null });
    expect(first.replayed).toBeUndefined();
    const updatedAt = first.task.updated_at;
    file.time.elapse(MINUTE);
    expect(await queue().complete(call)).toMatchObject({ replayed: true, task: { updated_at: updatedAt } });
    expect((await faultOf(queue().complete({ ...call, result: 1 }))).code).toBe('TASK_STATUS_INVALID');
  });

  test('what is unknown, too large or malformed is refused', async () => {
    await file.add(['One.']);
    await queue().start({ taskId: 'task-001' });
    const complete = (result: string) => faultOf(queue().complete({ taskId: 'task-001', result }));
    expect((await complete('x'.repeat(256 * 1024 - 1))).code).toBe('TOO_LARGE');
    const fail = (reason: string) => faultOf(queue().fail({ taskId: 'task-001', reason }));
    expect((await fail('')).code).toBe('INVALID_ARGUMENT');
    expect((await fail('a\0b')).code).toBe('INVALID_ARGUMENT');
    expect((await fail('x'.repeat(64 * 1024 + 1))).code).toBe('TOO_LARGE');
    for (const taskId of ['task-002', 'nonsense', '', '\0'])
      expect((await faultOf(queue().complete({ taskId, result: 1 }))).code).toBe('TASK_NOT_FOUND');
    await queue().complete({ taskId: 'task-001', result: 'x'.repeat(256 * 1024 - 2) });
  });

  test('a batch is completed as a whole or not at all, and each item that is wrong is named', async () => {
    const ids = await file.add(['One.', 'Two.', 'Three.']);
    await queue().start({ taskId: 'task-001' });
    const held = await queue().claim({});
    const fault = await faultOf(queue().completeBatch({ taskIds: [...ids, 'task-009'], result: 'done' }));
    expect(fault).toMatchObject({
      code: 'BATCH_REFUSED',
      details: {
        refused: 3,
        items: [
          { index: 1, error_code: 'FENCING_TOKEN_REQUIRED' },
          { index: 2, error_code: 'TASK_STATUS_INVALID' },
          { index: 3, error_code: 'TASK_NOT_FOUND' },
        ],
      },
    });
    expect((await queue().stats()).completed).toBe(0);

    const call = {
      taskIds: ['task-002', 'task-001'],
      result: 'done',
      fencingTokens: { 'task-002': held?.fencing_token ?? 0 },
    };
    const done = await queue().completeBatch(call);
    expect(done.tasks.map(({ id, status }) => [id, status])).toEqual([
      ['task-002', 'completed'],
      ['task-001', 'completed'],
    ]);
    expect((await file.task('task-002')).result).toBe('done');
    expect(done.replayed).toBeUndefined();
    expect((await queue().completeBatch(call)).replayed).toBe(true);
  });

  test('a batch may store so much, and no more: its result counts for each task', async () => {
    const ids = await file.add(Array.from({ length: 33 }, (_, index) => `Task ${index}.`));
    for (const taskId of ids) await queue().start({ taskId });
    const result = 'x'.repeat(256 * 1024 - 2);
    expect((await faultOf(queue().completeBatch({ taskIds: ids, result }))).code).toBe('TOO_LARGE');
    expect((await queue().stats()).completed).toBe(0);
    expect((await queue().completeBatch({ taskIds: ids.slice(1), result })).tasks).toHaveLength(32);
  });

  test('a batch that names a task twice is refused, however it is written', async () => {
    await file.add(['One.', 'Two.']);
    await queue().start({ taskId: 'task-001' });
    const fault = await faultOf(
      queue().completeBatch({ taskIds: ['task-001', 'task-002', 'task-1'], result: 1 }),
    );
    expect(fault).toMatchObject({ code: 'BATCH_REFUSED', details: { items: [{ index: 2 }] } });
    expect((await file.task('task-001')).status).toBe('in_progress');
  });

  test('a retry says what came of it', async () => {
    await queue().addTask({ description: 'One.', maxAttempts: 2 });
    await queue().start({ taskId: 'task-001' });
    await queue().fail({ taskId: 'task-001', reason: 'No.' });
    expect(await queue().retry({ taskId: 'task-001', feedback: 'Better.' })).toMatchObject({
      retried: true,
      message: 'Task task-001 is pending again; 1 of 2 attempts are used.',
      task: { status: 'pending', feedback: 'Better.' },
    });
    await queue().start({ taskId: 'task-001' });
    const over = await queue().retry({ taskId: 'task-001' });
    expect(over).toMatchObject({ retried: false, task: { status: 'failed', attempts: 2 } });
    expect(over.message).toContain('max_attempts');
  });
});

describe('a retry that is sent again', () => {
  test('with other feedback is refused, and not lost in silence', async () => {
    await file.add(['One.']);
    await queue().start({ taskId: 'task-001' });
    const call = { taskId: 'task-001', feedback: 'Shorter.', requestId: 'key' };
    await queue().retry(call);
    for (const feedback of ['Longer.', undefined])
      expect(await faultOf(queue().retry({ ...call, feedback }))).toMatchObject({
        code: 'REQUEST_ID_REUSED',
        message: 'request_id "key" was used for a retry of this task with other feedback.',
      });
    expect(await queue().retry(call)).toMatchObject({ replayed: true, task: { feedback: 'Shorter.' } });
    const next = await queue().retry({ ...call, feedback: 'Longer.', requestId: 'other' });
    expect(next.task.feedback).toBe('Longer.');
  });

  test('with a key leaves the task to whoever has it by then', async () => {
    await queue().addTask({ description: 'One.', maxAttempts: 9 });
    await queue().start({ taskId: 'task-001' });
    const call = { taskId: 'task-001', feedback: 'Better.', requestId: 'key' };
    await queue().retry(call);
    expect(await queue().retry(call)).toMatchObject({ replayed: true, retried: true });
    const held = await queue().claim({});
    expect(await queue().retry(call)).toMatchObject({
      replayed: true,
      retried: true,
      message: 'Task task-001 is in_progress; 2 of 9 attempts are used.',
    });
    // Others go on, also without a key.
    await queue().retry({ taskId: 'task-001' });
    await queue().start({ taskId: 'task-001' });
    expect(await queue().retry(call)).toMatchObject({ replayed: true });
    expect((await file.task('task-001')).status).toBe('in_progress');
    expect((await queue().retry({ ...call, requestId: 'new' })).task.status).toBe('pending');
    expect(held?.fencing_token).toBeLessThan((await file.task('task-001')).fencingToken);
  });

  test('is known also where the task was pending already', async () => {
    await file.add(['One.']);
    await queue().start({ taskId: 'task-001' });
    await queue().retry({ taskId: 'task-001' });
    const call = { taskId: 'task-001', requestId: 'key' };
    await queue().retry(call);
    await queue().claim({});
    expect((await queue().retry(call)).task.status).toBe('in_progress');
  });
});

test('a lease that ends is announced though nobody reads, until it is no longer watched', async () => {
  const { clock, timers, elapse, untilNextTimer } = file.time;
  let told = 0;
  const changes = { announce: () => void told++ };
  const { tasks } = file.stores;
  const stop = watchLeases({ tasks, clock, timers, changes, logger: silentLogger });
  await file.add(['One.']);
  await queue().claim({ leaseSeconds: 1 });
  const pass = async (ms: number) => {
    elapse(ms);
    await expect.poll(untilNextTimer).toBeDefined();
  };
  await pass(500);
  expect(told).toBe(0);
  await pass(500);
  expect(told).toBe(1);
  expect((await file.task('task-001')).status).toBe('pending');
  await pass(500);
  expect(told).toBe(1);
  stop();
  expect(untilNextTimer()).toBeUndefined();
});

describe('looking after the queue', () => {
  test('a listing cuts what is large, and says where all of it is', async () => {
    const description = 'x'.repeat(5_000);
    await queue().addTask({ description, context: { a: description } });
    await queue().addTask({ description: 'Small.' });
    const { tasks } = await queue().list({});
    expect(tasks[0]).toMatchObject({ cut: ['description', 'context'], in_full: 'task://task-001' });
    expect(tasks[0]?.description).toBe(`${'x'.repeat(1_024)}…`);
    expect(tasks[0]?.context).toBeUndefined();
    expect(tasks[1]?.cut).toBeUndefined();
    expect((await queue().find('task-001')).context).toEqual({ a: description });
  });

  test('a listing has as many tasks as fit into an answer, and goes on', async () => {
    const limits = { ...file.limits, requestBytesMax: 20_000 };
    const { tasks } = file.stores;
    const small = createTaskQueue({
      tasks,
      findWorkflow: async () => undefined,
      clock: file.time.clock,
      limits,
      changes: { announce() {} },
      breaker: DEFAULT_SAFETY,
    });
    const ids = await file.add(Array.from({ length: 20 }, () => 'x'.repeat(4_000)));
    const first = await small.list({ limit: 20 });
    expect(first.tasks).toHaveLength(4);
    const next = await small.list({ limit: 20, cursor: first.next_cursor });
    expect(next.tasks[0]?.id).toBe(ids[4]);
  });

  test('pages through tasks by status', async () => {
    const ids = await file.add(['One.', 'Two.', 'Three.']);
    await queue().start({ taskId: 'task-002' });
    const first = await queue().list({ limit: 2 });
    const rest = await queue().list({ limit: 2, cursor: first.next_cursor });
    expect([...first.tasks, ...rest.tasks].map(({ id }) => id)).toEqual(ids);
    expect(rest.next_cursor).toBeUndefined();
    expect((await queue().list({ status: 'pending' })).tasks.map(({ id }) => id)).toEqual([
      'task-001',
      'task-003',
    ]);
    expect((await queue().current()).tasks.map(({ id }) => id)).toEqual(['task-002']);
    expect((await faultOf(queue().list({ limit: 0 }))).code).toBe('INVALID_ARGUMENT');
    expect((await faultOf(queue().list({ cursor: 'x' }))).code).toBe('INVALID_ARGUMENT');
    expect((await faultOf(queue().find('task-004'))).code).toBe('TASK_NOT_FOUND');
  });

  test('clears what is completed, and resets the rest with the circuit breaker', async () => {
    await file.add(['One.', 'Two.']);
    await queue().start({ taskId: 'task-001' });
    await queue().complete({ taskId: 'task-001', result: 1 });
    expect(await queue().clearCompleted()).toEqual({ cleared: 1 });
    await queue().start({ taskId: 'task-002' });
    await queue().fail({ taskId: 'task-002', reason: 'No.' });
    await file.stores.tasks.changeBreaker(() => ({
      state: 'open',
      failuresInRow: 5,
      openedAt: file.time.clock.now(),
    }));
    expect(await queue().stats()).toEqual({
      total: 1,
      pending: 0,
      in_progress: 0,
      completed: 0,
      failed: 1,
      breaker: { state: 'open', failures_in_row: 5, retry_after_seconds: 60 },
    });
    expect(await queue().resetAll()).toEqual({ reset: 1 });
    expect(await queue().stats()).toMatchObject({ pending: 1, breaker: { state: 'closed' } });
    expect(await queue().find('task-002')).toMatchObject({ status: 'pending', attempts: 0 });
  });
});

import { expect } from 'vitest';
import type { ScriptEntry } from '../../src/ai/stub/script-entry.ts';
import type { TaskStatus } from '../../src/domain/task.ts';
import type { RunResult } from '../../src/queue/run.ts';
import { connectV1 } from '../support/mcp-clients.ts';
import type { RawServer } from '../support/raw-server.ts';
import type { Scratch } from '../support/scratch.ts';
import { ALWAYS, FOREVER_MS, stubEnv } from '../support/stub-script.ts';
import { until } from '../support/until.ts';
import { scenario } from './scenario.ts';

type Env = Readonly<Record<string, string>>;

const SCRIPT: readonly ScriptEntry[] = [
  // Whoever gets one of these first is stuck with it.
  {
    task: 'trap',
    attempt: 1,
    delay_ms: FOREVER_MS,
    outcome: { status: 'success', result: 'too late' },
    times: ALWAYS,
  },
  { task: 'hopeless', outcome: { status: 'failure', error: 'There is no way.' }, times: ALWAYS },
];

interface TaskRow {
  readonly task_number: number;
  readonly status: TaskStatus;
  readonly attempts: number;
  readonly fencing_token: number;
}

const rows = (scratch: Scratch) =>
  scratch.query<TaskRow>(
    'SELECT task_number, status, attempts, fencing_token FROM tasks ORDER BY task_number',
  );

async function addTasks(scratch: Scratch, env: Env, batch: object): Promise<void> {
  const client = await scratch.connect(connectV1, env);
  await client.answer('add_tasks_batch', batch);
  await client.close();
}

function startWorker(scratch: Scratch, env: Env, ...flags: readonly string[]): RawServer {
  const worker = scratch.startServer({ args: ['work', '--json', ...flags], env });
  worker.endInput();
  return worker;
}

async function resultOf(worker: RawServer): Promise<RunResult> {
  await worker.exited;
  return JSON.parse(worker.lines.join('\n')) as RunResult;
}

scenario(
  'four workers empty a queue of 200; two are killed in the middle of a task, and none is lost or done twice',
  ['work-drains', 'lease-gives-back', 'one-claim'],
  async (scratch) => {
    const env = { ...(await stubEnv(scratch, SCRIPT)), TASK_LEASE_SECONDS: '2' };
    await addTasks(scratch, env, { descriptions: ['trap', 'trap'], priority: 1 });
    await addTasks(scratch, env, {
      descriptions: Array.from({ length: 198 }, (_, index) => `Task ${index}`),
    });

    const doomed = [startWorker(scratch, env, '--wait'), startWorker(scratch, env, '--wait')];
    await until(() => (trapped(scratch) === 2 ? true : undefined));
    const others = [startWorker(scratch, env, '--wait'), startWorker(scratch, env, '--wait')];
    await until(() => (rows(scratch).some(({ status }) => status === 'completed') ? true : undefined));
    for (const worker of doomed) worker.kill('SIGKILL');
    await until(() => (rows(scratch).every(({ status }) => status === 'completed') ? true : undefined));
    others[0]?.kill('SIGTERM');
    others[1]?.kill('SIGHUP');

    const results = await Promise.all(others.map(resultOf));
    expect(results.map(({ stopped_by }) => stopped_by)).toEqual(['cancelled', 'cancelled']);
    expect(results.reduce((sum, { completed }) => sum + completed, 0)).toBe(200);
    expect(await Promise.all(others.map(({ exited }) => exited))).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
    const [first, second, ...rest] = rows(scratch);
    expect([first?.attempts, second?.attempts]).toEqual([2, 2]);
    expect(rest.filter(({ attempts, fencing_token }) => attempts !== 1 || fencing_token !== 1)).toEqual([]);
  },
);

function trapped(scratch: Scratch): number {
  return rows(scratch).filter(({ status }) => status === 'in_progress').length;
}

scenario(
  'a worker that is told to end gives its task back, and says what it did',
  ['work-drains', 'orchestrator-stops'],
  async (scratch) => {
    const env = await stubEnv(scratch, SCRIPT);
    await addTasks(scratch, env, { descriptions: ['plain', 'trap', 'plain'] });
    const worker = startWorker(scratch, env);
    await until(() => rows(scratch).find(({ status }) => status === 'in_progress'));
    worker.kill('SIGINT');
    expect(await resultOf(worker)).toMatchObject({
      processed: 2,
      completed: 1,
      failed: 0,
      stopped_by: 'cancelled',
    });
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    expect(worker.stderr()).toContain('task-001, attempt 1 of 3: completed\n');
    expect(rows(scratch).map(({ status, attempts }) => [status, attempts])).toEqual([
      ['completed', 1],
      ['pending', 0],
      ['pending', 0],
    ]);
  },
);

scenario(
  'a worker ends when nothing is left, or at its bound; failed tasks are results, an open circuit breaker is trouble',
  ['work-drains', 'breaker-stops'],
  async (scratch) => {
    const env = { ...(await stubEnv(scratch, SCRIPT)), TASK_FAILURES_IN_ROW_MAX: '3' };
    const descriptions = ['plain', 'hopeless', 'plain', 'plain'];
    await addTasks(scratch, env, { descriptions, max_attempts: 1 });
    const bounded = startWorker(scratch, env, '--max-tasks', '3');
    expect(await resultOf(bounded)).toMatchObject({
      processed: 3,
      completed: 2,
      failed: 1,
      stopped_by: 'max_tasks',
    });
    const rest = startWorker(scratch, env);
    expect(await resultOf(rest)).toMatchObject({ processed: 1, completed: 1 });
    for (const worker of [bounded, rest]) expect(await worker.exited).toEqual({ code: 0, signal: null });

    await addTasks(scratch, env, {
      descriptions: Array.from({ length: 5 }, () => 'hopeless'),
      max_attempts: 1,
    });
    const stopped = startWorker(scratch, env);
    expect(await resultOf(stopped)).toMatchObject({ processed: 3, failed: 3, stopped_by: 'failures_in_row' });
    expect((await stopped.exited).code).toBe(1);
  },
);

scenario(
  'a worker without an AI provider says what is missing, and takes nothing',
  ['model-required', 'work-drains'],
  async (scratch) => {
    await addTasks(scratch, { ORCHESTRATOR_TOOLSETS: 'tasks' }, { descriptions: ['plain'] });
    const worker = startWorker(scratch, {});
    expect(await worker.exited).toEqual({ code: 2, signal: null });
    expect(worker.stderr()).toContain('AI_PROVIDER');
    expect(rows(scratch)).toMatchObject([{ status: 'pending', attempts: 0 }]);
  },
);

import { describe, expect, test } from 'vitest';
import type { RunParams, RunResult } from '../../../src/queue/run.ts';
import { STOP_REASONS } from '../../../src/queue/safety.ts';
import { runCommand } from './command-line.ts';

const RESULT: RunResult = { processed: 3, completed: 2, failed: 1, attempts: 5, elapsed_seconds: 1.25 };

/** Runs the command with a worker that tells of two attempts, the second with an escape sequence, and ends so. */
async function work(argv: readonly string[], result: Partial<RunResult> = {}) {
  let params: RunParams | undefined;
  let closed = 0;
  const { signal } = new AbortController();
  const finished = await runCommand(['work', ...argv], {
    deps: {
      stopSignal: () => signal,
      openWorker: async () => ({
        async run(given) {
          params = given;
          given.onAttempt?.('task-001, attempt 1 of 3: completed');
          given.onAttempt?.('task-002, attempt 1 of 3: rejected: \u001b[2Jno');
          return { ...RESULT, ...result };
        },
        close: async () => void closed++,
      }),
    },
  });
  return { ...finished, params, closed, signal };
}

test('tells of each attempt, then prints what came of all', async () => {
  const { stdout, stderr, exitCode, params, closed, signal } = await work([]);
  expect(stderr.split('\n')).toEqual([
    'task-001, attempt 1 of 3: completed',
    'task-002, attempt 1 of 3: rejected: \uFFFD[2Jno',
    '',
  ]);
  expect(stdout).toBe('3 tasks: 2 completed, 1 failed, in 5 attempts and 1.25 s.\n');
  expect(exitCode).toBe(0);
  expect(params).toMatchObject({ maxTasks: undefined, waitForMore: undefined });
  expect(params?.signal).toBe(signal);
  expect(closed).toBe(1);
});

test('--json prints the result as the tool answers it, and nothing else on standard output', async () => {
  const { stdout } = await work(['--json'], { stopped_by: 'max_tasks' });
  expect(JSON.parse(stdout)).toEqual({ ...RESULT, stopped_by: 'max_tasks' });
});

test('--max-tasks and --wait reach the run', async () => {
  const { params } = await work(['--max-tasks', '7', '--wait']);
  expect(params).toMatchObject({ maxTasks: 7, waitForMore: true });
});

test('says which database it is, where nothing is to be done in it', async () => {
  const { stdout } = await work([], { processed: 0, completed: 0, failed: 0, attempts: 0 });
  expect(stdout.split('\n')[1]).toBe('No task was pending in /runs/workflows.sqlite.');
  const idle = { processed: 0, in_progress: 2, next_lease_ends_at: '2026-01-01T00:05:00.000Z' };
  expect((await work([], idle)).stdout.split('\n')[2]).toBe(
    '2 in progress elsewhere: the next lease ends at 2026-01-01T00:05:00.000Z.',
  );
  const { stderr } = await work(['--wait']);
  expect(stderr.split('\n')[0]).toBe('Waiting for tasks in /runs/workflows.sqlite.');
});

test('tells the bound of --max-tasks', async () => {
  const { exitCode, stderr, closed } = await work(['--max-tasks=1001']);
  expect({ exitCode, closed }).toEqual({ exitCode: 2, closed: 0 });
  expect(stderr).toContain('whole number from 1 to 1000');
  expect((await work(['--help'])).stdout).toContain('up to 1000');
});

test.each(['0', '-1', 'many', '1.5'])('--max-tasks %s is a usage error', async (count) => {
  const { exitCode, stderr, closed } = await work([`--max-tasks=${count}`]);
  expect({ exitCode, closed }).toEqual({ exitCode: 2, closed: 0 });
  expect(stderr).toContain('whole number from 1');
});

describe('what stopped it', () => {
  test.each(STOP_REASONS)('%s is said', async (stopped_by) => {
    const { stdout } = await work([], { stopped_by, retry_after_seconds: 42 });
    const [, reason] = stdout.split('\n');
    expect(reason).toMatch(/^Stopped/);
  });

  test.each(['failures_in_row', 'breaker_open'] as const)('%s is exit code 1', async (stopped_by) => {
    const { stdout, exitCode } = await work([], { stopped_by, retry_after_seconds: 42 });
    expect(exitCode).toBe(1);
    expect(stdout).toContain('in 42 s');
  });

  test.each(['max_tasks', 'iterations', 'seconds', 'cancelled'] as const)(
    '%s is exit code 0',
    async (stopped_by) => {
      expect((await work([], { stopped_by })).exitCode).toBe(0);
    },
  );
});

test('the worker is closed when its run fails', async () => {
  let closed = 0;
  const { exitCode, stderr } = await runCommand(['work'], {
    deps: {
      openWorker: async () => ({
        run: async () => Promise.reject(new Error('The disk is gone.')),
        close: async () => void closed++,
      }),
    },
  });
  expect({ exitCode, closed }).toEqual({ exitCode: 1, closed: 1 });
  expect(stderr).toContain('The disk is gone.');
});

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ScriptEntry } from '../../src/ai/stub/script-entry.ts';
import type { Answer } from '../../src/engine/answer.ts';
import type { RunResult } from '../../src/queue/run.ts';
import type { TaskItem } from '../../src/queue/task-item.ts';
import type { TaskAnswer, TaskStats } from '../../src/queue/task-queue.ts';
import { connectRawV1, connectRawV2, connectV1 } from '../support/mcp-clients.ts';
import { PROTOCOL_CLIENTS, type ProtocolClient } from '../support/protocol-client.ts';
import type { Scratch } from '../support/scratch.ts';
import { ALWAYS, FOREVER_MS, stubEnv } from '../support/stub-script.ts';
import { until } from '../support/until.ts';
import { scenario, scenarioPerClient, scenarioPerProtocol } from './scenario.ts';

const WORKFLOWS = new URL('../../workflows', import.meta.url).pathname;

interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

interface CallerOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: Progress) => void;
}

/** A client with what the SDK offers for a call that takes long. */
interface Caller {
  call(name: string, args?: object, options?: CallerOptions): Promise<unknown>;
  close(): Promise<void>;
}

type Connect = (scratch: Scratch, env: Readonly<Record<string, string>>) => Promise<Caller>;

const callerV1: Connect = (scratch, env) =>
  scratch.connect(async (params) => {
    const { client } = await connectRawV1(params);
    return {
      call: async (name: string, args: object = {}, options?: CallerOptions) =>
        (await client.callTool({ name, arguments: { ...args } }, undefined, options)).structuredContent,
      close: () => client.close(),
    };
  }, env);

const callerV2: Connect = (scratch, env) =>
  scratch.connect(async (params) => {
    const { client } = await connectRawV2(params);
    return {
      call: async (name: string, args: object = {}, options?: CallerOptions) =>
        (await client.callTool({ name, arguments: { ...args } }, options)).structuredContent,
      close: () => client.close(),
    };
  }, env);

const CALLERS = { 'SDK 1.x': callerV1, 'SDK 2.x on 2026-07-28': callerV2 } as const;

/** Tasks that are called so are done at once, at the second attempt, or never. */
const KINDS: readonly ScriptEntry[] = [
  { task: 'hopeless', outcome: { status: 'failure', error: 'There is no way.' }, times: ALWAYS },
  { task: 'polish', attempt: 1, judgement: { accepted: false, feedback: 'Brighter.' }, times: ALWAYS },
];

scenarioPerProtocol(
  'fifty tasks: accepted, rejected and then accepted, failed for good; each is counted',
  ['orchestrator-counts'],
  async (scratch, open) => {
    const client = await scratch.connect(open, await stubEnv(scratch, KINDS));
    // Two failures of one, one rejection of the next: never so many in a row that the circuit breaker opens.
    const kinds = ['hopeless', 'plain', 'polish', 'plain', 'plain'];
    const descriptions = Array.from({ length: 50 }, (_, index) => `${kinds[index % 5]} ${index}`);
    await call(client, 'add_tasks_batch', { descriptions, max_attempts: 2 });

    const partly = await call<RunResult>(client, 'run_orchestrator');
    expect(partly).toMatchObject({
      processed: 10,
      completed: 8,
      failed: 2,
      attempts: 14,
      stopped_by: 'max_tasks',
    });
    const rest = await call<RunResult>(client, 'run_orchestrator', { max_tasks: 50 });
    expect(rest).toMatchObject({ processed: 40, completed: 32, failed: 8, attempts: 56 });
    expect(rest).not.toHaveProperty('stopped_by');
    expect(rest.elapsed_seconds).toBeGreaterThan(0);
    expect(await call<RunResult>(client, 'run_orchestrator')).toMatchObject({ processed: 0, attempts: 0 });

    expect(await stats(client)).toMatchObject({
      total: 50,
      completed: 40,
      failed: 10,
      pending: 0,
      in_progress: 0,
    });
    const failed = await tasksOf(client, 'failed');
    expect(failed.map(({ attempts }) => attempts)).toEqual(Array.from({ length: 10 }, () => 2));
    expect(failed[0]?.error).toContain('There is no way.');
    const polished = (await tasksOf(client, 'completed')).filter(({ description }) =>
      description.startsWith('polish'),
    );
    expect(polished.map(({ attempts }) => attempts)).toEqual(Array.from({ length: 10 }, () => 2));
  },
);

for (const [name, connect] of Object.entries(CALLERS))
  scenario(
    `${name}: progress grows with every message, up to the tasks that are done with`,
    ['orchestrator-progress'],
    async (scratch) => {
      const caller = await connect(scratch, await stubEnv(scratch, KINDS));
      const descriptions = ['plain', 'polish', 'plain', 'hopeless'];
      await caller.call('add_tasks_batch', { descriptions, max_attempts: 2 });
      const told: Progress[] = [];
      await caller.call('run_orchestrator', {}, { onprogress: (progress) => told.push(progress) });
      const numbers = told.map(({ progress }) => progress);
      expect(numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0))).toBe(true);
      expect(told.at(-1)).toMatchObject({ progress: 4, total: 10 });
      expect(told.map(({ message }) => message)).toEqual(
        expect.arrayContaining([
          'task-001, attempt 1 of 2: completed',
          'task-002, attempt 1 of 2: rejected: Brighter.',
          'task-002, attempt 2 of 2: completed',
          'task-004, attempt 2 of 2: failed: There is no way.',
        ]),
      );
    },
  );

for (const [name, connect] of Object.entries(CALLERS))
  scenario(
    `${name}: a run that is cancelled gives the task in hand back, with its attempt`,
    ['orchestrator-stops', 'stops-when-cancelled'],
    async (scratch) => {
      const hang: ScriptEntry = {
        task: 'hang',
        delay_ms: FOREVER_MS,
        outcome: { status: 'success', result: 'too late' },
        times: ALWAYS,
      };
      const caller = await connect(scratch, await stubEnv(scratch, [hang]));
      await caller.call('add_tasks_batch', { descriptions: ['plain', 'hang', 'plain'] });
      const cancel = new AbortController();
      const cancelled = caller.call(
        'run_orchestrator',
        {},
        {
          signal: cancel.signal,
          onprogress: ({ message }) => {
            if (message?.startsWith('task-002')) cancel.abort();
          },
        },
      );
      await expect(cancelled).rejects.toThrow();
      const returned = await until(async () => {
        const { task } = (await caller.call('get_next_task')) as { readonly task?: TaskItem };
        return task?.id === 'task-002' ? task : undefined;
      });
      expect(returned).toMatchObject({ status: 'pending', attempts: 0 });
    },
  );

scenario(
  'a client that goes away in the middle of a run: the task is given back at once, whatever its lease',
  ['orchestrator-stops', 'ends-with-its-client'],
  async (scratch) => {
    const hang: ScriptEntry = {
      delay_ms: FOREVER_MS,
      outcome: { status: 'success', result: 'too late' },
      times: ALWAYS,
    };
    const server = scratch.startServer({
      env: { ...(await stubEnv(scratch, [hang])), TASK_LEASE_SECONDS: '86400' },
    });
    await server.initialize();
    await server.callTool('add_task', { description: 'Wait.' });
    server.send('tools/call', { name: 'run_orchestrator', arguments: {}, _meta: { progressToken: 1 } });
    await until(async () => server.lines.find((line) => line.includes('notifications/progress')));
    server.endInput();
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(scratch.query('SELECT status, attempts FROM tasks')).toEqual([{ status: 'pending', attempts: 0 }]);
  },
);

scenario(
  'too many failures in a row stop the run; kill -9 and a restart change nothing about that, a reset does',
  ['breaker-stops'],
  async (scratch) => {
    const env = {
      ...(await stubEnv(scratch, KINDS)),
      TASK_FAILURES_IN_ROW_MAX: '3',
      TASK_BREAKER_COOLDOWN_SECONDS: '3600',
    };
    const first = await scratch.connect(connectV1, env);
    const descriptions = Array.from({ length: 10 }, (_, index) => `hopeless ${index}`);
    await first.answer('add_tasks_batch', { descriptions, max_attempts: 1 });
    const stopped = await first.answer<RunResult>('run_orchestrator');
    expect(stopped).toMatchObject({
      processed: 3,
      completed: 0,
      failed: 3,
      attempts: 3,
      stopped_by: 'failures_in_row',
    });
    expect(stopped.retry_after_seconds).toBeGreaterThan(3_500);
    await first.kill();

    const second = await scratch.connect(PROTOCOL_CLIENTS['SDK 2.x on 2026-07-28'], env);
    expect(await call<RunResult>(second, 'run_orchestrator')).toMatchObject({
      processed: 0,
      attempts: 0,
      stopped_by: 'breaker_open',
    });
    expect((await stats(second)).breaker).toMatchObject({ state: 'open', failures_in_row: 3 });
    expect(await call(second, 'get_next_task')).toMatchObject({ task: { id: 'task-004', attempts: 0 } });

    await call(second, 'reset_all_tasks');
    expect((await stats(second)).breaker).toEqual({ state: 'closed', failures_in_row: 0 });
    expect(await call<RunResult>(second, 'run_orchestrator', { max_tasks: 2 })).toMatchObject({
      processed: 2,
      failed: 2,
      stopped_by: 'max_tasks',
    });
  },
);

scenario(
  'an attempt on trial closes the circuit breaker once its cool-down is over',
  ['breaker-stops'],
  async (scratch) => {
    const env = {
      ...(await stubEnv(scratch, KINDS)),
      TASK_FAILURES_IN_ROW_MAX: '1',
      TASK_BREAKER_COOLDOWN_SECONDS: '1',
    };
    const client = await scratch.connect(connectV1, env);
    await client.answer('add_tasks_batch', { descriptions: ['hopeless', 'plain', 'plain'], max_attempts: 1 });
    expect(await client.answer<RunResult>('run_orchestrator')).toMatchObject({
      attempts: 1,
      stopped_by: 'failures_in_row',
      retry_after_seconds: 1,
    });
    const result = await until(async () => {
      const run = await client.answer<RunResult>('run_orchestrator');
      return run.stopped_by === 'breaker_open' ? undefined : run;
    });
    expect(result).toMatchObject({ processed: 2, completed: 2 });
  },
);

scenarioPerClient(
  'a task with a workflow is done by a run of it',
  ['workflow-tasks'],
  async (scratch, connect) => {
    await scratch.copyWorkflows(WORKFLOWS);
    const env = { ...(await stubEnv(scratch)), ORCHESTRATOR_TOOLSETS: 'all' };
    const client = await scratch.connect(connect, env);
    await client.answer('add_task', {
      description: 'A joke for the party.',
      workflow_name: 'JOKE_GENERATOR',
    });
    expect(await client.answer<RunResult>('run_orchestrator')).toMatchObject({
      processed: 1,
      completed: 1,
      attempts: 1,
    });
    const [task] = scratch.query<{ result: string; instance_id: string }>(
      'SELECT result, instance_id FROM tasks',
    );
    const result = JSON.parse(task?.result ?? '') as { readonly instance_id: string; readonly steps: number };
    expect(result.instance_id).toBe(task?.instance_id);
    const run = await client.answer<Answer>('get_workflow_status', { instance_id: result.instance_id });
    expect(run).toMatchObject({
      workflow_name: 'JOKE_GENERATOR',
      status: 'COMPLETED',
      revision: result.steps,
    });
  },
);

scenario(
  'a command judges, is told all of the task, and sees none of the keys',
  ['verify-command', 'key-stays-secret'],
  async (scratch) => {
    const seen = join(scratch.folder, 'seen.jsonl');
    const judge = join(scratch.folder, 'judge results.mjs');
    await writeFile(judge, JUDGE);
    const canary = 'canary-8d1f3c';
    const client = await scratch.connect(connectV1, {
      ...(await stubEnv(scratch)),
      TASK_VERIFY_COMMAND: JSON.stringify([process.execPath, judge, seen]),
      AI_SERVICE_API_KEY: canary,
      GEMINI_API_KEY: canary,
      AI_SERVICE_ENDPOINT: `https://me:${canary}@example.com/v1`,
      MY_OWN_TOKEN: canary,
    });
    await client.answer('add_task', { description: 'Paint the fence.', context: { colour: 'green' } });
    expect(await client.answer<RunResult>('run_orchestrator')).toMatchObject({ completed: 1, attempts: 2 });
    const text = await readFile(seen, 'utf8');
    expect(text).not.toContain(canary);
    const judged = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Judged);
    expect(judged.map(({ input }) => input)).toMatchObject([
      { task: { id: 'task-001', context: { colour: 'green' }, attempts: 1 }, result: expect.any(String) },
      { task: { attempts: 2, feedback: 'A second coat.' } },
    ]);
    expect(judged[0]?.env).toContain('PATH');
  },
);

interface Judged {
  readonly input: unknown;
  readonly env: readonly string[];
}

/** Rejects first attempts; writes down what it gets to see. */
const JUDGE = `
import { appendFileSync, readFileSync } from 'node:fs';
const input = JSON.parse(readFileSync(0, 'utf8'));
const env = Object.entries(process.env).flat();
appendFileSync(process.argv[2], JSON.stringify({ input, env }) + '\\n');
if (input.task.attempts < 2) {
  console.log('A second coat.');
  process.exitCode = 1;
}
`;

scenario(
  'the folder that a server is started in cannot name a program to be run',
  ['verify-command-from-env', 'all-problems-at-once'],
  async (scratch) => {
    await writeFile(join(scratch.folder, '.env'), 'TASK_VERIFY_COMMAND=./anything\nTASK_LEASE_SECONDS=0\n');
    const server = scratch.startServer();
    expect(await server.exited).toMatchObject({ code: 2 });
    expect(server.stderr()).toContain('TASK_VERIFY_COMMAND (in .env): A .env file cannot name a program');
    expect(server.stderr()).toContain('TASK_LEASE_SECONDS (in .env): "0" is not a number of seconds');
  },
);

scenarioPerClient(
  'without an AI provider the orchestrator says so, and clients do the tasks',
  ['model-required', 'client-decides'],
  async (scratch, connect) => {
    const client = await scratch.connect(connect, { ORCHESTRATOR_TOOLSETS: 'tasks' });
    await client.answer('add_task', { description: 'Sweep.' });
    expect(await client.failure('run_orchestrator')).toMatchObject({
      error_code: 'MODEL_REQUIRED',
      retryable: false,
      hint: expect.stringMatching(/claim_next_task.*AI_PROVIDER.*USE_STUB_AI_CLIENT=true/),
    });
    await client.answer('start_task', { task_id: 'task-001' });
    expect(
      await client.answer<TaskAnswer>('complete_task', { task_id: 'task-001', result: 'Swept.' }),
    ).toMatchObject({ task: { status: 'completed', attempts: 1 } });
  },
);

async function call<Result>(client: ProtocolClient, name: string, args: object = {}): Promise<Result> {
  const { isError, text } = await client.callTool(name, args);
  if (isError) throw new Error(`${name} failed: ${text}`);
  return JSON.parse(text) as Result;
}

async function stats(client: ProtocolClient): Promise<TaskStats> {
  return JSON.parse((await client.readResource('task://stats')).text) as TaskStats;
}

async function tasksOf(client: ProtocolClient, status: string): Promise<readonly TaskItem[]> {
  const { text } = await client.readResource(`task://filter/${status}`);
  return (JSON.parse(text) as { readonly tasks: readonly TaskItem[] }).tasks;
}

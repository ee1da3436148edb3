import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Performer } from '../../../src/ai/performer.ts';
import type { ScriptEntry } from '../../../src/ai/stub/script-entry.ts';
import { createStubPerformer } from '../../../src/ai/stub-performer.ts';
import { Fault } from '../../../src/domain/errors.ts';
import type { Judgement } from '../../../src/domain/judgement.ts';
import { silentLogger } from '../../../src/domain/logger.ts';
import { createCommandVerifier } from '../../../src/queue/command-verifier.ts';
import type { Executor } from '../../../src/queue/executor.ts';
import { createIdleOrchestrator } from '../../../src/queue/orchestrator.ts';
import type { RunParams, RunProgress } from '../../../src/queue/run.ts';
import type { Verifier } from '../../../src/queue/verifier.ts';
import type { TaskStore } from '../../../src/store/task-store.ts';
import { faultOf } from '../../support/fault-of.ts';
import { openQueue, type QueueOnFile } from '../../support/queue-on-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { definition, step } from '../../support/test-engine.ts';

const LINE = definition([
  step('one', { transitions: [{ to: 'two' }] }),
  step('two', { transitions: [{ to: 'FINISH' }] }),
]);

let folder: string;
let file: QueueOnFile;

beforeEach(async () => {
  folder = temporaryFolder();
  file = await openQueue({ folder, definition: LINE });
});

afterEach(() => file.close());

const always = 1_000;
const reject = (task: string, feedback = 'No.'): ScriptEntry => ({
  task,
  judgement: { accepted: false, feedback },
  times: always,
});
const impossible: ScriptEntry = {
  task: 'impossible',
  outcome: { status: 'failure', error: 'Cannot be done.' },
  times: always,
};

describe('a run over the queue', () => {
  test('completes, sends back with feedback, and fails what cannot be done: in exact numbers', async () => {
    const kinds = [
      'plain',
      'revise',
      'plain',
      'hopeless',
      'plain',
      'plain',
      'impossible',
      'plain',
      'revise',
      'plain',
    ];
    await file.add(Array.from({ length: 50 }, (_, index) => `Task ${index}: ${kinds[index % 10]}.`));
    const heard: RunProgress[] = [];
    const result = await file
      .orchestrator({
        script: [{ ...reject('revise', 'Shorter.'), attempt: 1 }, reject('hopeless'), impossible],
      })
      .run({ maxTasks: 50, onProgress: (progress) => heard.push(progress) });

    expect(result).toEqual({
      processed: 50,
      completed: 40,
      failed: 10,
      attempts: 30 + 10 * 2 + 10 * 3,
      elapsed_seconds: 0,
    });
    expect(await file.queue.stats()).toMatchObject({ completed: 40, failed: 10, pending: 0, in_progress: 0 });

    // Doing and verifying and what came of it; what failed was not verified.
    expect(heard).toHaveLength(30 * 3 + 10 * 6 + 5 * 9 + 5 * 6);
    const values = heard.map(({ progress }) => progress);
    expect(values.every((value, index) => value > (values[index - 1] ?? 0))).toBe(true);
    expect(values.at(-1)).toBe(50);
    expect(new Set(heard.map(({ total }) => total))).toEqual(new Set([50]));
    expect(heard.slice(3, 10).map(({ message }) => message)).toEqual([
      'task-002, attempt 1 of 3: doing the task',
      'task-002, attempt 1 of 3: verifying the result',
      'task-002, attempt 1 of 3: rejected: Shorter.',
      'task-002, attempt 2 of 3: doing the task',
      'task-002, attempt 2 of 3: verifying the result',
      'task-002, attempt 2 of 3: completed',
      'task-003, attempt 1 of 3: doing the task',
    ]);

    expect(await file.queue.find('task-001')).toMatchObject({
      status: 'completed',
      attempts: 1,
      result: 'The stub did task-001: Task 0: plain.',
    });
    expect(await file.queue.find('task-002')).toMatchObject({ status: 'completed', attempts: 2 });
    expect(await file.queue.find('task-004')).toMatchObject({
      status: 'failed',
      attempts: 3,
      feedback: 'No.',
      error: 'The result was rejected: No. All 3 attempts are used up (max_attempts).',
    });
    expect(await file.queue.find('task-007')).toMatchObject({
      status: 'failed',
      attempts: 3,
      error: 'Cannot be done. All 3 attempts are used up (max_attempts).',
    });
  });

  test('hands feedback to the next attempt', async () => {
    await file.add(['revise']);
    const stub = createStubPerformer({ script: [{ ...reject('revise', 'Shorter.'), attempt: 1 }] });
    const briefs: unknown[] = [];
    const performer: Performer = {
      ...stub,
      doTask(request, options) {
        briefs.push(request.task);
        return stub.doTask(request, options);
      },
    };
    await file.orchestrator({ performer }).run({ maxTasks: 10 });
    expect(briefs).toEqual([
      { id: 'task-001', description: 'revise', attempt: 1 },
      { id: 'task-001', description: 'revise', attempt: 2, feedback: 'Shorter.' },
    ]);
  });

  test('works on as many different tasks as it may, each to its end', async () => {
    await file.add(['revise', 'plain', 'plain']);
    const orchestrator = file.orchestrator({ script: [{ ...reject('revise'), attempt: 1 }] });
    expect(await orchestrator.run({ maxTasks: 2 })).toMatchObject({
      processed: 2,
      completed: 2,
      attempts: 3,
      stopped_by: 'max_tasks',
    });
    const last = await orchestrator.run({ maxTasks: 1 });
    expect(last).toMatchObject({ processed: 1, completed: 1 });
    expect(last).toHaveProperty('stopped_by', undefined);
    expect(await orchestrator.run({ maxTasks: 1 })).toMatchObject({ processed: 0, attempts: 0 });
    for (const maxTasks of [0, 1_001, 1.5])
      expect((await faultOf(orchestrator.run({ maxTasks }))).code).toBe('INVALID_ARGUMENT');
  });

  test('two at once share the queue: no task is done twice', async () => {
    await file.add(Array.from({ length: 30 }, (_, index) => `Task ${index}.`));
    const other = await openQueue({ folder, time: file.time });
    const results = await Promise.all([file, other].map((each) => each.orchestrator().run({ maxTasks: 30 })));
    await other.close();
    expect(results.map(({ processed }) => processed).reduce((a, b) => a + b)).toBe(30);
    expect(results.every(({ processed }) => processed > 0)).toBe(true);
    expect(results.map(({ attempts }) => attempts).reduce((a, b) => a + b)).toBe(30);
    expect(await file.queue.stats()).toMatchObject({ completed: 30 });
  });

  test('announces what it changes, and bears listeners that fail', async () => {
    await file.add(['plain']);
    const before = file.announced();
    const onProgress = () => {
      throw new Error('a listener that fails');
    };
    expect(await file.orchestrator().run({ maxTasks: 1, onProgress })).toMatchObject({ completed: 1 });
    expect(file.announced()).toBe(before + 2);
  });

  test('that finds nothing pending says what others work on, and until when', async () => {
    await file.add(['plain', 'plain']);
    const held = await file.queue.claim({ leaseSeconds: 100 });
    await file.queue.start({ taskId: 'task-002' });
    expect(await file.orchestrator().run({})).toMatchObject({
      processed: 0,
      in_progress: 2,
      next_lease_ends_at: held?.lease_expires_at,
    });
  });

  test('without anyone to carry tasks out says so', async () => {
    expect((await faultOf(createIdleOrchestrator().run({}))).code).toBe('MODEL_REQUIRED');
  });
});

describe('while work takes long', () => {
  test.each(['doing the task', 'verifying the result'])(
    'what was said last is repeated, in growing numbers: %s',
    async (what) => {
      await file.add(['plain']);
      const slowly = async () => {
        for (let second = 0; second < 16; second++) file.time.elapse(1_000);
      };
      const stub = createStubPerformer();
      const performer: Performer = {
        ...stub,
        async doTask(request, options) {
          if (what === 'doing the task') await slowly();
          return stub.doTask(request, options);
        },
        async judge(request, options) {
          if (what === 'verifying the result') await slowly();
          return stub.judge(request, options);
        },
      };
      const heard: RunProgress[] = [];
      await file.orchestrator({ performer }).run({ onProgress: (progress) => heard.push(progress) });
      const ofThat = heard.filter(({ message }) => message === `task-001, attempt 1 of 3: ${what}`);
      expect(ofThat).toHaveLength(4);
      const values = heard.map(({ progress }) => progress);
      expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
      expect(file.time.untilNextTimer()).toBeUndefined();
    },
  );

  test('nothing is repeated after a run that failed', async () => {
    await file.add(['plain']);
    await faultOf(file.orchestrator({ tasks: failing(() => true) }).run({}));
    expect(file.time.untilNextTimer()).toBeUndefined();
  });
});

describe('safety', () => {
  test('the circuit breaker stops a run, keeps others from starting, and lets one try later', async () => {
    await file.add(['impossible', 'impossible', 'plain']);
    const orchestrator = file.orchestrator({ script: [impossible] });
    expect(await orchestrator.run({ maxTasks: 10 })).toMatchObject({
      processed: 2,
      completed: 0,
      failed: 1,
      attempts: 5,
      stopped_by: 'failures_in_row',
      retry_after_seconds: 60,
    });
    expect(await orchestrator.run({ maxTasks: 10 })).toMatchObject({
      processed: 0,
      attempts: 0,
      stopped_by: 'breaker_open',
      retry_after_seconds: 60,
    });
    file.time.elapse(60_000);
    expect(await orchestrator.run({ maxTasks: 10 })).toMatchObject({
      processed: 1,
      failed: 1,
      attempts: 1,
      stopped_by: 'failures_in_row',
    });
    file.time.elapse(60_000);
    expect(await orchestrator.run({ maxTasks: 10 })).toMatchObject({ processed: 1, completed: 1 });
    expect(await file.stores.tasks.findBreaker()).toEqual({ state: 'closed', failuresInRow: 0 });
  });

  test('an open breaker outlasts a restart', async () => {
    await file.add(['impossible', 'impossible']);
    await file.orchestrator({ script: [impossible] }).run({ maxTasks: 10 });
    await file.close();
    file = await openQueue({ folder, time: file.time });
    expect(await file.orchestrator().run({ maxTasks: 10 })).toMatchObject({ stopped_by: 'breaker_open' });
  });

  test('is not asked for a task that the run may not take', async () => {
    await file.add(['plain', 'plain']);
    const orchestrator = file.orchestrator({ safety: { iterationsMax: 1 } });
    expect(await orchestrator.run({ maxTasks: 1 })).toMatchObject({ stopped_by: 'max_tasks' });
  });

  test('attempts are bounded', async () => {
    await file.add(['plain', 'plain', 'plain']);
    expect(await file.orchestrator({ safety: { iterationsMax: 2 } }).run({ maxTasks: 10 })).toMatchObject({
      processed: 2,
      attempts: 2,
      stopped_by: 'iterations',
    });
  });

  test('seconds are bounded, in the middle of a task too, which costs it no attempt', async () => {
    await file.add(['slow', 'slow', 'slow']);
    const script: ScriptEntry[] = [
      { task: 'slow', outcome: { status: 'success', result: 1 }, delay_ms: 20_000, times: always },
    ];
    const result = await file.orchestrator({ script, safety: { runMsMax: 30_000 } }).run({ maxTasks: 10 });
    expect(result).toMatchObject({ processed: 2, completed: 1, attempts: 2, stopped_by: 'seconds' });
    expect(result.elapsed_seconds).toBe(40);
    expect(await file.task('task-002')).toMatchObject({ status: 'pending', attempts: 0, runNumber: 1 });
  });
});

describe('an attempt on trial', () => {
  /** The breaker has cooled down, and two tasks wait. */
  async function coolDown() {
    await file.add(['impossible', 'plain']);
    await file.stores.tasks.changeBreaker(() => ({
      state: 'open',
      failuresInRow: 5,
      openedAt: file.time.clock.now(),
    }));
    file.time.elapse(60_000);
  }

  test('that outlasts its lease many times keeps the others waiting', async () => {
    await coolDown();
    const others: unknown[] = [];
    const executor: Executor = {
      async execute() {
        for (let beat = 0; beat < 10; beat++) {
          file.time.elapse(20_000);
          await new Promise(setImmediate);
        }
        others.push(await file.orchestrator().run({}));
        return { status: 'success', result: 1 };
      },
    };
    expect(await file.orchestrator({ executor }).run({ maxTasks: 1 })).toMatchObject({ completed: 1 });
    expect(others).toMatchObject([{ processed: 0, stopped_by: 'breaker_open' }]);
  });

  test('whose worker is lost keeps nobody waiting for longer than its lease', async () => {
    await coolDown();
    const worker = file.orchestrator({ executor: { execute: () => new Promise(() => {}) } });
    void worker.run({});
    while ((await file.queue.stats()).in_progress === 0) await new Promise(setImmediate);
    expect(await file.orchestrator().run({})).toMatchObject({ retry_after_seconds: 60 });
    const later = await openQueue({ folder, time: laterBy(60_000) });
    expect(await later.orchestrator().run({ maxTasks: 1 })).toMatchObject({ completed: 1 });
    await later.close();
  });

  test.each(['claimed', 'ended'])('that cannot be %s is left to the next one', async (what) => {
    await coolDown();
    const fault = new Fault('STORAGE_BUSY', 'Injected.');
    const broken: Partial<TaskStore> =
      what === 'claimed' ? { claimTask: () => Promise.reject(fault) } : failing(() => true);
    const tasks = { ...file.stores.tasks, ...broken };
    expect((await faultOf(file.orchestrator({ tasks }).run({}))).code).toBe('STORAGE_BUSY');
    expect(await file.orchestrator().run({ maxTasks: 1 })).toMatchObject({ completed: 1 });
  });
});

describe('cancelling', () => {
  test('between tasks leaves the rest alone', async () => {
    await file.add(['plain', 'plain', 'plain']);
    const cancel = new AbortController();
    const result = await file.orchestrator().run({
      maxTasks: 10,
      signal: cancel.signal,
      onProgress: ({ message }) => message.endsWith('completed') && cancel.abort(),
    });
    expect(result).toMatchObject({ processed: 1, completed: 1, attempts: 1, stopped_by: 'cancelled' });
    expect(await file.queue.stats()).toMatchObject({ completed: 1, pending: 2 });
    expect(await file.orchestrator().run({ maxTasks: 10, signal: cancel.signal })).toMatchObject({
      processed: 0,
      stopped_by: 'cancelled',
    });
  });

  test('inside of a step gives the task back, and the next run goes on with the same instance', async () => {
    await file.queue.addTask({ description: 'books', workflowName: 'TEST' });
    const cancel = new AbortController();
    const stub = createStubPerformer();
    const steps: string[] = [];
    const performer: Performer = {
      ...stub,
      carryOutStep(request, options) {
        steps.push(request.stepName);
        if (steps.length === 2) cancel.abort();
        return stub.carryOutStep(request, options);
      },
    };
    const orchestrator = file.orchestrator({ performer });
    expect(await orchestrator.run({ maxTasks: 10, signal: cancel.signal })).toMatchObject({
      processed: 1,
      completed: 0,
      failed: 0,
      stopped_by: 'cancelled',
    });
    const [instance] = (await file.engine.listInstances({})).instances;
    const given = await file.task('task-001');
    expect(given).toMatchObject({ status: 'pending', attempts: 0, instanceId: instance?.instance_id });
    expect((await file.stores.tasks.findBreaker()).failuresInRow).toBe(0);

    expect(await orchestrator.run({ maxTasks: 10 })).toMatchObject({ processed: 1, completed: 1 });
    expect(steps).toEqual(['one', 'two', 'two']);
    expect((await file.engine.listInstances({})).instances).toHaveLength(1);
    expect(await file.queue.find('task-001')).toMatchObject({
      attempts: 1,
      result: { instance_id: instance?.instance_id, steps: 2 },
    });
  });

  test('while a result is verified gives the task back', async () => {
    await file.add(['plain']);
    const cancel = new AbortController();
    const result = await file.orchestrator().run({
      maxTasks: 10,
      signal: cancel.signal,
      onProgress: ({ message }) => message.endsWith('verifying the result') && cancel.abort(),
    });
    expect(result).toMatchObject({ processed: 1, completed: 0, stopped_by: 'cancelled' });
    expect(await file.task('task-001')).toMatchObject({ status: 'pending', attempts: 0 });
  });

  test('an executor that takes the abort for a failure costs the task nothing', async () => {
    await file.add(['plain']);
    const cancel = new AbortController();
    const executor: Executor = {
      async execute() {
        cancel.abort();
        return { status: 'failure', error: 'I was stopped.' };
      },
    };
    await file.orchestrator({ executor }).run({ maxTasks: 10, signal: cancel.signal });
    expect(await file.task('task-001')).toMatchObject({ status: 'pending', attempts: 0 });
  });
});

describe('faults', () => {
  const fault = (
    perform: 'task' | 'step' | 'judge',
    code: NonNullable<ScriptEntry['fault']>['code'],
    times = always,
  ): ScriptEntry => ({ perform, fault: { code }, times });

  test.each(['AI_UNAVAILABLE', 'AI_TIMEOUT', 'AI_RATE_LIMITED', 'AI_MISCONFIGURED'] as const)(
    'an outage (%s) uses up no attempt and stops the run',
    async (code) => {
      await file.add(['plain', 'plain']);
      expect(await file.orchestrator({ script: [fault('task', code)] }).run({ maxTasks: 10 })).toMatchObject({
        processed: 1,
        completed: 0,
        failed: 0,
        attempts: 5,
        stopped_by: 'failures_in_row',
      });
      expect(await file.task('task-001')).toMatchObject({ status: 'pending', attempts: 0, runNumber: 1 });
      expect((await file.task('task-001')).error).toContain(code);
    },
  );

  test.each(['AI_SAFETY_BLOCKED', 'AI_INVALID_DECISION'] as const)('%s is the task’s own', async (code) => {
    await file.add(['plain']);
    expect(await file.orchestrator({ script: [fault('task', code)] }).run({ maxTasks: 10 })).toMatchObject({
      processed: 1,
      failed: 1,
      attempts: 3,
    });
    expect((await file.task('task-001')).error).toContain(code);
  });

  test('a fault in the middle of a workflow does not undo it', async () => {
    await file.queue.addTask({ description: 'books', workflowName: 'TEST' });
    const script: ScriptEntry[] = [{ ...fault('step', 'AI_SAFETY_BLOCKED', 1), step: 'two' }];
    expect(await file.orchestrator({ script }).run({})).toMatchObject({ completed: 1, attempts: 2 });
    expect(await file.task('task-001')).toMatchObject({ attempts: 2, runNumber: 1 });
    expect((await file.engine.listInstances({})).instances).toMatchObject([{ revision: 2 }]);
  });

  test('without a verdict the attempt counts, and what was done is not done again', async () => {
    await file.queue.addTask({ description: 'books', workflowName: 'TEST' });
    const orchestrator = file.orchestrator({ script: [fault('judge', 'AI_INVALID_DECISION', 2)] });
    expect(await orchestrator.run({ maxTasks: 10 })).toMatchObject({ completed: 1, attempts: 3 });
    expect(await file.task('task-001')).toMatchObject({ status: 'completed', attempts: 3, runNumber: 1 });
    expect((await file.engine.listInstances({})).instances).toMatchObject([{ revision: 2 }]);
  });

  test('an outage while a result is judged uses up no attempt; only the judging is done again', async () => {
    await file.queue.addTask({ description: 'books', workflowName: 'TEST' });
    const stub = createStubPerformer({ script: [fault('judge', 'AI_UNAVAILABLE', 5)] });
    const steps: string[] = [];
    const performer: Performer = {
      ...stub,
      carryOutStep(request, options) {
        steps.push(request.stepName);
        return stub.carryOutStep(request, options);
      },
    };
    const orchestrator = file.orchestrator({ performer });
    expect(await orchestrator.run({})).toMatchObject({
      failed: 0,
      attempts: 5,
      stopped_by: 'failures_in_row',
    });
    expect(await file.task('task-001')).toMatchObject({ status: 'pending', attempts: 0, runNumber: 1 });
    expect((await file.task('task-001')).error).toContain('AI_UNAVAILABLE');
    file.time.elapse(60_000);
    expect(await orchestrator.run({})).toMatchObject({ completed: 1 });
    expect(steps).toEqual(['one', 'two']);
  });

  describe('a verifying command that cannot be started', () => {
    /** Judges by a file of this name, and counts how often the work is done. */
    function judgedBy(name: string) {
      const command = [join(folder, name)] as const;
      let executions = 0;
      const tooOften = new AbortController();
      const executor: Executor = {
        async execute() {
          if (++executions > 3) tooOften.abort();
          return { status: 'success', result: 'Done.' };
        },
      };
      const verifier = createCommandVerifier({
        command,
        env: {},
        timeoutMs: 1_000,
        timers: file.time.timers,
      });
      const { run } = file.orchestrator({ verifier, executor });
      return {
        run: (params: RunParams) => run({ ...params, signal: tooOften.signal }),
        executions: () => executions,
      };
    }

    test.each([{}, { waitForMore: true }])('is noticed before a task is taken: %o', async (params) => {
      await file.add(['plain']);
      const { run, executions } = judgedBy('missing');
      const fault = await faultOf(run(params));
      expect(fault).toMatchObject({ code: 'VERIFIER_UNAVAILABLE' });
      expect(fault.message).toContain(
        `(TASK_VERIFY_COMMAND) could not be started: there is no file ${folder}`,
      );
      expect(executions()).toBe(0);
      expect(await file.task('task-001')).toMatchObject({ status: 'pending', attempts: 0 });
      expect((await file.stores.tasks.findBreaker()).failuresInRow).toBe(0);
    });

    test('because it vanished during the work costs that attempt, and no other is begun', async () => {
      await file.add(['plain', 'plain']);
      writeFileSync(join(folder, 'judge'), '#!/bin/sh\n', { mode: 0o755 });
      const { run, executions } = judgedBy('judge');
      const vanish = { onProgress: () => rmSync(join(folder, 'judge'), { force: true }) };
      expect((await faultOf(run(vanish))).code).toBe('VERIFIER_UNAVAILABLE');
      expect(executions()).toBe(1);
      const task = await file.task('task-001');
      expect(task).toMatchObject({ status: 'pending', attempts: 1, runNumber: 1 });
      expect(task.error).toContain('There is no verdict on the result. VERIFIER_UNAVAILABLE');
    });

    test('though it is there lets the work be done as often as there are attempts', async () => {
      await file.add(['plain']);
      writeFileSync(join(folder, 'judge'), '#!/nowhere/sh\n', { mode: 0o755 });
      const { run, executions } = judgedBy('judge');
      expect(await run({})).toMatchObject({ failed: 1, attempts: 3 });
      expect(executions()).toBe(3);
      expect((await file.task('task-001')).error).toContain('the program that its first line names');
    });
  });

  test.each([{}, null, 'yes', { accepted: false }, { accepted: false, feedback: ' ' }, { accepted: 'true' }])(
    'a verifier that answers %o has no verdict',
    async (garbage) => {
      await file.add(['plain']);
      const verifier = { verify: async () => garbage as Judgement };
      expect(await file.orchestrator({ verifier }).run({ maxTasks: 10 })).toMatchObject({
        failed: 1,
        attempts: 3,
      });
      expect((await file.task('task-001')).error).toContain('There is no verdict');
    },
  );

  test('a rejected workflow begins anew; a failed one too', async () => {
    await file.queue.addTask({ description: 'books', workflowName: 'TEST' });
    await file.orchestrator({ script: [{ ...reject('books'), attempt: 1 }] }).run({ maxTasks: 10 });
    expect(await file.task('task-001')).toMatchObject({ status: 'completed', attempts: 2, runNumber: 2 });
    expect((await file.engine.listInstances({})).instances).toHaveLength(2);
  });

  test('a reset in the middle of a run ends that run when the next one begins', async () => {
    await file.queue.addTask({ description: 'books', workflowName: 'TEST' });
    const stub = createStubPerformer();
    let resets = 0;
    const performer: Performer = {
      ...stub,
      async carryOutStep(request, options) {
        if (resets++ === 0) await file.queue.resetAll();
        return stub.carryOutStep(request, options);
      },
    };
    expect(await file.orchestrator({ performer }).run({})).toMatchObject({ completed: 1, attempts: 2 });
    const { instances } = await file.engine.listInstances({});
    expect(instances.map(({ status }) => status).sort()).toEqual(['CANCELLED', 'COMPLETED']);
  });

  test('a verifier sees that the last report of a run is a failure', async () => {
    await file.queue.addTask({ description: 'books', workflowName: 'TEST' });
    const seen: unknown[] = [];
    const verifier: Verifier = {
      async verify(_task, result) {
        seen.push(result);
        return { accepted: false, feedback: 'It failed.' };
      },
    };
    const script: ScriptEntry[] = [
      { step: 'two', report: { status: 'failure', error: 'nope' }, times: always },
    ];
    await file.orchestrator({ script, verifier }).run({});
    expect(seen).toHaveLength(3);
    expect(seen[0]).toMatchObject({ status: 'failure', result: 'nope' });
  });

  test('a task that is wrong in itself is failed at once', async () => {
    await file.queue.addTask({ description: 'books', workflowName: 'TEST' });
    file.definitions.current = undefined;
    expect(await file.orchestrator().run({ maxTasks: 10 })).toMatchObject({ failed: 1, attempts: 1 });
    expect(await file.task('task-001')).toMatchObject({ status: 'failed', attempts: 1 });
  });

  test('a result that cannot be kept is a failed attempt', async () => {
    await file.add(['plain']);
    const executor: Executor = {
      execute: async () => ({ status: 'success', result: 'x'.repeat(256 * 1024) }),
    };
    await file.orchestrator({ executor }).run({ maxTasks: 10 });
    expect((await file.task('task-001')).error).toContain('TOO_LARGE');
  });

  test('texts that cannot be stored are mended', async () => {
    await file.add(['plain']);
    const executor: Executor = {
      execute: async () => ({ status: 'failure', error: `a\0b\ud800${'é'.repeat(40_000)}` }),
    };
    await file.orchestrator({ executor }).run({ maxTasks: 10 });
    const { error = '' } = await file.task('task-001');
    expect(error.startsWith('a\ufffdb\ufffdé')).toBe(true);
    expect(error).toContain('é… All 3 attempts');
  });

  test('what nobody expected is logged, and costs an attempt', async () => {
    await file.add(['plain']);
    const errors: string[] = [];
    const executor: Executor = { execute: () => Promise.reject(new TypeError('x is not a function')) };
    const logger = { ...silentLogger, error: (message: string) => errors.push(message) };
    expect(await file.orchestrator({ executor, logger }).run({ maxTasks: 10 })).toMatchObject({ failed: 1 });
    expect(errors).toHaveLength(3);
    expect((await file.task('task-001')).error).toContain('x is not a function');
  });
});

describe('leases', () => {
  /** Lets time pass while it works; what it awaits is the heartbeat's write. */
  const working = (work: Executor['execute']): Executor => ({ execute: work });

  test('are renewed while a task is worked on', async () => {
    await file.add(['plain']);
    let other: unknown = 'never asked';
    const executor = working(async () => {
      for (let beat = 0; beat < 10; beat++) {
        file.time.elapse(20_000);
        await new Promise(setImmediate);
      }
      other = await file.queue.claim({});
      return { status: 'success', result: 1 };
    });
    expect(await file.orchestrator({ executor }).run({ maxTasks: 1 })).toMatchObject({ completed: 1 });
    expect(other).toBeUndefined();
    expect(file.time.untilNextTimer()).toBeUndefined();
  });

  test.each(['by the heartbeat', 'between steps'])(
    'a loss is noticed %s; nothing is counted',
    async (how) => {
      await file.add(['plain']);
      let execution = 0;
      const executor = working(async (_task, { signal, renewLease }) => {
        execution += 1;
        if (execution > 1) return { status: 'success', result: 'second' };
        await file.queue.retry({ taskId: 'task-001' });
        if (how === 'between steps') await renewLease();
        file.time.elapse(20_000);
        while (!signal.aborted) await new Promise(setImmediate);
        return { status: 'success', result: 'first' };
      });
      const heard: string[] = [];
      const onProgress = ({ message }: RunProgress) => heard.push(message);
      expect(await file.orchestrator({ executor }).run({ maxTasks: 1, onProgress })).toMatchObject({
        processed: 1,
        completed: 1,
        failed: 0,
        attempts: 2,
      });
      expect(heard).toEqual([
        'task-001, attempt 1 of 3: lost to another worker',
        'task-001, attempt 2 of 3: verifying the result',
        'task-001, attempt 2 of 3: completed',
      ]);
      expect(await file.queue.find('task-001')).toMatchObject({ result: 'second', attempts: 2 });
      expect((await file.stores.tasks.findBreaker()).failuresInRow).toBe(0);
    },
  );

  test('a worker that was away too long cannot complete what another one has', async () => {
    await file.add(['plain']);
    const executor = working(async () => {
      // As if the process had stood still: no timer of its own fires, and others go on.
      const awake = await openQueue({ folder, time: laterBy(60_000) });
      await awake.orchestrator().run({ maxTasks: 1 });
      await awake.close();
      return { status: 'success', result: 'late' };
    });
    expect(await file.orchestrator({ executor }).run({ maxTasks: 1 })).toMatchObject({
      processed: 1,
      completed: 0,
      attempts: 1,
    });
    expect((await file.task('task-001')).result).toContain('The stub did');
  });

  test('whoever takes over goes on with the same instance', async () => {
    await file.queue.addTask({ description: 'books', workflowName: 'TEST' });
    const stub = createStubPerformer();
    const steps: string[] = [];
    const seen: (string | undefined)[] = [];
    const performer: Performer = {
      ...stub,
      async carryOutStep(request, options) {
        steps.push(`first: ${request.stepName}`);
        seen.push((await file.queue.current()).tasks[0]?.instance_id);
        if (request.stepName === 'one') return stub.carryOutStep(request, options);
        const awake = await openQueue({ folder, time: laterBy(60_000), definition: LINE });
        const second: Performer = {
          ...stub,
          carryOutStep(again, more) {
            steps.push(`second: ${again.stepName}`);
            return stub.carryOutStep(again, more);
          },
        };
        await awake.orchestrator({ performer: second }).run({});
        await awake.close();
        return stub.carryOutStep(request, options);
      },
    };
    expect(await file.orchestrator({ performer }).run({})).toMatchObject({ processed: 1, completed: 0 });
    expect(steps).toEqual(['first: one', 'first: two', 'second: two']);
    const [instance, ...others] = (await file.engine.listInstances({})).instances;
    expect(others).toEqual([]);
    expect(seen).toEqual([instance?.instance_id, instance?.instance_id]);
    expect(instance).toMatchObject({ status: 'COMPLETED', revision: 2 });
    expect(await file.task('task-001')).toMatchObject({
      status: 'completed',
      attempts: 2,
      instanceId: instance?.instance_id,
      result: { instance_id: instance?.instance_id },
    });
  });

  test('one that cannot be renewed until it is over counts as lost', async () => {
    await file.add(['plain']);
    let out = false;
    const aborted: boolean[] = [];
    const executor = working(async (_task, { signal }) => {
      out = true;
      for (let beat = 0; beat < 3; beat++) {
        file.time.elapse(20_000);
        await new Promise(setImmediate);
        aborted.push(signal.aborted);
      }
      out = false;
      return { status: 'success', result: 1 };
    });
    const tasks = failing(() => out);
    expect(await file.orchestrator({ executor, tasks, safety: { iterationsMax: 1 } }).run({})).toMatchObject({
      processed: 1,
      completed: 0,
      stopped_by: 'iterations',
    });
    expect(aborted).toEqual([false, false, true]);
    expect(await file.task('task-001')).toMatchObject({ status: 'pending', attempts: 1 });
  });
});

describe('a store that fails', () => {
  test('is tried again, before what was done is lost', async () => {
    await file.add(['plain']);
    let failures = 3;
    const tasks = failing(() => failures-- > 0);
    expect(await file.orchestrator({ tasks }).run({ maxTasks: 1 })).toMatchObject({ completed: 1 });
    expect(file.time.sleeps).toEqual([100, 500, 2_000]);
  });

  test('that does not recover ends the run; the lease gives the task back', async () => {
    await file.add(['plain']);
    const fault = await faultOf(file.orchestrator({ tasks: failing(() => true) }).run({ maxTasks: 1 }));
    expect(fault.code).toBe('STORAGE_BUSY');
    file.time.elapse(60_000);
    expect(await file.queue.peek()).toMatchObject({ id: 'task-001', attempts: 1 });
  });
});

describe('a run that waits', () => {
  test('polls for more until it is cancelled', async () => {
    const cancel = new AbortController();
    const { timers } = file.time;
    const sleep = timers.sleep;
    let polls = 0;
    timers.sleep = async (ms, signal) => {
      polls += 1;
      if (polls === 3) await file.add(['plain', 'plain']);
      if (polls === 5) cancel.abort();
      return sleep(ms, signal);
    };
    const run = file.orchestrator({ pollMs: 1_500, safety: { iterationsMax: 1, runMsMax: 1 } });
    const heard: RunProgress[] = [];
    const result = await run.run({
      waitForMore: true,
      signal: cancel.signal,
      onProgress: (progress) => heard.push(progress),
    });
    expect(result).toMatchObject({ processed: 2, completed: 2, stopped_by: 'cancelled' });
    expect(file.time.sleeps).toEqual([1_500, 1_500, 1_500, 1_500, 1_500]);
    expect(heard[0]).not.toHaveProperty('total', expect.any(Number));
  });

  test.each([1, 2])('ends when as many tasks as it may are done with, of %s', async (maxTasks) => {
    await file.add(['plain', 'revise'].slice(0, maxTasks));
    const script = [{ ...reject('revise'), attempt: 1 }];
    const result = await file.orchestrator({ script }).run({ waitForMore: true, maxTasks });
    expect(result).toMatchObject({ processed: maxTasks, completed: maxTasks });
    expect(result.stopped_by).toBeUndefined();
  });

  test('outlasts a failing store also when it may take no more tasks', async () => {
    await file.add(['revise']);
    let claims = 0;
    const tasks: TaskStore = {
      ...file.stores.tasks,
      claimTask: (claim) =>
        ++claims === 2
          ? Promise.reject(new Fault('STORAGE_BUSY', 'Injected.'))
          : file.stores.tasks.claimTask(claim),
    };
    const script = [{ ...reject('revise'), attempt: 1 }];
    const result = await file.orchestrator({ tasks, script }).run({ waitForMore: true, maxTasks: 1 });
    expect(result).toMatchObject({ completed: 1, attempts: 2 });
  });

  test('says once for each wait that it waits for the breaker, and for how long', async () => {
    await file.add(['plain']);
    const told: string[] = [];
    const cancel = new AbortController();
    await file
      .orchestrator({ script: [{ perform: 'task', fault: { code: 'AI_UNAVAILABLE' }, times: 6 }] })
      .run({
        waitForMore: true,
        signal: cancel.signal,
        onAttempt: (message) => told.push(message),
        onProgress: ({ message }) => message.endsWith('completed') && cancel.abort(),
      });
    expect(told.map((message) => message.includes('breaker is open'))).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
      false,
      true,
      false,
    ]);
    expect(told[5]).toContain('waiting 60 s');
  });

  test('outlasts an outage: waits for the breaker, and then goes on', async () => {
    await file.add(['plain']);
    const cancel = new AbortController();
    const result = await file
      .orchestrator({ script: [{ perform: 'task', fault: { code: 'AI_UNAVAILABLE' }, times: 6 }] })
      .run({
        waitForMore: true,
        signal: cancel.signal,
        onProgress: ({ message }) => message.endsWith('completed') && cancel.abort(),
      });
    expect(result).toMatchObject({ processed: 1, completed: 1, attempts: 7, stopped_by: 'cancelled' });
    expect(result.elapsed_seconds).toBe(120);
    expect(await file.task('task-001')).toMatchObject({ attempts: 1 });
  });

  test('outlasts a store that fails', async () => {
    await file.add(['plain']);
    const cancel = new AbortController();
    let failures = 2;
    const tasks: TaskStore = {
      ...file.stores.tasks,
      nextTask: () =>
        failures-- > 0
          ? Promise.reject(new Fault('STORAGE_UNAVAILABLE', 'Injected.'))
          : file.stores.tasks.nextTask(),
    };
    const result = await file.orchestrator({ tasks }).run({
      waitForMore: true,
      signal: cancel.signal,
      onProgress: ({ message }) => message.endsWith('completed') && cancel.abort(),
    });
    expect(result).toMatchObject({ completed: 1 });
    expect(file.time.sleeps).toEqual([2_000, 2_000]);
  });
});

/** The store, whose single tasks cannot be changed while it is out of order. */
function failing(isOut: () => boolean): TaskStore {
  return {
    ...file.stores.tasks,
    changeTasks: (ids, change) =>
      isOut()
        ? Promise.reject(new Fault('STORAGE_BUSY', 'Injected.'))
        : file.stores.tasks.changeTasks(ids, change),
  };
}

/** The time of another process, which has gone on. */
function laterBy(ms: number): QueueOnFile['time'] {
  const { clock } = file.time;
  return {
    ...file.time,
    clock: { ...clock, now: () => new Date(Date.parse(clock.now()) + ms).toISOString() },
  };
}

import { expect, test } from 'vitest';
import type { Performer, StepRequest } from '../../../src/ai/performer.ts';
import type { Answer } from '../../../src/engine/answer.ts';
import { takeStep } from '../../../src/queue/step-worker.ts';
import { sampleTask } from '../../support/sample-tasks.ts';

test('a performer is told which steps of the server have failed', async () => {
  const failed = [{ step_name: 'count', error: 'Error: no' }];
  const answer: Answer = {
    instance_id: 'i',
    workflow_name: 'W',
    status: 'RUNNING',
    revision: 2,
    step_token: 't',
    next_step: { step_name: 'tell', instructions: 'Tell.' },
    current_context: {},
    failed_scripts: failed,
  };
  const asked: StepRequest[] = [];
  const performer = {
    async carryOutStep(request) {
      asked.push(request);
      return { report: { status: 'success' } };
    },
  } satisfies Partial<Performer> as unknown as Performer;
  const engine = { advance: async () => answer, status: async () => answer };
  const task = { id: 'task-001', ...sampleTask() };
  await takeStep({ engine, performer, task, answer, signal: new AbortController().signal });
  expect(asked).toMatchObject([{ stepName: 'tell', failedScripts: failed }]);
});

import type { JudgementRequest, StepRequest, TaskBrief, TaskRequest } from '../../../src/ai/performer.ts';

export function briefOf(rest: Partial<TaskBrief> = {}): TaskBrief {
  return { id: 'task-007', description: 'Write a limerick about bees.', attempt: 1, ...rest };
}

export function stepRequestOf(rest: Partial<StepRequest> = {}): StepRequest {
  return {
    task: briefOf(),
    workflowName: 'LIMERICK',
    stepName: 'write_limerick',
    instructions: 'Write five lines. Report `{"lines": 5}`.',
    context: { topic: 'bees' },
    ...rest,
  };
}

export function taskRequestOf(rest: Partial<TaskRequest> = {}): TaskRequest {
  return { task: briefOf(), context: { tone: 'merry' }, ...rest };
}

export function judgementRequestOf(rest: Partial<JudgementRequest> = {}): JudgementRequest {
  return { task: briefOf(), result: 'A drone from the north of the hive', ...rest };
}

import type { ScriptEntry } from '../../src/ai/stub/script-entry.ts';
import { type NewTask, TASK_ATTEMPTS_MAX } from '../../src/domain/task.ts';
import type { Premises } from './oracle.ts';
import { sampleTask } from './sample-tasks.ts';
import { type WorkflowFiles, workflowFiles } from './workflow-files.ts';

/** A workflow that ends after a few steps; one decision is declared, the others are the stub's. */
export const POST_OFFICE = 'POST_OFFICE';

export const postOfficeFiles: WorkflowFiles = workflowFiles({
  steps: {
    collect: { guidance: 'Proceed to sort.' },
    sort: { frontMatter: 'transitions:\n  - to: stamp\n    when: visits.sort < 2\n  - to: deliver' },
    stamp: { guidance: 'Proceed to sort.' },
    deliver: { guidance: 'Proceed to FINISH.' },
  },
});

export function postOfficeDecision({ stepName, visits }: Premises): string | undefined {
  switch (stepName) {
    case 'collect':
    case 'stamp':
      return 'sort';
    case 'sort':
      return (visits.sort ?? 0) < 2 ? 'stamp' : 'deliver';
    case 'deliver':
      return 'FINISH';
    default:
      return undefined;
  }
}

const SLOW = 'slow';
const ALWAYS = 1_000_000;
const { max: ATTEMPTS_MAX } = TASK_ATTEMPTS_MAX;

export interface LabourScriptParams {
  /** How long a first attempt at a plain task takes. */
  readonly workMs: number;
  /** How long a later one takes: long enough that a worker who lost the task comes back meanwhile. */
  readonly againMs: number;
  /** How long a slow task takes, whatever the attempt. */
  readonly slowMs: number;
}

/** What the stub does at each attempt: the results say which one brought them, so that nobody can hand in another's. */
export function labourScript({ workMs, againMs, slowMs }: LabourScriptParams): readonly ScriptEntry[] {
  return Array.from({ length: ATTEMPTS_MAX }, (_, index) => index + 1).flatMap((attempt): ScriptEntry[] => {
    const outcome = { status: 'success' as const, result: { attempt } };
    const here = { attempt, times: ALWAYS };
    return [
      { ...here, task: SLOW, delay_ms: slowMs, outcome },
      { ...here, delay_ms: attempt === 1 ? workMs : againMs, outcome },
      { ...here, delay_ms: 1, report: { status: 'success', result: { attempt } } },
    ];
  });
}

export interface LabourParams {
  readonly tasks: number;
  /** Of them, those that may be tried only so often that kills use them up. */
  readonly fragile: number;
  /** Of them, those that take longer than a lease. */
  readonly slow: number;
  /** How often those may be tried that are not fragile: kills alone must not use that up. */
  readonly sturdyAttempts: number;
}

/** Tasks of all kinds; the fragile ones come first. Every third one is carried out by a workflow. */
export function labour({ tasks, fragile, slow, sturdyAttempts }: LabourParams): readonly NewTask[] {
  return Array.from({ length: tasks }, (_, index) => {
    if (index < fragile)
      return sampleTask({
        description: `fragile ${index}`,
        priority: 1,
        maxAttempts: 1 + (index % 2),
        ...workflow(index),
      });
    if (index < fragile + slow)
      return sampleTask({ description: `${SLOW} ${index}`, maxAttempts: sturdyAttempts });
    return sampleTask({ description: `plain ${index}`, maxAttempts: sturdyAttempts, ...workflow(index) });
  });
}

function workflow(index: number): Pick<NewTask, 'workflowName'> {
  return index % 3 === 2 ? { workflowName: POST_OFFICE } : {};
}

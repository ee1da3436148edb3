import type { Executor } from './executor.ts';

export interface TaskExecutorParams {
  /** For tasks that name a workflow. */
  readonly byWorkflow: Executor;
  /** For all others. */
  readonly byPerformer: Executor;
}

/** Gives each task to the executor that it is for. */
export function createTaskExecutor({ byWorkflow, byPerformer }: TaskExecutorParams): Executor {
  return {
    execute: (task, context) =>
      (task.workflowName === undefined ? byPerformer : byWorkflow).execute(task, context),
  };
}

import type { Performer } from '../ai/performer.ts';
import type { Executor } from './executor.ts';
import { taskBrief } from './task-brief.ts';
import type { TaskTools } from './task-tools.ts';

export interface PerformerExecutorParams {
  readonly performer: Performer;
  /** Undefined where there are no downstream servers. */
  readonly tools?: TaskTools;
}

/** Has tasks without a workflow done by the performer, each in one piece. */
export function createPerformerExecutor({ performer, tools }: PerformerExecutorParams): Executor {
  return {
    execute(task, context) {
      context.onProgress('doing the task');
      return performer.doTask(
        { task: taskBrief(task), context: task.context },
        { signal: context.signal, tools: tools?.forTask(task, context) },
      );
    },
  };
}

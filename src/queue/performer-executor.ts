import type { Performer } from '../ai/performer.ts';
import type { Executor } from './executor.ts';
import { taskBrief } from './task-brief.ts';

/** Has tasks without a workflow done by the performer, each in one piece. */
export function createPerformerExecutor(performer: Performer): Executor {
  return {
    execute(task, { signal, onProgress }) {
      onProgress('doing the task');
      return performer.doTask({ task: taskBrief(task), context: task.context }, { signal });
    },
  };
}

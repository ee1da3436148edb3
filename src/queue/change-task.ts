import { Defect, Fault } from '../domain/errors.ts';
import type { Task } from '../domain/task.ts';
import type { TaskChange, TaskStore } from '../store/task-store.ts';

export interface ChangedTask {
  readonly task: Task;
  /** It was that already. */
  readonly unchanged: boolean;
}

/** Changes one task, in one transaction. Throws `TASK_NOT_FOUND`, and whatever the change throws. */
export async function changeTask(tasks: TaskStore, id: string, change: TaskChange): Promise<ChangedTask> {
  let unchanged = false;
  const [task] = await tasks.changeTasks([id], ([found]) => {
    const before = requireTask(id, found);
    const after = change(before);
    unchanged = after === before;
    return [after];
  });
  if (task === undefined) throw new Defect(`The change of ${id} returned no task.`);
  return { task, unchanged };
}

/** Throws `TASK_NOT_FOUND`. */
export function requireTask(id: string, task: Task | undefined): Task {
  if (task !== undefined) return task;
  throw new Fault('TASK_NOT_FOUND', `There is no task "${id}".`, {
    hint: 'Read task://queue for the tasks that there are.',
  });
}

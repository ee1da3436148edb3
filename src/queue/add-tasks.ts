import { Fault } from '../domain/errors.ts';
import type { NewTask, Task } from '../domain/task.ts';
import type { TaskStore } from '../store/task-store.ts';
import { isSameTask } from './new-task.ts';

/** Adds tasks, all or none. Throws `REQUEST_ID_REUSED` where the key was used for others. */
export async function addTasks(
  tasks: TaskStore,
  asked: readonly NewTask[],
  requestId: string | undefined,
): Promise<{ readonly tasks: readonly Task[]; readonly replayed?: true }> {
  const added = await tasks.addTasks({ tasks: asked, requestId });
  if (!added.replayed) return { tasks: added.tasks };
  if (!areAmong(added.tasks, asked)) throw requestIdReused(requestId ?? '');
  return { tasks: added.tasks, replayed: true };
}

/** Those that were completed may have been cleared since; the others come in the same order. */
function areAmong(kept: readonly Task[], asked: readonly NewTask[]): boolean {
  let next = 0;
  for (const task of asked) {
    const expected = kept[next];
    if (expected !== undefined && isSameTask(expected, task)) next += 1;
  }
  return next === kept.length;
}

function requestIdReused(requestId: string): Fault {
  return new Fault(
    'REQUEST_ID_REUSED',
    `request_id "${requestId}" was used for a call that added other tasks.`,
    {
      hint: 'Use a new request_id for a new call, and the same one only to send the same call again.',
    },
  );
}

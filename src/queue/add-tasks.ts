import { createHash } from 'node:crypto';
import { canonicalJson } from '../domain/json.ts';
import { requestIdReused } from '../domain/request-id-reused.ts';
import type { NewTask, Task } from '../domain/task.ts';
import type { TaskStore } from '../store/task-store.ts';

/** Adds tasks, all or none. Throws `REQUEST_ID_REUSED` where the key was used for others. */
export async function addTasks(
  tasks: TaskStore,
  asked: readonly NewTask[],
  requestId: string | undefined,
): Promise<{ readonly tasks: readonly Task[]; readonly replayed?: true }> {
  const requestHash = requestId === undefined ? undefined : hashOf(asked);
  const added = await tasks.addTasks({ tasks: asked, requestId, requestHash });
  if (!added.replayed) return { tasks: added.tasks };
  if (added.requestHash !== requestHash)
    throw requestIdReused(requestId ?? '', 'a call that added other tasks');
  return { tasks: added.tasks, replayed: true };
}

/** Of all that was asked for: nothing but this is kept of it when its tasks are cleared away. */
function hashOf(asked: readonly NewTask[]): string {
  const given = asked.map(({ description, priority, maxAttempts, workflowName, context }) => ({
    description,
    priority,
    maxAttempts,
    workflowName,
    context,
  }));
  return createHash('sha256').update(canonicalJson(given)).digest('hex');
}

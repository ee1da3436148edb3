import type { TaskStatus } from '../domain/task.ts';
import type { HeldTask } from '../queue/task-item.ts';
import type { TaskQueue } from '../queue/task-queue.ts';
import type { ToolDeps } from './tool.ts';

/** What a worker does with the task that it just got. */
export function taskInHand(task: HeldTask, { toolsets }: Pick<ToolDeps, 'toolsets'>): string {
  const { fencing_token, lease_expires_at, workflow_name, feedback } = task;
  return [
    lease_expires_at === undefined
      ? 'It is yours until you end it.'
      : `It is yours until ${lease_expires_at}; start_task with its fencing_token and lease_seconds renews that.`,
    ...(workflow_name === undefined ? [] : [byWorkflow(workflow_name, toolsets)]),
    ...(feedback === undefined ? [] : ['An earlier attempt was not good enough: heed the feedback.']),
    `When it is done, call complete_task with fencing_token ${fencing_token}; if it cannot be done, fail_task.`,
  ].join(' ');
}

function byWorkflow(name: string, toolsets: ToolDeps['toolsets']): string {
  return toolsets.includes('workflows')
    ? `Carry it out by the workflow ${name}: start_workflow with the task's context.`
    : `It is meant for the workflow ${name}, and the toolset workflows is switched off here: unless you can start that ` +
        'elsewhere, leave it to run_orchestrator, or to a server that has it.';
}

/** Why there is nothing to take, and which tasks need someone. */
export async function nothingPending(queue: TaskQueue): Promise<string> {
  const { total, in_progress, completed, failed } = await queue.stats();
  if (total === 0) return 'The queue is empty. add_task puts something into it.';
  const [working, given] = await Promise.all([idsOf(queue, 'in_progress'), idsOf(queue, 'failed')]);
  const rest = `${in_progress} in progress${working}, ${completed} completed, ${failed} failed${given}`;
  const advice =
    failed === 0 ? '' : ' retry_task makes a failed task pending again, while it has attempts left.';
  return `No task is pending: ${rest}.${advice}`;
}

/** Who lost track of its task finds it again. */
export async function inProgress(queue: TaskQueue): Promise<string> {
  const ids = await idsOf(queue, 'in_progress');
  return ids === '' ? '' : ` In progress${ids}.`;
}

const IDS_MAX = 10;

/** ` (task-001, task-002)`, or nothing. */
async function idsOf(queue: TaskQueue, status: TaskStatus): Promise<string> {
  const { tasks, next_cursor } = await queue.list({ status, limit: IDS_MAX });
  const ids = tasks.map(({ id }) => id).join(', ');
  return ids === '' ? '' : ` (${ids}${next_cursor === undefined ? '' : ', …'})`;
}

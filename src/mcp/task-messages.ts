import type { HeldTask } from '../queue/task-item.ts';
import type { TaskStats } from '../queue/task-queue.ts';

/** What a worker does with the task that it just got. */
export function taskInHand({ fencing_token, lease_expires_at, workflow_name, feedback }: HeldTask): string {
  return [
    lease_expires_at === undefined
      ? 'It is yours until you end it.'
      : `It is yours until ${lease_expires_at}; start_task with its fencing_token and lease_seconds renews that.`,
    ...(workflow_name === undefined
      ? []
      : [`Carry it out by the workflow ${workflow_name}: start_workflow with the task's context.`]),
    ...(feedback === undefined ? [] : ['An earlier attempt was not good enough: heed the feedback.']),
    `When it is done, call complete_task with fencing_token ${fencing_token}; if it cannot be done, fail_task.`,
  ].join(' ');
}

export function nothingPending({ total, in_progress, completed, failed }: TaskStats): string {
  if (total === 0) return 'The queue is empty. add_task puts something into it.';
  const rest = `${in_progress} in progress, ${completed} completed, ${failed} failed`;
  const advice = failed === 0 ? '' : ' retry_task makes a failed task pending again.';
  return `No task is pending: ${rest}.${advice}`;
}

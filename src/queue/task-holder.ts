import { Fault } from '../domain/errors.ts';
import type { Task } from '../domain/task.ts';

/** The task, if the one who asks still holds it; else throws `LEASE_LOST`. */
export function checkHolder(task: Task, fencingToken: number): Task {
  if (task.status === 'in_progress' && task.fencingToken === fencingToken) return task;
  throw notHeld(task, fencingToken);
}

/**
 * A token that is shown has to be the current one, and one has to be shown where the task is leased. A lease that ran
 * out counts until somebody else has the task. Throws `LEASE_LOST` or `FENCING_TOKEN_REQUIRED`.
 */
export function checkToken(task: Task, fencingToken: number | undefined): void {
  if (fencingToken !== undefined && fencingToken !== task.fencingToken) throw notHeld(task, fencingToken);
  if (fencingToken !== undefined || task.status !== 'in_progress' || task.leaseExpiresAt === undefined)
    return;
  throw new Fault(
    'FENCING_TOKEN_REQUIRED',
    `Task ${task.id} is leased until ${task.leaseExpiresAt}; only its worker may end it.`,
    { hint: 'Pass the fencing_token that claim_next_task or start_task answered.' },
  );
}

export function wrongStatus(task: Task, what: string): Fault {
  return new Fault('TASK_STATUS_INVALID', `Task ${task.id} is ${task.status}, and so it cannot ${what}.`, {
    hint: nextCall(task),
    details: { task_id: task.id, status: task.status },
  });
}

/** Whether the task may be begun once more. */
export function hasAttemptsLeft(task: Task): boolean {
  return task.attempts < task.maxAttempts;
}

/** What leads on; retry_task only where an attempt is left for it. */
function nextCall(task: Task): string {
  const retryable = hasAttemptsLeft(task);
  switch (task.status) {
    case 'pending':
      return 'Call start_task for it, or claim_next_task, to begin.';
    case 'in_progress':
      return retryable
        ? 'Someone works on it. Choose another one with claim_next_task, or take it back with retry_task.'
        : 'Someone works on it, and it is its last attempt. Choose another one with claim_next_task.';
    case 'completed':
      return 'It is done, and its result is kept. Add a new task with add_task for what is left to do.';
    case 'failed':
      return retryable ? 'Call retry_task to have it tried again.' : ADD_ANEW;
  }
}

/** What is left to do about a task whose attempts are used up. */
export const ADD_ANEW =
  'To have it tried all the same, add it anew with add_task, and say there what went wrong.';

/** A token that nobody was ever given is more likely mistyped than lost: its worker may hold the task still. */
function notHeld(task: Task, fencingToken: number): Fault {
  if (fencingToken >= 1 && fencingToken <= task.fencingToken) return leaseLost(task);
  return new Fault(
    'LEASE_LOST',
    `Task ${task.id} was never given out with the fencing_token ${fencingToken}.`,
    {
      hint: 'Compare it with the answer that gave you the task, and call again if it is another one; else leave the task.',
      details: { task_id: task.id },
    },
  );
}

export function leaseLost(task: Pick<Task, 'id'>): Fault {
  return new Fault(
    'LEASE_LOST',
    `Task ${task.id} is not yours any more: its lease ran out, or it was taken back or ended.`,
    {
      hint: 'Stop working on it; call claim_next_task for another one.',
      details: { task_id: task.id },
    },
  );
}

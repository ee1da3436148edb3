import type { JsonObject, JsonValue } from '../domain/json.ts';
import type { Task, TaskStatus } from '../domain/task.ts';
import type { LargeMember, ListedTask } from '../store/task-store.ts';

/** A task as clients see it. Field names are the contract's. */
export interface TaskItem {
  readonly id: string;
  readonly description: string;
  readonly status: TaskStatus;
  readonly priority: number;
  readonly attempts: number;
  readonly max_attempts: number;
  readonly result?: JsonValue;
  readonly error?: string;
  readonly feedback?: string;
  readonly workflow_name?: string;
  readonly context?: JsonObject;
  readonly lease_expires_at?: string;
  /** The latest run of its workflow. */
  readonly instance_id?: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly started_at?: string;
  readonly completed_at?: string;
}

/** A task as the answer of a batch names it. */
export type BriefTaskItem = Pick<TaskItem, 'id' | 'status' | 'priority' | 'description'>;

/** A task as a listing shows it. */
export interface ListedTaskItem extends TaskItem {
  /** What was too large for a listing: texts are cut, values are left out. */
  readonly cut?: readonly LargeMember[];
  /** The address of all of it, if something was cut. */
  readonly in_full?: string;
}

/** A task in the hands of the one who gets this. */
export interface HeldTask extends TaskItem {
  /** Proves that one holds the task. No listing shows it: whoever lost a task must not find the next one's. */
  readonly fencing_token: number;
}

export function taskItem(task: Task): TaskItem {
  return {
    id: task.id,
    description: task.description,
    status: task.status,
    priority: task.priority,
    attempts: task.attempts,
    max_attempts: task.maxAttempts,
    result: task.result,
    error: task.error,
    feedback: task.feedback,
    workflow_name: task.workflowName,
    context: task.context,
    lease_expires_at: task.leaseExpiresAt,
    instance_id: task.instanceId,
    created_at: task.createdAt,
    updated_at: task.updatedAt,
    started_at: task.startedAt,
    completed_at: task.completedAt,
  };
}

export function heldTask(task: Task): HeldTask {
  return { ...taskItem(task), fencing_token: task.fencingToken };
}

export function listedTaskItem({ cut, ...task }: ListedTask): ListedTaskItem {
  return { ...taskItem(task), cut, in_full: cut && `task://${task.id}` };
}

const BRIEF_CHARS = 200;

export function briefTaskItem({ id, status, priority, description }: Task): BriefTaskItem {
  return { id, status, priority, description: brief(description) };
}

function brief(text: string): string {
  if (text.length <= BRIEF_CHARS) return text;
  // Half a character may be left at the end.
  return `${text.slice(0, BRIEF_CHARS - 1).replace(/\p{Surrogate}$/u, '')}…`;
}

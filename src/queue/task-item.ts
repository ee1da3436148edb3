import type { JsonObject, JsonValue } from '../domain/json.ts';
import type { Task, TaskStatus } from '../domain/task.ts';

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

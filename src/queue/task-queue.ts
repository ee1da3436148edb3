import type { BreakerState } from '../domain/circuit-breaker.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import type { TaskStatus } from '../domain/task.ts';
import type { BriefTaskItem, HeldTask, ListedTaskItem, TaskItem } from './task-item.ts';

/** What holds for every task of one call. */
export interface TaskOptions {
  /** See {@link TASK_PRIORITY}. */
  readonly priority?: number;
  /** See {@link TASK_ATTEMPTS_MAX}. */
  readonly maxAttempts?: number;
  /** Has to exist and to be usable. */
  readonly workflowName?: string;
  readonly context?: JsonObject;
  /** Makes the call safe to repeat. */
  readonly requestId?: string;
}

export interface AddTaskParams extends TaskOptions {
  readonly description: string;
}

export interface AddTasksParams extends TaskOptions {
  readonly descriptions: readonly string[];
}

export interface ClaimTaskParams {
  /** See {@link LEASE_SECONDS}. */
  readonly leaseSeconds?: number;
  /** Makes the call safe to repeat: as long as the task is in progress, the repeat gets the same one. */
  readonly requestId?: string;
}

export interface StartTaskParams {
  readonly taskId: string;
  /** See {@link LEASE_SECONDS}; without it, the task is held without a time limit. */
  readonly leaseSeconds?: number;
  /** On a task that one holds already: renews the lease. */
  readonly fencingToken?: number;
}

/** How one task ends. */
export interface EndTaskParams {
  readonly taskId: string;
  /** Required where the task is leased. */
  readonly fencingToken?: number;
}

export interface CompleteTaskParams extends EndTaskParams {
  readonly result: JsonValue;
}

export interface CompleteTasksParams {
  readonly taskIds: readonly string[];
  readonly result: JsonValue;
  /** By task id; required for those that are leased. */
  readonly fencingTokens?: Readonly<Record<string, number>>;
}

export interface FailTaskParams extends EndTaskParams {
  readonly reason: string;
}

export interface RetryTaskParams {
  readonly taskId: string;
  /** What the next attempt should do better. */
  readonly feedback?: string;
  /** Makes the call safe to repeat: without it, a repeat takes the task from whoever began it meanwhile. */
  readonly requestId?: string;
}

export interface ListTasksParams {
  readonly status?: TaskStatus;
  /** At most `limits.pageSizeMax`, which larger numbers are cut to; 50 by default. */
  readonly limit?: number;
  readonly cursor?: string;
}

export interface TaskAnswer {
  readonly task: TaskItem;
  /** The call was made before; nothing happened now. */
  readonly replayed?: true;
}

/** Says which tasks, and not all that is in them: together they may be large. */
export interface TasksAnswer {
  readonly tasks: readonly BriefTaskItem[];
  /** The call was made before; nothing happened now. */
  readonly replayed?: true;
}

export interface RetryAnswer extends TaskAnswer {
  /** False: its attempts are used up, so that it is failed. */
  readonly retried: boolean;
  readonly message: string;
}

export interface TaskPage {
  readonly tasks: readonly ListedTaskItem[];
  readonly next_cursor?: string;
}

export interface TaskStats extends Readonly<Record<TaskStatus, number>> {
  readonly total: number;
  readonly breaker: BreakerStats;
}

export interface BreakerStats {
  readonly state: BreakerState;
  readonly failures_in_row: number;
  /** While it is open: in how many seconds it lets one attempt through on trial; 0 when it would now. */
  readonly retry_after_seconds?: number;
}

/**
 * The task queue as tools and resources use it. Whoever held a task beyond its lease has lost it: expired leases are
 * given back before every claim and every read.
 *
 * All methods throw the `STORAGE_` codes, and those that take arguments `INVALID_ARGUMENT` and `TOO_LARGE`.
 */
export interface TaskQueue {
  /** Throws `WORKFLOW_NOT_FOUND`, `WORKFLOW_INVALID`, `REQUEST_ID_REUSED`. */
  addTask(params: AddTaskParams): Promise<TaskAnswer>;
  /** All or none; also throws `BATCH_REFUSED`, whose details name what is wrong with which item. */
  addTasks(params: AddTasksParams): Promise<TasksAnswer>;
  /** The pending task that would be claimed next; nobody gets it by this. */
  peek(): Promise<TaskItem | undefined>;
  /** Takes the next pending task, for as many seconds; undefined if there is none. Two workers never get the same. Throws `REQUEST_ID_REUSED`. */
  claim(params: ClaimTaskParams): Promise<HeldTask | undefined>;
  /**
   * Takes a certain pending task; with the fencing token of a task that one holds, renews its lease. Throws
   * `TASK_NOT_FOUND`, `TASK_STATUS_INVALID`, `LEASE_LOST`.
   */
  start(params: StartTaskParams): Promise<HeldTask>;
  /** Throws `TASK_NOT_FOUND`, `TASK_STATUS_INVALID`, `FENCING_TOKEN_REQUIRED`, `LEASE_LOST`. */
  complete(params: CompleteTaskParams): Promise<TaskAnswer>;
  /** All or none, with one result for all; throws `BATCH_REFUSED`, whose details name what is wrong with which item. */
  completeBatch(params: CompleteTasksParams): Promise<TasksAnswer>;
  /** The worker's own judgement: no further attempt is made, unless `retry` asks for one. Throws what `complete` throws. */
  fail(params: FailTaskParams): Promise<TaskAnswer>;
  /** Makes a failed task, or one in progress, pending again. Throws `TASK_NOT_FOUND`, `TASK_STATUS_INVALID`, `REQUEST_ID_REUSED`. */
  retry(params: RetryTaskParams): Promise<RetryAnswer>;
  clearCompleted(): Promise<{ readonly cleared: number }>;
  /** Makes every task pending with no attempt behind it, and closes the circuit breaker. */
  resetAll(): Promise<{ readonly reset: number }>;
  /** In the order in which they are taken; as many as fit into an answer. */
  list(params: ListTasksParams): Promise<TaskPage>;
  /** One task. Throws `TASK_NOT_FOUND`. */
  find(taskId: string): Promise<TaskItem>;
  /** What is being worked on now. */
  current(): Promise<TaskPage>;
  stats(): Promise<TaskStats>;
}

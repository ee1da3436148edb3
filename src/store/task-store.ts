import type { CircuitBreaker } from '../domain/circuit-breaker.ts';
import type { Page } from '../domain/page.ts';
import type { NewTask, Task, TaskStatus } from '../domain/task.ts';
import type { PageParams } from './store.ts';

/**
 * What a task becomes. Runs inside the transaction, on the task as it is now: it must be pure and quick. If it throws,
 * nothing was written, and the caller gets what it threw. Must keep the id.
 */
export type TaskChange = (task: Task) => Task;

export interface AddTasksParams {
  readonly tasks: readonly NewTask[];
  /** Makes the call safe to repeat, also after its tasks were removed. */
  readonly requestId?: string;
  /** Of all that the call asks for: tells its repeat from another call with the same key. */
  readonly requestHash?: string;
}

export interface AddedTasks {
  /** In the order of adding; of those that were removed since, no more than that they were completed. */
  readonly tasks: readonly Task[];
  /** They were added before, under the same `requestId`; nothing was written now. */
  readonly replayed: boolean;
  /** Of the call that added them. */
  readonly requestHash?: string;
}

export interface TaskPageParams extends PageParams {
  /** Of JSON, all tasks of the page together; the first one is there whatever its size. */
  readonly bytesMax?: number;
  /** Of one text, or of the JSON of one value; what is larger is cut or left out. */
  readonly memberBytesMax?: number;
}

/** Members that may be large. */
export type LargeMember = 'description' | 'error' | 'feedback' | 'context' | 'result';

/** A task as a listing has it. */
export interface ListedTask extends Task {
  /** Values of these are left out, and texts are cut; absent where the task is whole. */
  readonly cut?: readonly LargeMember[];
}

/**
 * Where the task queue is kept, for any number of workers in any number of processes. Every verb is one transaction,
 * durable when its promise resolves; verbs that change tasks do so one after the other. Throws what the verbs of
 * {@link Store} throw.
 */
export interface TaskStore {
  /** Numbers and keeps them, all or none. */
  addTasks(params: AddTasksParams): Promise<AddedTasks>;

  findTask(id: string): Promise<Task | undefined>;

  /** The pending task that is next: the lowest priority number first, then the oldest. Its cost does not grow with the queue. */
  nextTask(): Promise<Task | undefined>;

  /**
   * Changes that task; undefined if none is pending. Among workers that call at once, each gets another task. If a task
   * in progress was claimed under `claimKey`, that is the answer, and `claim` is not called.
   */
  claimTask(claim: TaskChange, claimKey?: string): Promise<Task | undefined>;

  /**
   * Changes tasks, all or none.
   *
   * @param change gets them in the order of `ids`, undefined where there is none, and returns one for each
   */
  changeTasks(
    ids: readonly string[],
    change: (tasks: readonly (Task | undefined)[]) => readonly Task[],
  ): Promise<readonly Task[]>;

  /** Changes up to `limit` tasks in progress whose lease ended at `now` or before, the one that ended first first. */
  changeExpiredTasks(params: {
    readonly now: string;
    readonly limit: number;
    readonly change: TaskChange;
  }): Promise<readonly Task[]>;

  /** Changes every task, in one transaction. Returns how many there are. */
  changeAllTasks(change: TaskChange): Promise<number>;

  /** Returns how many completed tasks there were. Nothing but the repeat of the call that added them tells of them. */
  removeCompletedTasks(): Promise<number>;

  /** In the order in which they are taken; all statuses mixed where none is given. */
  listTasks(filter: { readonly status?: TaskStatus }, page: TaskPageParams): Promise<Page<ListedTask>>;

  countTasks(): Promise<Readonly<Record<TaskStatus, number>>>;

  /** A closed one where none was ever kept. */
  findBreaker(): Promise<CircuitBreaker>;

  /** Like {@link changeTasks}, for the one circuit breaker. Returns what it became. */
  changeBreaker(change: (breaker: CircuitBreaker) => CircuitBreaker): Promise<CircuitBreaker>;
}

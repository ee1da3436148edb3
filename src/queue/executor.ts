import type { JsonValue } from '../domain/json.ts';
import type { Task } from '../domain/task.ts';

export interface ExecutionContext {
  /** Aborted when the run is cancelled or out of time, or when the lease is lost; the executor stops and throws. */
  readonly signal: AbortSignal;
  /**
   * To be called between two pieces of work: renews the lease. Throws `LEASE_LOST` if another worker has the task, so
   * that a worker that was away for too long does nothing more for it.
   */
  renewLease(): Promise<void>;
  /** Keeps which run of the task's workflow it is, for those who look at the task; throws what `renewLease` throws. */
  noteInstance(instanceId: string): Promise<void>;
  /** Says in a few words what is being done. */
  onProgress(message: string): void;
}

export type Execution =
  | { readonly status: 'success'; readonly result: JsonValue }
  | {
      readonly status: 'failure';
      readonly error: string;
      /** No further attempt can succeed: the task itself is wrong. */
      readonly permanent?: boolean;
    };

/**
 * Does a task. What it cannot do is a failure, which is returned; what it throws is a fault of what it works with (a
 * provider that is down, a lost lease, a cancelled run), and says nothing about the task.
 */
export interface Executor {
  execute(task: Task, context: ExecutionContext): Promise<Execution>;
}

import type { StopReason } from './safety.ts';

/** How far a run is, in words and numbers. */
export interface RunProgress {
  /** Grows with every message, also where that repeats the last one, because the work takes long. Whole numbers are tasks that are done with, what follows the point is steps. */
  readonly progress: number;
  /** Tasks that the run may work on at most; absent where there is no bound. */
  readonly total?: number;
  /** `task-003, attempt 2 of 3: carrying out review_changes` */
  readonly message: string;
}

export interface RunParams {
  /** See `RUN_TASKS_MAX`; left out, there is no such bound. */
  readonly maxTasks?: number;
  /** Aborted when the caller gave up: the task in hand is given back, and the run says `cancelled`. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RunProgress) => void;
  /** Hears how each attempt ended, `task-003, attempt 2 of 3: completed`, and what a run that waits waits for. */
  readonly onAttempt?: (message: string) => void;
  /**
   * Waits for more tasks, and for an open circuit breaker, until the signal is aborted or `maxTasks` are done with;
   * neither attempts nor seconds end such a run.
   */
  readonly waitForMore?: boolean;
}

/** What a run came to. Field names are the contract's. */
export interface RunResult {
  /** Different tasks that this run worked on. */
  readonly processed: number;
  /** Of those, the ones that this run completed. */
  readonly completed: number;
  /** Of those, the ones that this run failed for good. */
  readonly failed: number;
  /** Attempts that this run made; a task may take more than one. */
  readonly attempts: number;
  readonly elapsed_seconds: number;
  /** What ended the run while there was something left to do; absent where there was not. */
  readonly stopped_by?: StopReason;
  /** When a run would be let through again, where the circuit breaker stopped this one. */
  readonly retry_after_seconds?: number;
  /** Where none was pending: how many tasks others work on; absent where there are none. */
  readonly in_progress?: number;
  /** When the first of their leases ends and gives its task back, ISO-8601 UTC; absent where none has a time limit. */
  readonly next_lease_ends_at?: string;
}

export interface Orchestrator {
  /**
   * Works on pending tasks, one after the other: each is executed and verified, and what came of it is kept. A task that
   * is not done yet is tried again in the same run, until its attempts are used up. Any number of runs may go on at
   * once, here and elsewhere.
   *
   * Throws `INVALID_ARGUMENT`, `MODEL_REQUIRED` where nobody is configured who could carry tasks out, `VERIFIER_UNAVAILABLE`
   * where the command that is to judge is not there, and the `STORAGE_` codes; what is done by then stays done.
   */
  run(params: RunParams): Promise<RunResult>;
}

import type { ChangeFeed } from '../domain/change-feed.ts';
import { withAnnouncements } from './announced-tasks.ts';
import type { AttemptDeps } from './attempt.ts';
import type { RunParams, RunResult } from './run.ts';
import { runQueue } from './run-queue.ts';
import type { SafetySettings } from './run-safety.ts';

export interface OrchestratorDeps extends AttemptDeps {
  readonly safety: SafetySettings;
  /** Hears of every change that runs make. */
  readonly changes: Pick<ChangeFeed, 'announce'>;
  /** Milliseconds between two looks at a queue in which there is nothing to do; 2,000 by default. */
  readonly pollMs?: number;
}

export interface Orchestrator {
  /**
   * Works on pending tasks, one after the other: execute, verify, and what came of it is kept. A task that is not done yet
   * is tried again in the same run, until its attempts are used up. Any number of runs may go on at once, here and
   * elsewhere. Throws the `STORAGE_` codes; what is done by then stays done.
   */
  run(params?: RunParams): Promise<RunResult>;
}

/** Puts executor, verifier and safety to work on the queue. */
export function createOrchestrator(deps: OrchestratorDeps): Orchestrator {
  const tasks = withAnnouncements(deps.tasks, deps.changes);
  return { run: (params = {}) => runQueue({ ...deps, tasks }, params) };
}

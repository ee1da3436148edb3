import type { ChangeFeed } from '../domain/change-feed.ts';
import { Fault } from '../domain/errors.ts';
import { withAnnouncements } from './announced-tasks.ts';
import type { AttemptDeps } from './attempt.ts';
import type { Orchestrator } from './run.ts';
import { runQueue } from './run-queue.ts';
import type { SafetySettings } from './run-safety.ts';

export interface OrchestratorDeps extends AttemptDeps {
  readonly safety: SafetySettings;
  /** Milliseconds for which a task stays with a run that is not heard of. */
  readonly leaseMs: number;
  /** Hears of every change that runs make. */
  readonly changes: Pick<ChangeFeed, 'announce'>;
  /** Milliseconds between two looks at a queue in which there is nothing to do; 2,000 by default. */
  readonly pollMs?: number;
}

/** Puts executor, verifier and safety to work on the queue. */
export function createOrchestrator(deps: OrchestratorDeps): Orchestrator {
  const tasks = withAnnouncements(deps.tasks, deps.changes);
  return { run: (params) => runQueue({ ...deps, tasks }, params) };
}

/** Stands in where nobody is configured who could carry tasks out. */
export function createIdleOrchestrator(): Orchestrator {
  return {
    async run() {
      throw new Fault('MODEL_REQUIRED', 'No AI provider is configured that could work on tasks.', {
        hint: 'Work on them yourself, with claim_next_task. Or set AI_PROVIDER, or USE_STUB_AI_CLIENT=true to try it out.',
      });
    },
  };
}

import type { Performer } from '../ai/performer.ts';
import type { Engine } from '../engine/engine.ts';
import { type CommandVerifierParams, createCommandVerifier } from './command-verifier.ts';
import { createIdleOrchestrator, createOrchestrator, type OrchestratorDeps } from './orchestrator.ts';
import { createPerformerExecutor } from './performer-executor.ts';
import { createPerformerVerifier } from './performer-verifier.ts';
import type { Orchestrator } from './run.ts';
import { createTaskExecutor } from './task-executor.ts';
import type { TaskTools } from './task-tools.ts';
import { createWorkflowExecutor } from './workflow-executor.ts';

export interface WorkerDeps extends Omit<OrchestratorDeps, 'executor' | 'verifier'> {
  readonly engine: Engine;
  /** Undefined where the client is all that there is. */
  readonly performer: Performer | undefined;
  /** What it may do besides thinking and writing; undefined where there are no downstream servers. */
  readonly tools?: TaskTools;
  /** What judges results; the performer, where there is none. */
  readonly verifyCommand?: Omit<CommandVerifierParams, 'timers'>;
}

/** An orchestrator that does tasks by their workflow or by the performer, and has a command or the performer judge. */
export function createWorker({ engine, performer, tools, verifyCommand, ...deps }: WorkerDeps): Orchestrator {
  if (performer === undefined) return createIdleOrchestrator();
  return createOrchestrator({
    ...deps,
    executor: createTaskExecutor({
      byWorkflow: createWorkflowExecutor({ engine, performer, tools }),
      byPerformer: createPerformerExecutor({ performer, tools }),
    }),
    verifier:
      verifyCommand === undefined
        ? createPerformerVerifier(performer)
        : createCommandVerifier({ ...verifyCommand, timers: deps.timers }),
  });
}

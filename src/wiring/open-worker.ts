import type { Config } from '../config/config.ts';
import { systemClock } from '../domain/clock.ts';
import { systemTimers } from '../domain/timers.ts';
import type { Orchestrator } from '../queue/run.ts';
import type { TaskTools } from '../queue/task-tools.ts';
import type { Downstream } from './downstream.ts';
import type { TaskParams } from './open-task-queue.ts';
import { safetyOf } from './safety-settings.ts';

export interface OpenWorkerParams extends TaskParams {
  readonly downstream: Downstream;
}

/** What works on tasks by itself, if the configuration has an AI provider. Throws `CONFIG_INVALID`. */
export async function openWorker(params: OpenWorkerParams): Promise<Orchestrator> {
  const { program, config, logger, engine, stores, changes, downstream } = params;
  const { createPerformer } = await import('../ai/create-performer.ts');
  const { createWorker } = await import('../queue/create-worker.ts');
  const { verifyCommand, verifyTimeoutMs, leaseMs } = config.tasks;
  const performer = createPerformer({ settings: config.ai, clock: systemClock, logger });
  return createWorker({
    engine,
    performer,
    tools: performer && (await openTaskTools(config, downstream)),
    verifyCommand: verifyCommand && { command: verifyCommand, env: program.env, timeoutMs: verifyTimeoutMs },
    leaseMs,
    tasks: stores.tasks,
    safety: safetyOf(config),
    changes,
    limits: config.limits,
    clock: systemClock,
    timers: systemTimers,
    logger,
  });
}

/** What tasks are done with besides words; the servers are started by the first task that may use them. */
async function openTaskTools({ servers }: Config, downstream: Downstream): Promise<TaskTools | undefined> {
  const settings = await downstream.settings();
  if (Object.keys(settings.servers).length === 0 && !servers.allowUnlisted) return undefined;
  const { createTaskTools } = await import('../queue/task-tools.ts');
  const { hub, policies } = downstream;
  return createTaskTools({ hub, policyOf: await policies(), timers: systemTimers });
}

import type { ChangeFeed } from '../domain/change-feed.ts';
import { systemClock } from '../domain/clock.ts';
import type { TaskQueue } from '../queue/task-queue.ts';
import type { Services } from './open-services.ts';
import type { WiringParams } from './program.ts';
import { safetyOf } from './safety-settings.ts';

/** What the task queue and what works on it are made from. */
export interface TaskParams extends WiringParams, Pick<Services, 'engine' | 'stores'> {
  readonly changes: ChangeFeed;
}

export async function openTaskQueue({ config, engine, stores, changes }: TaskParams): Promise<TaskQueue> {
  const { createTaskQueue } = await import('../queue/create-task-queue.ts');
  return createTaskQueue({
    tasks: stores.tasks,
    findWorkflow: engine.findWorkflow,
    breaker: safetyOf(config),
    changes,
    clock: systemClock,
    limits: config.limits,
  });
}

import { systemClock } from '../domain/clock.ts';
import { openedOnce } from '../domain/opened-once.ts';
import { systemTimers } from '../domain/timers.ts';
import type { Orchestrator } from '../queue/run.ts';
import { createStoppableOrchestrator } from '../queue/stoppable-orchestrator.ts';
import type { TaskQueue } from '../queue/task-queue.ts';
import type { Downstream } from './downstream.ts';
import { GIVE_BACK_MS } from './limits.ts';
import { openTaskQueue, type TaskParams } from './open-task-queue.ts';
import { openWorker } from './open-worker.ts';

/** The task queue of a server; nothing of it is loaded before its first use. */
export interface Tasks {
  readonly queue: () => Promise<TaskQueue>;
  readonly orchestrator: () => Promise<Orchestrator>;
  /** Has the runs give back what they have in hand. */
  stop(): Promise<void>;
}

export function deferTasks(params: () => Promise<TaskParams>, downstream: Downstream): Tasks {
  let stop = async () => {};
  return {
    queue: openedOnce(async () => openTaskQueue(await params())),
    orchestrator: openedOnce(async () => {
      const worker = await openWorker({ ...(await params()), downstream });
      const stoppable = createStoppableOrchestrator(worker, systemTimers);
      stop = () => stoppable.stop(GIVE_BACK_MS);
      return stoppable;
    }),
    stop: () => stop(),
  };
}

/** Announces also what other processes change in the queue, and the ends of leases. Returns the way to stop it. */
export async function watchTasks({
  stores,
  changes,
  logger,
}: Pick<TaskParams, 'stores' | 'changes' | 'logger'>): Promise<() => void> {
  const { watchLeases } = await import('../queue/watch-leases.ts');
  const clocks = { clock: systemClock, timers: systemTimers };
  const stops = [
    stores.onForeignTaskChange(changes.announce),
    watchLeases({ tasks: stores.tasks, changes, logger, ...clocks }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

import type { Timers } from '../domain/timers.ts';
import type { Orchestrator, RunResult } from './run.ts';

export interface StoppableOrchestrator extends Orchestrator {
  /**
   * Has every run give back the task in hand and end, also those that are still to come. Resolves when they have
   * ended, or after so many milliseconds: whoever waits for a process to end does not wait for ever.
   */
  stop(withinMs: number): Promise<void>;
}

/** The same orchestrator, for a process that has to end in the middle of its runs. */
export function createStoppableOrchestrator({ run }: Orchestrator, timers: Timers): StoppableOrchestrator {
  const stopped = new AbortController();
  const runs = new Set<Promise<RunResult>>();
  return {
    async run(params) {
      const signals = params.signal === undefined ? [] : [params.signal];
      const running = run({ ...params, signal: AbortSignal.any([...signals, stopped.signal]) });
      runs.add(running);
      try {
        return await running;
      } finally {
        runs.delete(running);
      }
    },

    async stop(withinMs) {
      stopped.abort();
      const enough = new AbortController();
      const ended = Promise.allSettled(runs).then(() => enough.abort());
      await Promise.race([ended, timers.sleep(withinMs, enough.signal).catch(() => {})]);
    },
  };
}

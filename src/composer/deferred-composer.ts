import { openedOnce } from '../domain/opened-once.ts';
import type { Timers } from '../domain/timers.ts';
import type { ComposedResult, Composer } from './composer.ts';

export interface DeferredComposer extends Composer {
  /** Opens it now. */
  warmUp(): Promise<void>;
  /**
   * Has every script stop where it is, also those that are still to come: what they have done stays in the journal.
   * Resolves when they have, or after so many milliseconds.
   */
  stop(withinMs: number): Promise<void>;
}

export interface DeferComposerParams {
  readonly open: () => Promise<Composer>;
  readonly timers: Timers;
}

/**
 * A composer that is opened by its first use, for a process that may have to end in the middle of its scripts. What goes
 * wrong in opening is thrown by every call; the next one tries again.
 */
export function deferComposer({ open, timers }: DeferComposerParams): DeferredComposer {
  const opened = openedOnce(open);
  const stopped = new AbortController();
  const executions = new Set<Promise<ComposedResult>>();
  return {
    async execute(params) {
      const composer = await opened();
      const signals = params.signal === undefined ? [] : [params.signal];
      const execution = composer.execute({
        ...params,
        signal: AbortSignal.any([...signals, stopped.signal]),
      });
      executions.add(execution);
      try {
        return await execution;
      } finally {
        executions.delete(execution);
      }
    },
    listTools: async () => (await opened()).listTools(),
    searchTools: async (query) => (await opened()).searchTools(query),
    refreshTools: async (signal) => (await opened()).refreshTools(signal),
    documentation: async (params) => (await opened()).documentation(params),

    async warmUp() {
      await opened();
    },
    async stop(withinMs) {
      stopped.abort();
      const enough = new AbortController();
      const ended = Promise.allSettled(executions).then(() => enough.abort());
      await Promise.race([ended, timers.sleep(withinMs, enough.signal).catch(() => {})]);
    },
  };
}

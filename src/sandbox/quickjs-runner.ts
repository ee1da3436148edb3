import { Defect, Fault } from '../domain/errors.ts';
import type { Logger } from '../domain/logger.ts';
import { cancelledOutcome, outcomeOf } from './outcome.ts';
import { DEFAULT_SCRIPT_LIMITS, type RunScriptParams, type ScriptRunner } from './runner.ts';
import { startThread } from './sandbox-thread.ts';
import { createThreadPool } from './thread-pool.ts';
import { runOnThread } from './thread-run.ts';

export interface QuickjsRunnerParams {
  /** Absolute path of the entry point of its threads, `sandbox-worker.mjs`, which lies beside the bundled program. */
  readonly workerFile: string;
  readonly logger: Logger;
  /** Scripts that run at one time, each on a thread of its own; further ones wait for their turn. */
  readonly workersMax?: number;
  /** As much as most scripts may use: machines that have it are made ahead. */
  readonly memoryBytes?: number;
  /** After which a thread that has nothing to do is ended. */
  readonly idleMs?: number;
}

/** More than there are processors: most scripts wait for tools most of the time, and a thread that waits costs only memory. */
const WORKERS_MAX = 16;
const IDLE_MS = 60_000;

/**
 * Runs scripts in QuickJS, compiled to WebAssembly: a fresh machine for each, on a thread of a pool. Three walls: the machine
 * knows nothing but the language, WebAssembly reaches nothing but its own memory, and the thread can be ended whatever it does.
 */
export function createQuickjsRunner(params: QuickjsRunnerParams): ScriptRunner {
  const { workerFile, logger, workersMax = WORKERS_MAX, idleMs = IDLE_MS } = params;
  const { memoryBytes = DEFAULT_SCRIPT_LIMITS.memoryBytes } = params;
  const pool = createThreadPool({
    start: () => startThread({ workerFile, memoryBytes }),
    threadsMax: workersMax,
    idleMs,
  });
  const runs = new Map<AbortController, Promise<unknown>>();
  let isClosed = false;

  const run = async (script: RunScriptParams, signal: AbortSignal) => {
    if (signal.aborted) return cancelledOutcome;
    const thread = await pool.acquire(signal).catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw new Defect('The sandbox could not be started.', { cause: error });
    });
    if (thread === undefined) return cancelledOutcome;
    let reusable = false;
    try {
      const finished = await runOnThread({ thread, script, signal });
      reusable = finished.reusable;
      if (finished.end.status === 'crashed')
        logger.error('The thread of a script broke down', { error: String(finished.end.cause) });
      return outcomeOf(finished, script.limits);
    } finally {
      pool.release(thread, { reusable });
    }
  };
  return {
    async run(script) {
      if (isClosed) throw new Fault('CANCELLED', 'The program is shutting down.');
      const stopping = new AbortController();
      const stop = () => stopping.abort();
      if (script.signal?.aborted) stop();
      script.signal?.addEventListener('abort', stop, { once: true });
      const running = run(script, stopping.signal);
      runs.set(stopping, running);
      try {
        return await running;
      } finally {
        runs.delete(stopping);
        script.signal?.removeEventListener('abort', stop);
      }
    },
    warmUp() {
      if (!isClosed) pool.warmUp();
    },
    async close() {
      isClosed = true;
      for (const stopping of runs.keys()) stopping.abort();
      await Promise.allSettled(runs.values());
      await pool.close();
    },
  };
}

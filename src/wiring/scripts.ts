import { type DeferredComposer, deferComposer } from '../composer/deferred-composer.ts';
import { systemClock } from '../domain/clock.ts';
import { randomIds } from '../domain/ids.ts';
import { noServersNote } from '../domain/no-servers.ts';
import { openedOnce } from '../domain/opened-once.ts';
import { systemTimers } from '../domain/timers.ts';
import type { JournalStore } from '../store/journal-store.ts';
import type { Downstream } from './downstream.ts';
import { GIVE_BACK_MS } from './limits.ts';
import type { WiringParams } from './program.ts';

export interface Scripts {
  readonly composer: DeferredComposer;
  /** Resolves while its thread still gets ready, which takes long and needs nothing of this one. */
  startSandbox(): Promise<void>;
  close(): Promise<void>;
}

export interface ScriptsParams extends WiringParams {
  readonly downstream: Downstream;
  readonly journal: () => Promise<JournalStore>;
}

/** What runs scripts; nothing of it is loaded before its first use. */
export function deferScripts(params: ScriptsParams): Scripts {
  const { program, config, logger, downstream } = params;
  let closeRunner = async () => {};
  const openRunner = openedOnce(async () => {
    const [{ createQuickjsRunner }, { DEFAULT_SCRIPT_LIMITS }] = await Promise.all([
      import('../sandbox/quickjs-runner.ts'),
      import('../sandbox/runner.ts'),
    ]);
    const limits = { ...DEFAULT_SCRIPT_LIMITS, ...config.scripts };
    const { memoryBytes } = limits;
    const runner = createQuickjsRunner({ workerFile: program.sandboxWorkerFile, memoryBytes, logger });
    closeRunner = runner.close;
    runner.warmUp();
    return { runner, limits };
  });
  const open = async () => {
    const { runner, limits } = await openRunner();
    const [
      { createComposer },
      { DEFAULT_COMPOSER_LIMITS },
      { SCRIPT_VARIABLES },
      { toolApis },
      hub,
      policyOf,
      journal,
    ] = await Promise.all([
      import('../composer/create-composer.ts'),
      import('../composer/limits.ts'),
      import('../config/script-config.ts'),
      import('../sandbox/api/tool-api.ts'),
      downstream.hub(),
      downstream.policies(),
      params.journal(),
    ]);
    return createComposer({
      hub,
      runner,
      journal,
      nameTools: toolApis,
      policyOf,
      noServersNote: noServersNote(config.servers),
      limits: { ...DEFAULT_COMPOSER_LIMITS, script: limits, scriptSettings: SCRIPT_VARIABLES },
      clock: systemClock,
      timers: systemTimers,
      ids: randomIds,
      random: Math.random,
      logger,
    });
  };
  const composer = deferComposer({ open, timers: systemTimers });
  return {
    composer,
    async startSandbox() {
      await openRunner();
    },
    async close() {
      await composer.stop(GIVE_BACK_MS);
      await closeRunner();
    },
  };
}

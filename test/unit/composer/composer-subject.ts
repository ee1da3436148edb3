import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished, vi } from 'vitest';
import type { ComposedResult, Composer, ExecuteParams } from '../../../src/composer/composer.ts';
import { type ComposerParams, createComposer } from '../../../src/composer/create-composer.ts';
import { type ComposerLimits, DEFAULT_COMPOSER_LIMITS } from '../../../src/composer/limits.ts';
import { systemClock } from '../../../src/domain/clock.ts';
import { randomIds } from '../../../src/domain/ids.ts';
import { silentLogger } from '../../../src/domain/logger.ts';
import { systemTimers } from '../../../src/domain/timers.ts';
import { createHub } from '../../../src/hub/create-hub.ts';
import type { Hub, ServerSpec } from '../../../src/hub/hub.ts';
import { DEFAULT_HUB_LIMITS } from '../../../src/hub/limits.ts';
import { toolApis } from '../../../src/sandbox/api/tool-api.ts';
import { createQuickjsRunner } from '../../../src/sandbox/quickjs-runner.ts';
import { DEFAULT_SCRIPT_LIMITS, type ScriptLimits, type ScriptRunner } from '../../../src/sandbox/runner.ts';
import type { JournalStore } from '../../../src/store/journal-store.ts';
import { openSqliteStores } from '../../../src/store/sqlite/open-sqlite-stores.ts';
import { buildFaulty } from '../../support/faulty-build.ts';
import { type LedgerEntry, ledgerServer, readLedger } from '../../support/ledger.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

export interface RoomParams extends Partial<Omit<ComposerParams, 'limits'>> {
  readonly limits?: Partial<Omit<ComposerLimits, 'script'>>;
  readonly script?: Partial<ScriptLimits>;
  /** Of another room: the journal of the same database, as another process would see it. */
  readonly databasePath?: string;
}

/** A composer on a database of its own. */
export interface ComposerRoom {
  readonly composer: Composer;
  readonly journal: JournalStore;
  readonly databasePath: string;
  execute(code: string, params?: Omit<ExecuteParams, 'code'>): Promise<ComposedResult>;
}

export interface ComposerSubject {
  readonly hub: Hub;
  /** Beside what is said, it allows everything, and has the sandbox and the server `ledger` of this file. */
  open(params?: RoomParams): Promise<ComposerRoom>;
  /** What failed stays failed for as long as a test looks at it, unless `pauseMs` says otherwise. */
  openHub(servers: Readonly<Record<string, ServerSpec>>, pauseMs?: number): Hub;
  /** What this run left in the ledger. */
  ledger(runId: string): readonly LedgerEntry[];
  readonly ledgerFile: string;
  /** From now on, calls with this `hold` are not answered. */
  hold(name: string): void;
  /** Those that come from now on are answered again. */
  release(name: string): void;
  /** Until the run has left as many entries. */
  untilLedgerHas(runId: string, entries: number): Promise<void>;
}

/** A sandbox and a server that keeps a ledger, for the tests of one file. */
export function composerSubject(): ComposerSubject {
  const folder = mkdtempSync(join(tmpdir(), 'orchestrator-composer-'));
  const ledgerFile = join(folder, 'ledger');
  const openHub = (servers: Readonly<Record<string, ServerSpec>>, pauseMs = DEFAULT_HUB_LIMITS.pauseMsMax) =>
    createHub({
      servers,
      clientVersion: '0.0.0',
      childEnv: { PATH: process.env.PATH ?? '' },
      limits: { ...DEFAULT_HUB_LIMITS, pauseMs },
      clock: systemClock,
      timers: systemTimers,
      random: () => 0.5,
      logger: silentLogger,
    });
  const hub = openHub({ ledger: ledgerServer(ledgerFile) });
  const ledger = (runId: string) => readLedger(ledgerFile).filter(({ key }) => key.startsWith(`${runId}:`));
  let runner: ScriptRunner;
  let dispose: () => Promise<void>;

  beforeAll(async () => {
    const build = await buildFaulty({ entry: 'sandbox-room' });
    dispose = build.dispose;
    runner = createQuickjsRunner({ workerFile: build.sandboxWorkerFile, logger: silentLogger });
  });
  afterAll(async () => {
    await Promise.all([runner.close(), hub.close()]);
    await dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  return {
    hub,
    openHub(servers, pauseMs) {
      const opened = openHub(servers, pauseMs);
      onTestFinished(() => opened.close());
      return opened;
    },
    ledgerFile,
    ledger,
    hold: (name) => writeFileSync(`${ledgerFile}.${name}`, ''),
    release: (name) => rmSync(`${ledgerFile}.${name}`),
    untilLedgerHas: (runId, entries) =>
      vi.waitFor(() => {
        if (ledger(runId).length < entries) throw new Error(`${ledger(runId).length} entries are there.`);
      }, PATIENCE),
    async open(params = {}) {
      const { limits, script, databasePath = join(temporaryFolder(), 'runs.sqlite'), ...deps } = params;
      const stores = await openSqliteStores({
        path: databasePath,
        migrationsFolder: 'src/store/migrations/sqlite',
        logger: silentLogger,
      });
      onTestFinished(() => stores.close());
      const composer = createComposer({
        hub,
        runner,
        journal: stores.journal,
        nameTools: toolApis,
        policyOf: () => 'allow',
        noServersNote: 'There is no server.',
        clock: systemClock,
        timers: systemTimers,
        ids: randomIds,
        random: Math.random,
        logger: silentLogger,
        ...deps,
        limits: {
          ...DEFAULT_COMPOSER_LIMITS,
          ...limits,
          script: { ...DEFAULT_SCRIPT_LIMITS, ...script },
        },
      });
      const execute: ComposerRoom['execute'] = (code, options) => composer.execute({ code, ...options });
      return { composer, journal: stores.journal, databasePath, execute };
    },
  };
}

/** For what other processes do, which no virtual clock moves. */
const PATIENCE = { timeout: 20_000, interval: 5 };

import { createComposer } from '../../src/composer/create-composer.ts';
import { DEFAULT_COMPOSER_LIMITS } from '../../src/composer/limits.ts';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import { randomIds } from '../../src/domain/ids.ts';
import { silentLogger } from '../../src/domain/logger.ts';
import { systemTimers } from '../../src/domain/timers.ts';
import { createHub } from '../../src/hub/create-hub.ts';
import type { ServerSpec } from '../../src/hub/hub.ts';
import { DEFAULT_HUB_LIMITS } from '../../src/hub/limits.ts';
import { toolApis } from '../../src/sandbox/api/tool-api.ts';
import { createQuickjsRunner } from '../../src/sandbox/quickjs-runner.ts';
import { DEFAULT_SCRIPT_LIMITS } from '../../src/sandbox/runner.ts';
import { openSqliteStores } from '../../src/store/sqlite/open-sqlite-stores.ts';

/** What a process is told to execute: bundled with failpoints, and sometimes with a planted defect. */
export interface ScriptOrders {
  readonly databasePath: string;
  readonly migrationsFolder: string;
  readonly workerFile: string;
  readonly stateFolder: string;
  readonly servers: Readonly<Record<string, ServerSpec>>;
  readonly code: string;
  readonly runId: string;
  /** By how much its clock is ahead, so that the lease of whoever was killed has ended. */
  readonly aheadMs: number;
}

/** Executes it, and prints what came of it as one line of JSON: `{result}` or `{error}`. */
async function execute(orders: ScriptOrders): Promise<void> {
  const { databasePath, migrationsFolder, workerFile, stateFolder, servers, code, runId, aheadMs } = orders;
  const clock: Clock = {
    now: () => new Date(Date.now() + aheadMs).toISOString(),
    monotonicMs: systemClock.monotonicMs,
  };
  const common = { clock, timers: systemTimers, random: Math.random, logger: silentLogger };
  const stores = await openSqliteStores({ path: databasePath, migrationsFolder, logger: silentLogger });
  const hub = createHub({
    ...common,
    servers,
    clientVersion: '0.0.0',
    childEnv: { PATH: process.env.PATH ?? '' },
    stateFolder,
    limits: DEFAULT_HUB_LIMITS,
  });
  const runner = createQuickjsRunner({ workerFile, logger: silentLogger });
  const composer = createComposer({
    ...common,
    hub,
    runner,
    journal: stores.journal,
    nameTools: toolApis,
    policyOf: () => 'allow',
    noServersNote: 'There is no server.',
    limits: { ...DEFAULT_COMPOSER_LIMITS, script: DEFAULT_SCRIPT_LIMITS },
    ids: randomIds,
  });
  const outcome = await composer.execute({ code, runId }).then(
    (result) => ({ result }),
    (error: unknown) => ({ error: String(error) }),
  );
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
  await Promise.all([hub.close(), runner.close()]);
  await stores.close();
}

const [, , orders = ''] = process.argv;
await execute(JSON.parse(orders));

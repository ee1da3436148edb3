import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import packageJson from '../package.json' with { type: 'json' };
import type { AgentSessions } from './agent/agent-sessions.ts';
import type { Model } from './ai/model.ts';
import { createJsonLogger } from './cli/json-logger.ts';
import { runCli } from './cli/run-cli.ts';
import type { CliDeps, Services } from './cli/services.ts';
import { type Config, secretsOf } from './config/config.ts';
import { loadConfig } from './config/load-config.ts';
import { formatDiagnostic } from './definitions/diagnostic.ts';
import { type ChangeFeed, createChangeFeed } from './domain/change-feed.ts';
import { systemClock } from './domain/clock.ts';
import { Fault } from './domain/errors.ts';
import { randomIds } from './domain/ids.ts';
import { DEFAULT_LIMITS } from './domain/limits.ts';
import type { Logger } from './domain/logger.ts';
import { openedOnce } from './domain/opened-once.ts';
import { systemTimers } from './domain/timers.ts';
import type { Engine } from './engine/engine.ts';
import type { Orchestrator } from './queue/orchestrator.ts';
import type { SafetySettings } from './queue/run-safety.ts';
import type { TaskQueue } from './queue/task-queue.ts';
import type { SqliteStores } from './store/sqlite/open-sqlite-stores.ts';
import type { SessionStore } from './store/session-store.ts';

// The composition root: the only file that knows every room. What is not needed by every command is imported
// where it is used, because clients wait for the server to start.

const mainFile = fileURLToPath(import.meta.url);
const packageRoot = dirname(dirname(mainFile));
const migrationsFolder = join(dirname(mainFile), 'migrations', 'sqlite');

function loggerFor(config: Config, level = config.logLevel): Logger {
  return createJsonLogger({ level, stream: process.stderr, secrets: secretsOf(config) });
}

/** How long the runs of a server that ends may take to give their tasks back. */
const GIVE_BACK_MS = 3_000;

interface OpenServices extends Services {
  readonly engine: Engine;
  readonly stores: SqliteStores;
}

/** What decides where declared transitions do not; throws `CONFIG_INVALID` if the files that it plays are broken. */
async function openModel({ ai }: Config, logger: Logger): Promise<Model | undefined> {
  if (ai.provider === 'client') return undefined;
  const { createModel } = await import('./ai/create-model.ts');
  return createModel({ settings: ai, clock: systemClock, logger });
}

async function open(config: Config, logger: Logger, model?: Model): Promise<OpenServices> {
  const [{ createEngine }, { openSqliteStores }, language] = await Promise.all([
    import('./engine/engine.ts'),
    import('./store/sqlite/open-sqlite-stores.ts'),
    import('./definitions/index.ts'),
  ]);
  const { store, sessions, close } = await openSqliteStores({
    path: config.databasePath,
    migrationsFolder,
    logger,
  });
  const definitions = language.createDefinitions({
    roots: config.definitionDirs,
    statesRoot: join(packageRoot, 'workflows'),
    limits: config.limits,
    logger,
  });
  const engine = createEngine({
    store: stores.store,
    definitions,
    conditions: language.createConditions(),
    schemas: language.createSchemas(),
    model,
    clock: systemClock,
    ids: randomIds,
    limits: config.limits,
    logger,
  });
  return {
    engine,
    sessions,
    async close() {
      await definitions.close();
      await close();
    },
  };
}

const unopened = async (): Promise<never> => {
  throw new Defect('The task queue is not wired yet.');
};

async function serveStdio(config: Config): Promise<void> {
  const { serveOverStdio } = await import('./mcp/stdio.ts');
  const { deferEngine } = await import('./engine/deferred-engine.ts');
  const logger = loggerFor(config);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const model = await openModel(config, logger);
  const sessionChanges = createChangeFeed<string>(logger);
  let services: OpenServices | undefined;
  let agent: AgentSessions | undefined;
  const engine = deferEngine(async () => {
    const { createAgentSessions } = await import('./agent/agent-sessions.ts');
    services = await open(config, logger, model);
    agent = createAgentSessions({
      ...services,
      clock: systemClock,
      limits: config.limits,
      changes: sessionChanges,
    });
    return services.engine;
  });
  logger.info('Serving over stdio.', {
    database: config.databasePath,
    workflows: config.definitionDirs,
    decider: config.ai.provider,
  });
  try {
    await serveOverStdio(
      {
        engine,
        async agent() {
          await engine.warmUp();
          return agent ?? unopened();
        },
        sessionChanges,
        taskQueue: unopened,
        orchestrator: unopened,
        taskChanges: createChangeFeed(logger),
        logger,
        limits: config.limits,
        authoringGuide: () => readFile(join(packageRoot, 'docs', 'guides', 'authoring.md'), 'utf8'),
        afterListing: () => engine.warmUp(),
        version: packageJson.version,
        toolsets: config.toolsets,
      },
      stop.signal,
    );
  } finally {
    await services?.close();
  }
}

const deps: CliDeps = {
  version: packageJson.version,
  installation: {
    platform: process.platform,
    homeDir: homedir(),
    env: process.env,
    nodePath: process.execPath,
    mainFile,
  },
  loadConfig: (flags) => loadConfig({ flags, env: process.env, cwd: process.cwd(), packageRoot }),
  // A person at a terminal reads what a command prints; of what goes on behind it, only trouble.
  open: (config) => open(config, loggerFor(config, config.logLevel === 'info' ? 'warn' : config.logLevel)),
  serveStdio,
  async lintPath(path) {
    const { lintPath } = await import('./definitions/index.ts');
    return lintPath(path, { limits: DEFAULT_LIMITS });
  },
  formatDiagnostic,
  async inspectDatabase({ databasePath }) {
    const { inspectDatabase } = await import('./store/sqlite/inspect-database.ts');
    return inspectDatabase({ path: databasePath, migrationsFolder });
  },
  async measureSyncSpeed({ databasePath }) {
    const { measureSyncSpeed } = await import('./store/sqlite/sync-speed.ts');
    return measureSyncSpeed(databasePath);
  },
  async backupDatabase({ config, file, force }) {
    const { backupDatabase } = await import('./store/sqlite/backup-database.ts');
    return backupDatabase({ path: config.databasePath, migrationsFolder, file, force });
  },
  async pruneDatabase({ config, ...request }) {
    const { pruneDatabase } = await import('./store/sqlite/prune-database.ts');
    return pruneDatabase({ path: config.databasePath, migrationsFolder, ...request });
  },
};

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  stdout: process.stdout,
  stderr: process.stderr,
  deps,
});

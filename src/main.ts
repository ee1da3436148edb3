import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import packageJson from '../package.json' with { type: 'json' };
import type { Model } from './ai/model.ts';
import { createJsonLogger } from './cli/json-logger.ts';
import { runCli } from './cli/run-cli.ts';
import type { CliDeps, Services } from './cli/services.ts';
import { type Config, secretsOf } from './config/config.ts';
import { loadConfig } from './config/load-config.ts';
import { formatDiagnostic } from './definitions/diagnostic.ts';
import { type ChangeFeed, createChangeFeed } from './domain/change-feed.ts';
import { systemClock } from './domain/clock.ts';
import { randomIds } from './domain/ids.ts';
import { DEFAULT_LIMITS } from './domain/limits.ts';
import type { Logger } from './domain/logger.ts';
import { openedOnce } from './domain/opened-once.ts';
import { systemTimers } from './domain/timers.ts';
import type { Engine } from './engine/engine.ts';
import type { Orchestrator } from './queue/run.ts';
import type { SafetySettings } from './queue/run-safety.ts';
import { createStoppableOrchestrator } from './queue/stoppable-orchestrator.ts';
import type { TaskQueue } from './queue/task-queue.ts';
import type { SqliteStores } from './store/sqlite/open-sqlite-stores.ts';

// The composition root: the only file that knows every room. What is not needed by every command is imported
// where it is used, because clients wait for the server to start.

const mainFile = fileURLToPath(import.meta.url);
const packageRoot = dirname(dirname(mainFile));
const migrationsFolder = join(dirname(mainFile), 'migrations', 'sqlite');

function loggerFor(config: Config, level = config.logLevel): Logger {
  return createJsonLogger({ level, stream: process.stderr, secrets: secretsOf(config) });
}

/** A person at a terminal reads what a command prints; of what goes on behind it, only trouble. */
function terminalLogger(config: Config): Logger {
  return loggerFor(config, config.logLevel === 'info' ? 'warn' : config.logLevel);
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
  const stores = await openSqliteStores({ path: config.databasePath, migrationsFolder, logger });
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
    stores,
    async close() {
      await definitions.close();
      await stores.close();
    },
  };
}

interface TaskParams extends Pick<OpenServices, 'engine' | 'stores'> {
  readonly config: Config;
  readonly logger: Logger;
  readonly changes: ChangeFeed;
}

async function openTaskQueue({ config, engine, stores, changes }: TaskParams): Promise<TaskQueue> {
  const { createTaskQueue } = await import('./queue/create-task-queue.ts');
  return createTaskQueue({
    tasks: stores.tasks,
    findWorkflow: engine.findWorkflow,
    breaker: safetyOf(config),
    changes,
    clock: systemClock,
    limits: config.limits,
  });
}

/** What works on tasks by itself, if the configuration has an AI provider. */
async function openWorker({ config, logger, engine, stores, changes }: TaskParams): Promise<Orchestrator> {
  const { createPerformer } = await import('./ai/create-performer.ts');
  const { createWorker } = await import('./queue/create-worker.ts');
  const { verifyCommand, verifyTimeoutMs, leaseMs } = config.tasks;
  return createWorker({
    engine,
    performer: createPerformer({ settings: config.ai, clock: systemClock, logger }),
    verifyCommand: verifyCommand && { command: verifyCommand, env: process.env, timeoutMs: verifyTimeoutMs },
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

function safetyOf({ tasks }: Config): SafetySettings {
  return {
    failuresInRowMax: tasks.failuresInRowMax,
    cooldownMs: tasks.breakerCooldownMs,
    iterationsMax: tasks.runIterationsMax,
    runMsMax: tasks.runMsMax,
  };
}

/** See {@link CliDeps.stopSignal}. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

/** Announces also what other processes change in the queue, and the ends of leases. Returns the way to stop it. */
async function watchTasks({ stores, changes, logger }: Omit<TaskParams, 'config' | 'engine'>) {
  const { watchLeases } = await import('./queue/watch-leases.ts');
  const clocks = { clock: systemClock, timers: systemTimers };
  const stops = [
    stores.onForeignTaskChange(changes.announce),
    watchLeases({ tasks: stores.tasks, changes, logger, ...clocks }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

async function serveStdio(config: Config): Promise<void> {
  const { serveOverStdio } = await import('./mcp/stdio.ts');
  const { deferEngine } = await import('./engine/deferred-engine.ts');
  const logger = loggerFor(config);
  const signal = stopSignal();
  const model = await openModel(config, logger);
  const changes = createChangeFeed(logger);
  const sessionChanges = createChangeFeed<string>(logger);
  let close = async () => {};
  const services = openedOnce(async () => {
    const opened = await open(config, logger, model);
    const { stores } = opened;
    const stopWatching = config.toolsets.includes('tasks') && (await watchTasks({ stores, changes, logger }));
    close = async () => {
      if (stopWatching) stopWatching();
      await opened.close();
    };
    return opened;
  });
  const engine = deferEngine(async () => (await services()).engine);
  const agent = openedOnce(async () => {
    const { createAgentSessions } = await import('./agent/agent-sessions.ts');
    const { sessions } = (await services()).stores;
    const { limits } = config;
    return createAgentSessions({ engine, sessions, clock: systemClock, limits, changes: sessionChanges });
  });
  const taskParams = async () => ({ config, logger, changes, ...(await services()) });
  let stopRuns = async () => {};
  const orchestrator = openedOnce(async () => {
    const worker = createStoppableOrchestrator(await openWorker(await taskParams()), systemTimers);
    stopRuns = () => worker.stop(GIVE_BACK_MS);
    return worker;
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
        agent,
        sessionChanges,
        taskQueue: openedOnce(async () => openTaskQueue(await taskParams())),
        orchestrator,
        taskChanges: changes,
        logger,
        limits: config.limits,
        authoringGuide: () => readFile(join(packageRoot, 'docs', 'guides', 'authoring.md'), 'utf8'),
        afterListing: () => engine.warmUp(),
        version: packageJson.version,
        toolsets: config.toolsets,
      },
      signal,
    );
  } finally {
    await stopRuns();
    await close();
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
  open: (config) => open(config, terminalLogger(config)),
  async openWorker(config) {
    const logger = terminalLogger(config);
    const services = await open(config, logger, await openModel(config, logger));
    const { run } = await openWorker({ ...services, config, logger, changes: createChangeFeed(logger) });
    return { run, close: services.close };
  },
  stopSignal,
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

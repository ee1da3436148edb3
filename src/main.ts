import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import packageJson from '../package.json' with { type: 'json' };
import type { Model } from './ai/model.ts';
import { createJsonLogger } from './cli/json-logger.ts';
import { runCli } from './cli/run-cli.ts';
import type { CliDeps, Services } from './cli/services.ts';
import type { Composer } from './composer/composer.ts';
import { type DeferredComposer, deferComposer } from './composer/deferred-composer.ts';
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
import { policyFor, type ToolPolicy } from './domain/tool-policy.ts';
import type { Engine } from './engine/engine.ts';
import type { Gateway } from './hub/gateway.ts';
import type { Hub } from './hub/hub.ts';
import type { McpServersConfig } from './hub/mcp-servers-config.ts';
import type { Orchestrator } from './queue/run.ts';
import type { SafetySettings } from './queue/run-safety.ts';
import { createStoppableOrchestrator } from './queue/stoppable-orchestrator.ts';
import type { TaskQueue } from './queue/task-queue.ts';
import type { TaskTools } from './queue/task-tools.ts';
import type { SqliteStores } from './store/sqlite/open-sqlite-stores.ts';

// The composition root: the only file that knows every room. What is not needed by every command is imported
// where it is used, because clients wait for the server to start.

const mainFile = fileURLToPath(import.meta.url);
const packageRoot = dirname(dirname(mainFile));
const migrationsFolder = join(dirname(mainFile), 'migrations', 'sqlite');
const sandboxWorkerFile = join(dirname(mainFile), 'sandbox-worker.mjs');

function loggerFor(config: Config, level = config.logLevel): Logger {
  return createJsonLogger({ level, stream: process.stderr, secrets: secretsOf(config) });
}

/** A person at a terminal reads what a command prints; of what goes on behind it, only trouble. */
function terminalLogger(config: Config): Logger {
  return loggerFor(config, config.logLevel === 'info' ? 'warn' : config.logLevel);
}

/** How long the runs and scripts of a server that ends may take to leave things in order. */
const GIVE_BACK_MS = 3_000;

interface OpenServices extends Services {
  readonly engine: Engine;
  readonly stores: SqliteStores;
}

/** The downstream servers: none of them, and nothing that it takes to speak to them, is there before its first use. */
interface Downstream {
  readonly settings: () => Promise<McpServersConfig>;
  readonly hub: () => Promise<Hub>;
  readonly policies: () => Promise<(server: string, tool: string) => ToolPolicy>;
  /** Ends all that was started. */
  close(): Promise<void>;
}

function deferDownstream(config: Config, logger: Logger): Downstream {
  let isClosed = false;
  let close = async () => {};
  const settings = openedOnce(() => readServersFile(config, logger));
  return {
    settings,
    hub: openedOnce(async () => {
      const [{ createHub }, { DEFAULT_HUB_LIMITS }, { childEnvironment }] = await Promise.all([
        import('./hub/create-hub.ts'),
        import('./hub/limits.ts'),
        import('./domain/child-environment.ts'),
      ]);
      const hub = createHub({
        servers: (await settings()).servers,
        clientVersion: packageJson.version,
        childEnv: childEnvironment(process.env),
        stateFolder: join(dirname(config.databasePath), 'downstream-processes'),
        limits: DEFAULT_HUB_LIMITS,
        clock: systemClock,
        timers: systemTimers,
        random: Math.random,
        logger,
      });
      close = hub.close;
      // Whoever asked for it did so when the end had not come yet; it starts nothing now.
      if (isClosed) await hub.close();
      return hub;
    }),
    async policies() {
      const { policies } = await settings();
      return (server, tool) => policyFor(policies[server] ?? {}, tool);
    },
    async close() {
      isClosed = true;
      await close();
    },
  };
}

/** Throws `CONFIG_INVALID`. */
async function readServersFile({ servers: { file } }: Config, logger: Logger): Promise<McpServersConfig> {
  if (file === undefined) return { servers: {}, policies: {}, notes: [] };
  const { loadMcpServersConfig } = await import('./hub/mcp-servers-config.ts');
  const settings = await loadMcpServersConfig(file);
  for (const note of settings.notes) logger.warn('Something in the list of servers is not used.', { note });
  return settings;
}

async function openGateway(config: Config, downstream: Downstream): Promise<Gateway> {
  const { createGateway } = await import('./hub/create-gateway.ts');
  const { servers } = await downstream.settings();
  return createGateway({
    hub: await downstream.hub(),
    configured: servers,
    policyOf: await downstream.policies(),
    allowUnlisted: config.servers.allowUnlisted,
  });
}

interface Scripts {
  readonly composer: DeferredComposer;
  /** Resolves while its thread still gets ready, which takes long and needs nothing of this one. */
  startSandbox(): Promise<void>;
  close(): Promise<void>;
}

/** What runs scripts; nothing of it is loaded before its first use. */
function deferScripts(params: {
  readonly config: Config;
  readonly logger: Logger;
  readonly downstream: Downstream;
  readonly stores: () => Promise<SqliteStores>;
}): Scripts {
  const { config, logger, downstream, stores } = params;
  let closeRunner = async () => {};
  const openRunner = openedOnce(async () => {
    const [{ createQuickjsRunner }, { DEFAULT_SCRIPT_LIMITS }] = await Promise.all([
      import('./sandbox/quickjs-runner.ts'),
      import('./sandbox/runner.ts'),
    ]);
    const limits = { ...DEFAULT_SCRIPT_LIMITS, ...config.scripts };
    const { memoryBytes } = limits;
    const runner = createQuickjsRunner({ workerFile: sandboxWorkerFile, memoryBytes, logger });
    closeRunner = runner.close;
    runner.warmUp();
    return { runner, limits };
  });
  const open = async () => {
    const { runner, limits } = await openRunner();
    const [{ createComposer }, { DEFAULT_COMPOSER_LIMITS }, { toolApis }, hub, policyOf, { journal }] =
      await Promise.all([
        import('./composer/create-composer.ts'),
        import('./composer/limits.ts'),
        import('./sandbox/api/tool-api.ts'),
        downstream.hub(),
        downstream.policies(),
        stores(),
      ]);
    return createComposer({
      hub,
      runner,
      journal,
      nameTools: toolApis,
      policyOf,
      limits: { ...DEFAULT_COMPOSER_LIMITS, script: limits },
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

/** What decides where declared transitions do not; throws `CONFIG_INVALID` if the files that it plays are broken. */
async function openModel({ ai }: Config, logger: Logger): Promise<Model | undefined> {
  if (ai.provider === 'client') return undefined;
  const { createModel } = await import('./ai/create-model.ts');
  return createModel({ settings: ai, clock: systemClock, logger });
}

interface OpenParams {
  readonly config: Config;
  readonly logger: Logger;
  readonly model?: Model;
  /** For the steps that have a script; only where runs are moved. */
  readonly composer?: Composer;
}

async function open({ config, logger, model, composer }: OpenParams): Promise<OpenServices> {
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
    composer,
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

interface WorkerParams extends TaskParams {
  readonly downstream: Downstream;
}

/** What works on tasks by itself, if the configuration has an AI provider. Throws `CONFIG_INVALID`. */
async function openWorker(params: WorkerParams): Promise<Orchestrator> {
  const { config, logger, engine, stores, changes, downstream } = params;
  const { createPerformer } = await import('./ai/create-performer.ts');
  const { createWorker } = await import('./queue/create-worker.ts');
  const { verifyCommand, verifyTimeoutMs, leaseMs } = config.tasks;
  const performer = createPerformer({ settings: config.ai, clock: systemClock, logger });
  return createWorker({
    engine,
    performer,
    tools: performer && (await openTaskTools(config, downstream)),
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

/** What tasks are done with besides words; the servers are started by the first task that may use them. */
async function openTaskTools({ servers }: Config, downstream: Downstream): Promise<TaskTools | undefined> {
  const settings = await downstream.settings();
  if (Object.keys(settings.servers).length === 0 && !servers.allowUnlisted) return undefined;
  const { createTaskTools } = await import('./queue/task-tools.ts');
  const { hub, policies } = downstream;
  return createTaskTools({ hub, policyOf: await policies(), timers: systemTimers });
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
  const downstream = deferDownstream(config, logger);
  const scripts = deferScripts({
    config,
    logger,
    downstream,
    stores: async () => (await services()).stores,
  });
  const services = openedOnce(async () => {
    const opened = await open({ config, logger, model, composer: scripts.composer });
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
  // Whoever asks for these tools hears at once what is wrong with the list of servers.
  if (config.toolsets.some((toolset) => toolset === 'servers' || toolset === 'composition'))
    await downstream.settings();
  const taskParams = async () => ({ config, logger, changes, ...(await services()) });
  let stopRuns = async () => {};
  const orchestrator = openedOnce(async () => {
    const worker = createStoppableOrchestrator(
      await openWorker({ ...(await taskParams()), downstream }),
      systemTimers,
    );
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
        gateway: openedOnce(() => openGateway(config, downstream)),
        composer: scripts.composer,
        logger,
        limits: config.limits,
        authoringGuide: () => readFile(join(packageRoot, 'docs', 'guides', 'authoring.md'), 'utf8'),
        async afterListing() {
          if (!config.toolsets.includes('composition')) return engine.warmUp();
          await scripts.startSandbox();
          await Promise.all([engine.warmUp(), scripts.composer.warmUp()]);
        },
        version: packageJson.version,
        toolsets: config.toolsets,
      },
      signal,
    );
  } finally {
    await Promise.all([stopRuns(), scripts.close()]);
    await downstream.close();
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
  open: (config) => open({ config, logger: terminalLogger(config) }),
  async openWorker(config) {
    const logger = terminalLogger(config);
    const model = await openModel(config, logger);
    const downstream = deferDownstream(config, logger);
    const scripts = deferScripts({ config, logger, downstream, stores: async () => services.stores });
    const services = await open({ config, logger, model, composer: scripts.composer });
    const changes = createChangeFeed(logger);
    const { run } = await openWorker({ ...services, config, logger, changes, downstream });
    return {
      run,
      async close() {
        await scripts.close();
        await downstream.close();
        await services.close();
      },
    };
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
  async inspectServers({ servers: { file } }) {
    if (file === undefined) return undefined;
    const [{ inspectServers }, { childEnvironment }] = await Promise.all([
      import('./hub/inspect-servers.ts'),
      import('./domain/child-environment.ts'),
    ]);
    return inspectServers({ file, childEnv: childEnvironment(process.env) });
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

import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import packageJson from '../package.json' with { type: 'json' };
import { createJsonLogger } from './cli/json-logger.ts';
import { runCli } from './cli/run-cli.ts';
import type { Services } from './cli/services.ts';
import { type Config, secretsOf } from './config/config.ts';
import { loadConfig } from './config/load-config.ts';
import { systemClock } from './domain/clock.ts';
import { randomIds } from './domain/ids.ts';
import type { Logger } from './domain/logger.ts';

// The composition root: the only file that knows every room. What is not needed by every command is imported
// where it is used, because clients wait for the server to start.

const mainFile = fileURLToPath(import.meta.url);
const packageRoot = dirname(dirname(mainFile));

function loggerFor(config: Config): Logger {
  return createJsonLogger({ level: config.logLevel, stream: process.stderr, secrets: secretsOf(config) });
}

interface OpenServices extends Services {
  readonly engine: import('./engine/engine.ts').Engine;
  readonly logger: Logger;
}

async function open(config: Config): Promise<OpenServices> {
  const logger = loggerFor(config);
  const [{ createEngine }, { createSqliteStore }, { createModel }, language] = await Promise.all([
    import('./engine/engine.ts'),
    import('./store/sqlite/sqlite-store.ts'),
    import('./ai/create-model.ts'),
    import('./definitions/index.ts'),
  ]);
  const store = await createSqliteStore({
    path: config.databasePath,
    migrationsFolder: join(dirname(mainFile), 'migrations', 'sqlite'),
    logger,
  });
  const definitions = language.createDefinitions({ roots: config.definitionDirs, limits: config.limits, logger });
  const engine = createEngine({
    store,
    definitions,
    conditions: language.createConditions(),
    schemas: language.createSchemas(),
    model: createModel(config.ai),
    clock: systemClock,
    ids: randomIds,
    limits: config.limits,
    logger,
  });
  return {
    engine,
    logger,
    async close() {
      await definitions.close();
      await store.close();
    },
  };
}

async function serveStdio(config: Config): Promise<void> {
  const { serveOverStdio } = await import('./mcp/stdio.ts');
  const { engine, logger, close } = await open(config);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const authoringGuide = () => readFile(join(packageRoot, 'docs', 'guides', 'authoring.md'), 'utf8');
  logger.info('Serving over stdio.', { database: config.databasePath, workflows: config.definitionDirs, decider: config.ai.provider });
  try {
    await serveOverStdio(
      { engine, logger, authoringGuide, version: packageJson.version, toolsets: config.toolsets },
      stop.signal,
    );
  } finally {
    await close();
  }
}

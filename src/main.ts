import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import packageJson from '../package.json' with { type: 'json' };
import { runCli } from './cli/run-cli.ts';
import type { CliDeps } from './cli/services.ts';
import { loadConfig } from './config/load-config.ts';
import { formatDiagnostic } from './definitions/diagnostic.ts';
import { DEFAULT_LIMITS } from './domain/limits.ts';
import { loggerFor, terminalLogger } from './wiring/loggers.ts';
import { openServices } from './wiring/open-services.ts';
import { openTaskWorker } from './wiring/open-task-worker.ts';
import { locateProgram } from './wiring/program.ts';
import { serveStdio } from './wiring/serve-stdio.ts';
import { stopSignal } from './wiring/stop-signal.ts';

// The composition root: this file and `wiring` alone know every room. What is not needed by every command is imported
// where it is used, because clients wait for the server to start.

const program = locateProgram({
  version: packageJson.version,
  env: process.env,
  mainFile: fileURLToPath(import.meta.url),
});
const { packageRoot, migrationsFolder } = program;

const deps: CliDeps = {
  version: program.version,
  installation: {
    platform: process.platform,
    homeDir: homedir(),
    env: program.env,
    nodePath: process.execPath,
    mainFile: program.mainFile,
  },
  loadConfig: (flags) => loadConfig({ flags, env: program.env, cwd: process.cwd(), packageRoot }),
  open: (config) => openServices({ program, config, logger: terminalLogger(config) }),
  openWorker: (config) => openTaskWorker({ program, config, logger: terminalLogger(config) }),
  stopSignal,
  serveStdio: (config) => serveStdio({ program, config, logger: loggerFor(config) }),
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
    return inspectServers({ file, childEnv: childEnvironment(program.env) });
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

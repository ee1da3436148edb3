import { Writable } from 'node:stream';
import { runCli } from '../../../src/cli/run-cli.ts';
import type { CliDeps, Installation, Services } from '../../../src/cli/services.ts';
import type { Config } from '../../../src/config/config.ts';
import type { Variables } from '../../../src/config/sources.ts';
import { DEFAULT_LIMITS } from '../../../src/domain/limits.ts';

export const TEST_CONFIG: Config = {
  definitionDirs: ['/flows'],
  databasePath: '/runs/workflows.sqlite',
  ai: { provider: 'client', requestTimeoutMs: 30_000 },
  tasks: {
    verifyTimeoutMs: 300_000,
    failuresInRowMax: 5,
    breakerCooldownMs: 60_000,
    runIterationsMax: 1_000,
    runMsMax: 3_600_000,
    leaseMs: 60_000,
  },
  servers: { allowUnlisted: false },
  scripts: { wallMs: 60_000, cpuMs: 5_000, memoryBytes: 64 * 1024 * 1024, callsMax: 1_000 },
  logLevel: 'info',
  toolsets: ['workflows'],
  limits: DEFAULT_LIMITS,
};

export const TEST_INSTALLATION: Installation = {
  platform: 'linux',
  homeDir: '/home/me',
  env: {},
  nodePath: '/opt/node/bin/node',
  mainFile: '/opt/orchestrator/dist/main.mjs',
};

export interface CommandLineParams {
  readonly engine?: Partial<Services['engine']>;
  readonly deps?: Partial<CliDeps>;
  readonly installation?: Partial<Installation>;
}

export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What was done, in order: `load`, `open`, `serve`, `close`. */
  readonly events: readonly string[];
  /** What the configuration was loaded with. */
  readonly flags: Variables | undefined;
}

/** Runs one command line in this process, with nothing behind it but what the test says. */
export async function runCommand(argv: readonly string[], params: CommandLineParams = {}): Promise<Finished> {
  const stdout = new TextSink();
  const stderr = new TextSink();
  const events: string[] = [];
  let flags: Variables | undefined;
  const unexpected = (what: string) => async () => Promise.reject(new Error(`The test expected no ${what}.`));
  const engine: Services['engine'] = {
    listWorkflows: unexpected('listWorkflows'),
    listInstances: unexpected('listInstances'),
    status: unexpected('status'),
    history: unexpected('history'),
    ...params.engine,
  };
  const exitCode = await runCli({
    argv,
    stdout,
    stderr,
    deps: {
      version: '1.2.3',
      installation: { ...TEST_INSTALLATION, ...params.installation },
      loadConfig: async (given) => {
        events.push('load');
        flags = given;
        return TEST_CONFIG;
      },
      open: async () => {
        events.push('open');
        return { engine, close: async () => void events.push('close') };
      },
      openWorker: unexpected('openWorker'),
      stopSignal: () => new AbortController().signal,
      serveStdio: async () => void events.push('serve'),
      lintPath: unexpected('lintPath'),
      formatDiagnostic: ({ file, message }) => `${file}: ${message}`,
      inspectDatabase: unexpected('inspectDatabase'),
      inspectServers: async () => undefined,
      measureSyncSpeed: unexpected('measureSyncSpeed'),
      backupDatabase: unexpected('backupDatabase'),
      pruneDatabase: unexpected('pruneDatabase'),
      ...params.deps,
    },
  });
  return { exitCode, stdout: stdout.text, stderr: stderr.text, events, flags };
}

export class TextSink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

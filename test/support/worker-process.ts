import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunResult } from '../../src/queue/run.ts';
import { STOPPED } from './armed-failpoint.ts';
import { serverEnv } from './mcp-clients.ts';

export interface StartWorkerParams {
  readonly serverFile: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Flags of the command `work`, besides `--json`. */
  readonly flags?: readonly string[];
}

/** A worker in a process of its own: `orchestrator-mcp work`. */
export interface WorkerProcess {
  /** Resolves when a failpoint has stopped it. */
  readonly stopped: Promise<void>;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  isAlive(): boolean;
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
}

export function startWorker({ serverFile, cwd, env, flags = [] }: StartWorkerParams): WorkerProcess {
  const child = spawn(process.execPath, [serverFile, 'work', '--json', ...flags], {
    cwd,
    env: serverEnv(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  let alive = true;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said.stdout += chunk;
  });
  const stopped = new Promise<void>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said.stderr += chunk;
      if (said.stderr.includes(STOPPED)) resolve();
    });
  });
  const exited = once(child, 'close').then(([code, signal]) => {
    alive = false;
    return code ?? signal;
  });
  return {
    stopped,
    exited,
    isAlive: () => alive,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    kill(signal) {
      if (alive) child.kill(signal);
    },
  };
}

/** More than any run of a campaign takes that comes to an end by itself. */
const RUN_MS = 240_000;

/** One run of a worker, from its start to its end; throws where it comes to none, or to one without a result. */
export async function runWorker(params: StartWorkerParams): Promise<RunResult> {
  const worker = startWorker(params);
  const late = new AbortController();
  const timeUp = sleep(RUN_MS, 'late', { signal: late.signal }).catch(() => 'ended');
  const exit = await Promise.race([worker.exited, timeUp]);
  late.abort();
  worker.kill('SIGKILL');
  if (exit === 'late') throw new Error(`The run did not end within ${RUN_MS} ms. ${worker.stderr()}`);
  try {
    return JSON.parse(worker.stdout()) as RunResult;
  } catch {
    throw new Error(`The run ended with ${exit}, and without a result. ${worker.stderr()}`);
  }
}

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { Fault } from '../domain/errors.ts';
import type { Logger } from '../domain/logger.ts';
import type { Timers } from '../domain/timers.ts';
import { commandLine } from './command-line.ts';
import type { StdioServerSpec } from './hub.ts';
import { createLastWords } from './last-words.ts';
import { MARK_VARIABLE } from './process-mark.ts';
import { killTree } from './process-tree.ts';
import type { Quote } from './quote.ts';
import { readLines } from './read-lines.ts';
import { settledWithin } from './settled-within.ts';
import { signalGroup } from './signals.ts';

/** What it gets of the time to end for noticing that its input has, and for heeding SIGTERM. */
const END_OF_INPUT_SHARE = 0.25;
const SIGTERM_SHARE = 0.35;
/** Log lines of one process; after that its stderr is read, and dropped. */
const LOGGED_LINES_MAX = 1_000;

/** The process of a downstream server. */
export interface ServerProcess {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Why it ended, in words that complete "The server ..."; by then everything that it started is ended too. */
  readonly exited: Promise<string>;
  /** Ends it and everything that it started. Resolves within the time for that, whatever happens. */
  end(): Promise<void>;
}

export interface ServerProcessParams {
  readonly server: string;
  readonly spec: StdioServerSpec;
  /** All that it gets of our environment. */
  readonly childEnv: Readonly<Record<string, string>>;
  /** See `process-mark.ts`. */
  readonly mark: string;
  readonly quote: Quote;
  /** Milliseconds for {@link ServerProcess.end}. */
  readonly endMs: number;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Starts the process in a group of its own. Throws `SERVER_UNAVAILABLE` if there is no such program. */
export async function startServerProcess(params: ServerProcessParams): Promise<ServerProcess> {
  const { mark, endMs, timers } = params;
  const child = spawnServer(params);
  const lastWords = collectStderr(child.stderr, params);
  const over = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : signal));
  });
  // Whoever reads and writes hears of it again; without a listener it would end this process.
  for (const stream of [child.stdin, child.stdout]) stream.on('error', () => {});
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid as number));
    child.on('error', (error) => reject(notStarted(params, error)));
  });
  const exited = over.then(async (how) => {
    await killTree({ pid, mark });
    const words = lastWords();
    return `ended (${how})${words === '' ? '' : `, and its last words were: ${words}`}`;
  });
  return {
    pid,
    stdin: child.stdin,
    stdout: child.stdout,
    exited,
    async end() {
      child.stdin.end();
      if (!(await settledWithin(over, endMs * END_OF_INPUT_SHARE, timers))) {
        signalGroup(pid, 'SIGTERM');
        if (!(await settledWithin(over, endMs * SIGTERM_SHARE, timers))) await killTree({ pid, mark });
      }
      await settledWithin(exited, endMs * (1 - END_OF_INPUT_SHARE - SIGTERM_SHARE), timers);
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    },
  };
}

function spawnServer(params: ServerProcessParams): ChildProcessWithoutNullStreams {
  const { spec, childEnv, mark } = params;
  const env = { ...childEnv, ...spec.env, [MARK_VARIABLE]: mark };
  const { command, args = [] } = spec;
  const { file, ...line } = commandLine({ command, args, env, platform: process.platform });
  try {
    return spawn(file, line.args, {
      env,
      cwd: spec.cwd,
      stdio: 'pipe',
      detached: process.platform !== 'win32',
      windowsHide: true,
      windowsVerbatimArguments: line.windowsVerbatimArguments,
    });
  } catch (error) {
    // Such as a command with a NUL in it.
    throw notStarted(params, error as NodeJS.ErrnoException);
  }
}

/** Logs what it writes to stderr. Returns the way to ask for its last words. */
function collectStderr(stderr: Readable, { server, quote, logger }: ServerProcessParams): () => string {
  let lines = 0;
  const lastWords = createLastWords();
  readLines(stderr, (line) => {
    lastWords.note(line);
    lines += 1;
    if (lines <= LOGGED_LINES_MAX)
      logger.debug('A downstream server wrote to stderr.', { server, line: quote(line) });
  });
  return () => quote(lastWords.tell());
}

function notStarted({ server, spec, quote }: ServerProcessParams, error: NodeJS.ErrnoException): Fault {
  const message = `The server ${server} could not be started: ${startProblem(spec, quote, error)}.`;
  // Trying again helps only if it was for want of memory, processes or files.
  const retryable = !['ENOENT', 'EACCES', 'ENOTDIR', 'ENOEXEC', 'ERR_INVALID_ARG_VALUE'].includes(
    error.code ?? '',
  );
  return new Fault('SERVER_UNAVAILABLE', message, {
    retryable,
    hint: retryable ? 'Try again in a while.' : 'Mend its `command`, `args` or `cwd`, and start it again.',
    details: { server },
  });
}

function startProblem(
  { command, cwd }: StdioServerSpec,
  quote: Quote,
  { code, message }: NodeJS.ErrnoException,
): string {
  // A missing folder looks like a missing program.
  if (code === 'ENOENT') {
    const advice = /\s/.test(command) ? '; arguments belong into `args`' : '';
    return `there is no command ${quote(command)}${cwd === undefined ? '' : ` or no folder ${quote(cwd)}`}${advice}`;
  }
  if (code === 'EACCES') return `${quote(command)} may not be executed`;
  return quote(message);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { childEnvironment, type Environment } from '../domain/child-environment.ts';
import { Fault } from '../domain/errors.ts';
import type { JsonValue } from '../domain/json.ts';
import type { Judgement } from '../domain/judgement.ts';
import { findProgramProblem } from '../domain/program-search.ts';
import type { Task } from '../domain/task.ts';
import type { Timers } from '../domain/timers.ts';
import { createOutputTail } from './output-tail.ts';
import { killTree } from './process-tree.ts';
import { taskItem } from './task-item.ts';
import type { Verifier } from './verifier.ts';

const FEEDBACK_BYTES_MAX = 4 * 1024;
/** How long the output of a command that has ended is read on: a daemon that it left may keep that open for ever. */
const OUTPUT_GRACE_MS = 1_000;

export interface CommandVerifierParams {
  /** The program and its arguments, as the operator configured them; no shell reads them. */
  readonly command: readonly [string, ...string[]];
  /** Of this process; the command gets to see the harmless part of it. */
  readonly env: Environment;
  /** Milliseconds that the command may take. */
  readonly timeoutMs: number;
  readonly timers: Timers;
}

/**
 * Has results judged by a command. It reads `{"task": {...}, "result": ...}` from its standard input; with exit code 0
 * it accepts, with any other it rejects, and what it wrote last to its standard output and error is the feedback.
 *
 * `checkReady` looks for the program, and throws `VERIFIER_UNAVAILABLE` where there is none. `verify` throws the same where it
 * cannot be started, `VERIFIER_FAILED` where it comes to no end of its own, and `CANCELLED`; nothing of it is left running.
 */
export function createCommandVerifier(params: CommandVerifierParams): Verifier {
  return {
    async checkReady() {
      const [program] = params.command;
      const problem = await findProgramProblem({ program, path: childEnvironment(params.env).PATH });
      if (problem !== undefined) throw unavailable(program, problem);
    },
    verify: (task, result, { signal }) => judgeByCommand(params, { task, result, signal }),
  };
}

interface Case {
  readonly task: Task;
  readonly result: JsonValue;
  readonly signal: AbortSignal;
}

async function judgeByCommand(
  { command: [program, ...args], env, timeoutMs, timers }: CommandVerifierParams,
  { task, result, signal }: Case,
): Promise<Judgement> {
  if (signal.aborted) throw cancelled();
  const child = start(program, args, env);
  const output = createOutputTail(FEEDBACK_BYTES_MAX);
  child.stdout?.on('data', output.add);
  child.stderr?.on('data', output.add);
  // Who judges by something else need not read.
  child.stdin?.on('error', () => {});
  child.stdin?.end(`${JSON.stringify({ task: taskItem(task), result })}\n`);

  let ended: Fault | undefined;
  const end = (reason: Fault) => {
    ended ??= reason;
    killTree(child);
    stopReading(child);
  };
  let stopTimer = timers.start(timeoutMs, () => end(failed(program, `took longer than ${timeoutMs} ms`)));
  child.once('exit', () => {
    stopTimer();
    // What it has left running would keep its output open, and so would whatever got away from this.
    killTree(child);
    stopTimer = timers.start(OUTPUT_GRACE_MS, () => stopReading(child));
  });
  const onAbort = () => end(cancelled());
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const { code, signalName } = await exitOf(child, program);
    if (ended !== undefined) throw ended;
    if (code === null) throw failed(program, `was ended by ${signalName}`);
    return code === 0
      ? { accepted: true }
      : { accepted: false, feedback: output.text() || `exit code ${code}` };
  } finally {
    stopTimer();
    signal.removeEventListener('abort', onAbort);
  }
}

function start(program: string, args: readonly string[], env: Environment): ChildProcess {
  try {
    return spawn(program, args, {
      env: childEnvironment(env),
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own, so that all of it can be ended.
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
  } catch (cause) {
    throw unavailable(program, startProblem(cause), cause);
  }
}

interface Exit {
  readonly code: number | null;
  readonly signalName: NodeJS.Signals | null;
}

/** When all of its output is read. Throws `VERIFIER_UNAVAILABLE` if it could not be started. */
function exitOf(child: ChildProcess, program: string): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(unavailable(program, startProblem(cause), cause)));
    child.once('close', (code, signalName) => resolve({ code, signalName }));
  });
}

function stopReading(child: ChildProcess): void {
  for (const stream of child.stdio) stream?.destroy();
}

/** Why a program that is there could not be started. */
function startProblem(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
  switch (code) {
    case 'ENOENT':
      return 'it, or the program that its first line names, was not found (ENOENT)';
    case 'EACCES':
      return 'it is not executable (EACCES)';
    default:
      return code;
  }
}

function unavailable(program: string, problem: string, cause?: unknown): Fault {
  return new Fault(
    'VERIFIER_UNAVAILABLE',
    `The verifying command ${program} (TASK_VERIFY_COMMAND) could not be started: ${problem}.`,
    {
      hint:
        'No further task is begun. The operator has to mend the program, or to set TASK_VERIFY_COMMAND to one that can be ' +
        'started, by its full path where it is not in PATH; without it, the AI provider judges.',
      cause,
    },
  );
}

function failed(program: string, what: string): Fault {
  return new Fault('VERIFIER_FAILED', `The verifying command ${program} ${what}.`, {
    hint: 'The operator of this server has to look at the command.',
  });
}

function cancelled(): Fault {
  return new Fault('CANCELLED', 'The call was cancelled before there was a verdict.');
}

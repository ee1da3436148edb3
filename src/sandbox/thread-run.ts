import { createCallAnswers } from './call-answers.ts';
import type { GuestEnd, ScriptOrder } from './messages.ts';
import { recordedPortions } from './recorded-portions.ts';
import { createRunMemory, type RunMemory } from './run-memory.ts';
import type { RunScriptParams } from './runner.ts';
import type { SandboxThread } from './sandbox-thread.ts';

/** How long a thread may take to notice that it has to stop; then it is ended. */
const GRACE_MS = 100;
/** How often the computing of a thread is looked at, which should notice its limit itself. */
const WATCH_MS = 25;

export type RunEnd =
  | GuestEnd
  | { readonly status: 'cancelled' }
  /** The thread is gone. */
  | { readonly status: 'crashed'; readonly cause: Error }
  /** `onCall` rejected. */
  | { readonly status: 'unanswerable'; readonly cause: unknown };

export interface FinishedRun {
  readonly end: RunEnd;
  readonly memory: RunMemory;
  /** Calls that have a reply. */
  readonly answered: number;
  /** Whether the thread can run another script. */
  readonly reusable: boolean;
}

export interface ThreadRunParams {
  readonly thread: SandboxThread;
  readonly script: RunScriptParams;
  readonly signal: AbortSignal;
}

/** Runs one script on a thread, has its calls answered, and ends it when it passes a limit that it cannot see itself. */
export function runOnThread({ thread, script, signal }: ThreadRunParams): Promise<FinishedRun> {
  const { limits, source, functionNames, constants = {}, randomSeed, recorded = [] } = script;
  const memory = createRunMemory(limits.outputBytesMax);
  const portions = recordedPortions(recorded);
  const nextPortion = () => portions.next().value ?? [];
  const order: ScriptOrder = {
    source,
    functionNames,
    constants: JSON.stringify(constants),
    now: script.now(),
    randomSeed,
    limits,
    recordedSeqs: recorded.map(({ seq }) => seq),
    recorded: nextPortion(),
    memory: memory.buffer,
  };
  return new Promise((resolve) => {
    let reason: RunEnd | undefined;
    let grace: NodeJS.Timeout | undefined;

    const finish = (end: RunEnd, reusable: boolean) => {
      clearTimeout(wall);
      clearInterval(watch);
      clearTimeout(grace);
      signal.removeEventListener('abort', cancel);
      answers.stop();
      thread.listen(undefined);
      resolve({ end, memory, answered: answers.count(), reusable });
    };
    /** Asks the thread to stop, and ends the run without its answer where none comes. */
    const stop = (why: RunEnd) => {
      if (reason !== undefined) return;
      reason = why;
      memory.requestStop();
      thread.post({ kind: 'stop' });
      grace = setTimeout(() => finish(why, false), GRACE_MS);
    };
    const answers = createCallAnswers({
      script,
      send: (replies) => thread.post({ kind: 'replies', replies }),
      onUnanswerable: (cause) => stop({ status: 'unanswerable', cause }),
    });
    const cancel = () => stop({ status: 'cancelled' });
    const wall = setTimeout(() => stop({ status: 'limit_exceeded', limit: 'wallMs' }), limits.wallMs);
    const watch = setInterval(() => {
      if (!memory.isComputing() || memory.computedMs() < limits.cpuMs + GRACE_MS) return;
      finish({ status: 'limit_exceeded', limit: 'cpuMs' }, false);
    }, WATCH_MS);

    thread.listen({
      onMessage(message) {
        switch (message.kind) {
          case 'calls':
            return answers.take(message.calls);
          case 'more':
            // The arguments of the calls so far are out of the way before there can be others.
            return answers.afterTaken(() => thread.post({ kind: 'recorded', replies: nextPortion() }));
          case 'ended':
            // What came of the script counts only if nobody objects to its last calls.
            return answers.afterTaken(() => {
              const isOwn = message.end.status !== 'stopped' && reason?.status !== 'unanswerable';
              finish(isOwn ? message.end : (reason ?? message.end), message.reusable);
            });
        }
      },
      onGone: (cause) => finish({ status: 'crashed', cause }, false),
    });
    signal.addEventListener('abort', cancel, { once: true });
    thread.post({ kind: 'run', order });
    if (signal.aborted) cancel();
  });
}

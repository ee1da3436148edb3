import { Fault } from '../domain/errors.ts';
import { failpoint } from '../domain/failpoint.ts';
import { RUN_TASKS_MAX, type Task } from '../domain/task.ts';
import type { TaskStore } from '../store/task-store.ts';
import { type AttemptResult, makeAttempt } from './attempt.ts';
import type { OrchestratorDeps } from './orchestrator.ts';
import type { RunParams, RunResult } from './run.ts';
import { createProgress } from './run-progress.ts';
import { createRunSafety } from './run-safety.ts';
import { createRunStop } from './run-stop.ts';
import { createRunTally } from './run-tally.ts';
import type { StopReason } from './safety.ts';
import { type NothingTaken, type Taken, takeTask } from './take-task.ts';
import { checkRange } from './task-checks.ts';

const POLL_MS = 2_000;
const NOTE_CHARS_MAX = 200;
/** A run that waits has no bound of its own. */
const UNBOUNDED = { iterationsMax: Number.POSITIVE_INFINITY, runMsMax: Number.POSITIVE_INFINITY };
const PASSING: readonly StopReason[] = ['failures_in_row', 'breaker_open'];

/** One run; see {@link Orchestrator}. */
export async function runQueue(deps: OrchestratorDeps, params: RunParams): Promise<RunResult> {
  const { tasks, clock, timers, logger, leaseMs, pollMs = POLL_MS } = deps;
  const { waitForMore = false, maxTasks, onProgress, onAttempt } = params;
  if (maxTasks !== undefined) checkRange('max_tasks', maxTasks, RUN_TASKS_MAX);
  const startedMs = clock.monotonicMs();
  const settings = waitForMore ? { ...deps.safety, ...UNBOUNDED } : deps.safety;
  const safety = createRunSafety({ tasks, clock, settings, trialMs: leaseMs });
  const stop = createRunStop({ signal: params.signal, remainingMs: safety.remainingMs(), timers });
  const progress = createProgress({ total: maxTasks, onProgress, onAttempt, timers, logger });
  const tally = createRunTally(maxTasks);

  async function makeRound(): Promise<Taken> {
    const stoppedBy = stop.reason();
    if (stoppedBy !== undefined) return { stoppedBy };
    // Before the work, which would be in vain.
    await deps.verifier.checkReady?.();
    const taken = await takeTask({ tasks, clock, safety, leaseMs, mayTake: tally.mayTake });
    if (taken.task !== undefined) await workOn(taken.task);
    return taken;
  }

  async function workOn(task: Task): Promise<void> {
    tally.begin(task);
    failpoint('task_claimed');
    const describe = (what: string) =>
      `${task.id}, attempt ${task.attempts} of ${task.maxAttempts}: ${oneLine(what)}`;
    let said: AttemptResult['outcome'] = 'neither';
    try {
      const { becomes, outcome, message } = await makeAttempt(deps, {
        task,
        leaseMs,
        signal: stop.signal,
        onHeartbeat: safety.renew,
        onProgress: (what) => progress.say(describe(what)),
      });
      said = outcome;
      failpoint('task_settled');
      tally.end(becomes);
      progress.endAttempt(describe(message), becomes === 'completed' || becomes === 'failed');
      logger.debug('An attempt has ended.', { task: task.id, attempt: task.attempts, becomes });
    } finally {
      progress.stop();
      await safety.record(said);
    }
  }

  /** A run that waits outlasts what may pass. */
  async function outlastFault(error: unknown): Promise<undefined> {
    if (!(waitForMore && error instanceof Fault && error.retryable)) throw error;
    logger.warn('The queue cannot be worked on for now.', { error });
  }

  function goesOn({ stoppedBy }: NothingTaken): boolean {
    if (!waitForMore) return false;
    return stoppedBy === undefined ? !tally.isFull() : PASSING.includes(stoppedBy);
  }

  let toldOfBreaker = false;

  function tellOfBreaker({ stoppedBy, retryAfterMs = 0 }: NothingTaken): void {
    if (stoppedBy === undefined || toldOfBreaker) return;
    toldOfBreaker = true;
    const seconds = Math.ceil(retryAfterMs / 1_000);
    onAttempt?.(
      `The circuit breaker is open, because too many attempts failed in a row: waiting ${seconds} s for the next one.`,
    );
  }

  async function summary({ stoppedBy, retryAfterMs }: NothingTaken): Promise<RunResult> {
    const others = stoppedBy === undefined ? await inOtherHands(tasks) : {};
    return {
      ...others,
      ...tally.counts(),
      elapsed_seconds: Math.round(clock.monotonicMs() - startedMs) / 1_000,
      stopped_by: stoppedBy,
      retry_after_seconds: retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1_000),
    };
  }

  try {
    // What is wrong from the start does not pass by waiting.
    await deps.verifier.checkReady?.();
    for (;;) {
      const taken = await makeRound().catch(outlastFault);
      if (taken?.task !== undefined) {
        toldOfBreaker = false;
        continue;
      }
      if (taken !== undefined && !goesOn(taken)) return await summary(taken);
      if (taken !== undefined) tellOfBreaker(taken);
      const waitMs = Math.min(taken?.retryAfterMs ?? pollMs, pollMs);
      // Rejects when the run is stopped, which the next round sees.
      await timers.sleep(waitMs, stop.signal).catch(() => {});
    }
  } finally {
    stop.dispose();
  }
}

/** Of so many tasks in progress, the leases are looked at. */
const LEASES_MAX = 200;

/** What others work on, and when the first of it comes back. */
async function inOtherHands(
  tasks: TaskStore,
): Promise<Pick<RunResult, 'in_progress' | 'next_lease_ends_at'>> {
  const { in_progress } = await tasks.countTasks();
  if (in_progress === 0) return {};
  const page = { limit: LEASES_MAX, memberBytesMax: 0 };
  const { items } = await tasks.listTasks({ status: 'in_progress' }, page);
  const [next_lease_ends_at] = items.flatMap(({ leaseExpiresAt }) => leaseExpiresAt ?? []).sort();
  return { in_progress, next_lease_ends_at };
}

/** What is told in passing is short. */
function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= NOTE_CHARS_MAX ? line : `${line.slice(0, NOTE_CHARS_MAX - 1)}…`;
}

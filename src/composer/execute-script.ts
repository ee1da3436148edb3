import { hash } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import { Fault } from '../domain/errors.ts';
import { failpoint } from '../domain/failpoint.ts';
import type { Ids } from '../domain/ids.ts';
import { canonicalJson, type JsonValue } from '../domain/json.ts';
import type { Logger } from '../domain/logger.ts';
import type { ScriptRun } from '../domain/script-run.ts';
import type { Timers } from '../domain/timers.ts';
import type { Hub } from '../hub/hub.ts';
import type { ScriptOutcome, ScriptRunner } from '../sandbox/runner.ts';
import type { JournalStore, RunHolder, TakenRun } from '../store/journal-store.ts';
import { createCallAnswers } from './answer-calls.ts';
import { createCallLog } from './call-log.ts';
import { checkRequest } from './check-request.ts';
import type { ComposedError, ComposedResult, ExecuteParams } from './composer.ts';
import { limitVerdict, timeoutError } from './limit-verdict.ts';
import type { ComposerLimits } from './limits.ts';
import { createRecordedCalls } from './recorded-calls.ts';
import { createReplyOrder } from './reply-order.ts';
import type { ResultSamples } from './result-samples.ts';
import { composedError, runAnswer } from './run-answer.ts';
import { createRunJournal } from './run-journal.ts';
import { isLeaseLost, keepRunLease, leaseEnd } from './run-lease.ts';
import { createRunProgress } from './run-progress.ts';
import { createRunStop, type RunStop } from './run-stop.ts';
import { createRunTimer, type RunTimer } from './run-timer.ts';
import { createScriptFunctions, mentions } from './script-functions.ts';
import { askServers } from './server-tools.ts';
import type { ToolDirectory } from './tool-directory.ts';

export interface ExecuteDeps {
  readonly hub: Hub;
  readonly runner: ScriptRunner;
  readonly journal: JournalStore;
  readonly directory: ToolDirectory;
  readonly samples: ResultSamples;
  readonly noServersNote: string;
  readonly limits: ComposerLimits;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: Ids;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
}

/** A result that is cut has to be taken from the sandbox first. */
const RESULT_BYTES_TAKEN_MAX = 16 * 1024 * 1024;

/** See {@link Composer.execute}. */
export async function executeScript(deps: ExecuteDeps, params: ExecuteParams): Promise<ComposedResult> {
  const { journal, limits, clock, ids, random } = deps;
  checkRequest(params, limits);
  const { code, constants = {}, runId = ids.instanceId() } = params;
  const now = clock.now();
  const taken = await journal.takeRun({
    runId,
    fresh: {
      codeHash: hash('sha256', canonicalJson([code, constants]), 'hex'),
      startedMs: Date.parse(now),
      randomSeed: Math.floor(random() * 2 ** 32),
    },
    now,
    leaseExpiresAt: leaseEnd(clock, limits.leaseMs),
  });
  switch (taken.outcome) {
    case 'taken':
      return carryOut(deps, params, taken);
    case 'ended':
      return { ...(taken.run.answer as unknown as ComposedResult), replayed: true };
    case 'busy':
      throw inProgress(runId);
    case 'other_code':
      throw otherCode(runId);
  }
}

type Taken = Extract<TakenRun, { outcome: 'taken' }>;

/** Carries a run out that is in this executor's hands, and gives it out of hand, whatever happens. */
async function carryOut(deps: ExecuteDeps, params: ExecuteParams, taken: Taken): Promise<ComposedResult> {
  const { journal, limits, clock, logger } = deps;
  const { runId, fencingToken } = taken.run;
  const holder: RunHolder = { runId, fencingToken };
  const stop = createRunStop(params.signal);
  const timeoutMs =
    params.timeoutSeconds === undefined ? limits.script.wallMs : params.timeoutSeconds * 1_000;
  const onElapsed = () => stop.stop({ kind: 'timeout' });
  const timer = createRunTimer({ ...deps, timeoutMs, onElapsed });
  const fail = (error: unknown) => stop.stop({ kind: 'fault', error });
  const stopLease = keepRunLease({ ...deps, holder, leaseMs: limits.leaseMs, onLost: fail });
  try {
    const answer = await runToItsEnd({ deps, params, taken, stop, timeoutMs, timer, holder, fail });
    stopLease();
    const { status } = answer;
    // Such a run can go on: from where it was cut off, when it is called for again.
    if (status === 'cancelled' || status === 'limit_exceeded') await journal.releaseRun(holder, clock.now());
    else {
      failpoint('script_ended');
      const stored = answer as unknown as JsonValue;
      await journal.endRun(holder, { status, answer: stored, now: clock.now() });
      failpoint('script_answer_kept');
    }
    return answer;
  } catch (error) {
    stopLease();
    await journal.releaseRun(holder, clock.now()).catch((cause: unknown) => {
      if (!isLeaseLost(cause))
        logger.warn('A script could not be given out of hand; its lease has to end.', {
          run: runId,
          error: cause,
        });
    });
    throw continuable(error, runId);
  } finally {
    timer.stop();
    stop.dispose();
  }
}

interface RunToItsEndParams {
  readonly deps: ExecuteDeps;
  readonly params: ExecuteParams;
  readonly taken: Taken;
  readonly stop: RunStop;
  readonly timeoutMs: number;
  readonly timer: RunTimer;
  readonly holder: RunHolder;
  readonly fail: (error: unknown) => void;
}

/** Returns once all that happened is durable, but for the answer itself. */
async function runToItsEnd(call: RunToItsEndParams): Promise<ComposedResult> {
  const { deps, params, taken, stop, timeoutMs, timer, holder, fail } = call;
  const { runner, timers, clock, limits } = deps;
  const { run, calls } = taken;
  const { confirm, onProgress, constants } = params;
  const progress = createRunProgress({ ...deps, onProgress });
  progress.say(`The script runs under the run_id ${run.runId}.`);
  const functions = await functionsOf({ deps, params, taken, waitMs: timeoutMs, signal: stop.signal });
  const recorded = createRecordedCalls(calls, functions);
  const order = createReplyOrder({
    startedMs: run.startedMs,
    recorded: recorded.replies,
    clock,
  });
  const append = deps.journal.append.bind(deps.journal, holder);
  const journal = createRunJournal({ append, timers, onFailure: fail });
  const log = createCallLog({ calls, functions });
  const onCall = createCallAnswers({
    ...deps,
    runId: run.runId,
    functions,
    recorded,
    recordedBytes: taken.replyBytes,
    order,
    journal,
    log,
    progress,
    stop,
    // A person may take her time.
    confirm: confirm && ((question) => timer.paused(() => confirm(question))),
  });
  let outcome: ScriptOutcome;
  try {
    outcome = await runner.run({
      source: params.code,
      functionNames: functions.names,
      constants,
      onCall,
      recorded: recorded.replies,
      now: order.now,
      randomSeed: run.randomSeed,
      limits: {
        ...limits.script,
        // Only the outermost bound: the sandbox does not know when a person is asked.
        wallMs: limits.timeoutSecondsMax * 1_000,
        resultBytesMax: RESULT_BYTES_TAKEN_MAX,
      },
      signal: stop.signal,
    });
  } finally {
    timer.stop();
    // Calls that the script did not wait for are given up.
    stop.dispose();
  }
  const reason = stop.reason();
  if (reason?.kind === 'fault') throw reason.error;
  await journal.durable();
  const about = { runId: run.runId, outcome, log, resultBytesMax: limits.script.resultBytesMax };
  if (reason?.kind === 'verdict') return runAnswer({ ...about, status: reason.status, error: reason.error });
  const error = outcome.error && withServersNote(deps, composedError(outcome.error));
  const isTimeout = outcome.status === 'cancelled' && reason?.kind === 'timeout';
  const limit = isTimeout ? timeoutError(timeoutMs, outcome.wasBegun) : error;
  if (limit !== undefined && (isTimeout || outcome.status === 'limit_exceeded')) {
    const setting = outcome.error?.limit && limits.scriptSettings?.[outcome.error.limit];
    const verdict = limitVerdict({ error: limit, isTimeout, setting, doubtful: log.doubtful() });
    return runAnswer({ ...about, ...verdict });
  }
  if (outcome.status === 'failed' && error !== undefined)
    return runAnswer({ ...about, status: 'failed', error: { ...error, hint: FAILED_HINT } });
  return runAnswer({ ...about, status: outcome.status, error });
}

const FAILED_HINT =
  'This run is over, and what it did stays done. Send mended code under another run_id, or without one.';

/** Where there is no server, a name that nothing has is most likely that of a tool. */
function withServersNote({ hub, noServersNote }: ExecuteDeps, error: ComposedError): ComposedError {
  if (error.name !== 'ReferenceError' || hub.statuses().length > 0) return error;
  return { ...error, message: `${error.message} ${noServersNote}` };
}

interface FunctionsOfParams extends Pick<RunToItsEndParams, 'deps' | 'params' | 'taken'> {
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** What the script can call. Waits only for servers that it names and that were never seen. */
async function functionsOf({ deps, params, taken, waitMs, signal }: FunctionsOfParams) {
  const { hub, directory, timers, limits } = deps;
  const { code } = params;
  const calledNames = taken.calls.map(({ name }) => name);
  const isWanted = ({ name }: { readonly name: string }) => {
    const prefix = directory.prefixOf(name);
    return mentions(code, prefix) || calledNames.some((called) => called.startsWith(prefix));
  };
  await askServers({ hub, isWanted, waitMs, timers, signal });
  return createScriptFunctions({
    code,
    calledNames,
    known: directory.known(),
    prefixOf: directory.prefixOf,
    missingMax: limits.script.callsMax,
  });
}

/** The same failure, with how to go on: the caller may not know what the run is called. */
function continuable(error: unknown, runId: ScriptRun['runId']): unknown {
  if (isLeaseLost(error)) return inProgress(runId);
  if (!(error instanceof Fault && error.retryable)) return error;
  const { code, message, retryAfterMs, cause } = error;
  return new Fault(code, message, {
    hint: `Execute the same code again under the run_id ${JSON.stringify(runId)}: it goes on where it was cut off.`,
    details: { ...error.details, run_id: runId },
    retryAfterMs,
    cause,
  });
}

const IN_PROGRESS_RETRY_MS = 1_000;

function inProgress(runId: string): Fault {
  return new Fault(
    'RUN_IN_PROGRESS',
    `The script with the run_id ${JSON.stringify(runId)} is being executed.`,
    {
      hint: 'Make the same call again a little later: it gives the result, or goes on.',
      details: { run_id: runId },
      retryAfterMs: IN_PROGRESS_RETRY_MS,
    },
  );
}

function otherCode(runId: string): Fault {
  return new Fault(
    'RUN_ID_REUSED',
    `The run_id ${JSON.stringify(runId)} belongs to a script with other code.`,
    {
      hint: 'Choose another run_id for this code. Only its own code continues a run, and only one that was cut off.',
      details: { run_id: runId },
    },
  );
}

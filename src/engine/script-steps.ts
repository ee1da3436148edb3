import type { ComposedResult } from '../composer/composer.ts';
import { Fault, type FaultCode } from '../domain/errors.ts';
import type { HistoryEntry } from '../domain/history.ts';
import type { Instance } from '../domain/instance.ts';
import type { JsonObject } from '../domain/json.ts';
import { stepRunId } from '../domain/step-run.ts';
import type { Answer } from './answer.ts';
import {
  type AnswerExtra,
  COMMIT_ROUNDS_MAX,
  type EngineCore,
  movedByOthers,
  type Standing,
} from './core.ts';
import { checkTransitionsLeft } from './limits.ts';
import { doubtReason, failureReport, reportOf, type ScriptReport } from './script-report.ts';
import { placeInRow, rowDetail, SCRIPT_ROW_MAX } from './script-row.ts';
import { refuseToAsk, requireComposer, type ScriptStep, scriptStepAt } from './script-step.ts';
import { takeReport } from './take-report.ts';
import { watchPosition } from './watch-position.ts';

/** What the composer refuses a script for, rather than fail at it: the step has failed by it, or the run would be stuck. */
const REFUSED: readonly FaultCode[] = ['INVALID_ARGUMENT', 'TOO_LARGE', 'RUN_ID_REUSED'];
/** What the engine does not take as a report of a script. */
const UNFIT: readonly FaultCode[] = ['INVALID_ARGUMENT', 'TOO_LARGE', 'REPORT_INVALID'];

/**
 * Carries out the steps that have a script, one after the other, until the run needs somebody else, or is finished. Each
 * report is a transition of its own, made like a client's, so that wherever this is cut off, the next call goes on.
 *
 * The caller holds the instance's lock. Throws `SCRIPTS_UNAVAILABLE`, `RUN_IN_PROGRESS`, `CANCELLED`, `TOO_LARGE` (no
 * transitions left), and the `STORAGE_` codes: the run then stands at a script step, where every repeat goes on.
 */
export async function runScriptSteps(
  core: EngineCore,
  from: Standing,
  signal: AbortSignal | undefined,
): Promise<Standing> {
  let standing = from;
  for (let superseded = 0; superseded < COMMIT_ROUNDS_MAX; ) {
    const { instance } = standing;
    const step = scriptStepAt(await core.definitionOf(instance.definitionHash), instance);
    if (step === undefined) return standing;
    const next = await runScriptStep({ core, instance, step, signal });
    if (next === undefined) superseded += 1;
    standing = next ?? (await standingNow(core, instance.instanceId));
  }
  throw movedByOthers();
}

/** The answer to a call that left the run here: given after the script steps that follow. */
export async function answerAfterScripts(
  core: EngineCore,
  from: Standing,
  { signal, ...extra }: Omit<AnswerExtra, 'decision'> & { readonly signal: AbortSignal | undefined },
): Promise<Answer> {
  const { instance, decision } = await runScriptSteps(core, from, signal);
  return core.answer(instance, { ...extra, decision });
}

interface Attempt {
  readonly core: EngineCore;
  readonly instance: Instance;
  readonly step: ScriptStep;
  readonly signal: AbortSignal | undefined;
}

/** Undefined: somebody else has moved the instance, so that everything has to be looked at again. */
async function runScriptStep(attempt: Attempt): Promise<Standing | undefined> {
  const { core, instance, step } = attempt;
  const arrival = await core.requireTransition(instance.instanceId, instance.revision);
  if (placeInRow(arrival) >= SCRIPT_ROW_MAX) {
    const reason = `${SCRIPT_ROW_MAX} script steps have followed one another without an end. resume_workflow lets as many follow.`;
    return suspend(core, instance, { reason, detail: rowDetail(arrival) });
  }
  const runId = stepRunId(instance);
  const constants = { context: instance.context, report: await reportBefore(core, arrival) };
  const outcome = await execute(attempt, { runId, constants });
  const detail = rowDetail(arrival, { script_run_id: runId });
  switch (outcome.kind) {
    case 'moved':
      return undefined;
    case 'report':
      return report(attempt, outcome.report, detail);
    case 'in_doubt': {
      const { error } = outcome.result;
      const inDoubt = { server: error?.server ?? null, tool: error?.tool ?? null, args: error?.args ?? null };
      const reason = doubtReason(step.name, error);
      return suspend(core, instance, { reason, detail: { ...detail, in_doubt: inDoubt } });
    }
  }
}

type Outcome =
  | { readonly kind: 'report'; readonly report: ScriptReport }
  | { readonly kind: 'in_doubt'; readonly result: ComposedResult }
  | { readonly kind: 'moved' };

interface ExecuteParams {
  readonly runId: string;
  readonly constants: JsonObject;
}

/** Outside of any transaction. Stops when the call is cancelled, and when the instance is: nobody waits for it then. */
async function execute(attempt: Attempt, params: ExecuteParams): Promise<Outcome> {
  const { core, instance, step, signal } = attempt;
  const composer = requireComposer(core, step);
  const moved = new AbortController();
  const stopWatching = watchPosition({ core, instance, onMoved: () => moved.abort() });
  try {
    const signals = signal === undefined ? [moved.signal] : [moved.signal, signal];
    const result = await composer.execute({
      code: step.script,
      ...params,
      signal: AbortSignal.any(signals),
      confirm: refuseToAsk,
    });
    if (result.status === 'in_doubt') return { kind: 'in_doubt', result };
    if (result.status !== 'cancelled') return { kind: 'report', report: reportOf(result) };
    if (moved.signal.aborted) return { kind: 'moved' };
    throw cancelled(step);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (REFUSED.includes(error.code)) return { kind: 'report', report: refusalReport(error) };
    throw continuable(error, step);
  } finally {
    stopWatching();
  }
}

/** What does not fit the step or the limits is a failure that says so: nobody is there to mend it. */
async function report(
  { core, instance, signal }: Attempt,
  { output, ...said }: ScriptReport,
  detail: JsonObject,
): Promise<Standing | undefined> {
  const withOutput = { ...said.report, ...(output !== undefined && { output }) };
  try {
    return await takeReport(core, { instance, ...said, report: withOutput, detail, signal });
  } catch (error) {
    if (!(error instanceof Fault && UNFIT.includes(error.code))) throw error;
    // Why the script failed counts for more than what it wrote.
    const instead = error.code === 'TOO_LARGE' && output !== undefined ? said : refusalReport(error);
    return takeReport(core, { instance, ...instead, detail, signal });
  }
}

function refusalReport({ code, message }: Fault): ScriptReport {
  return failureReport({ name: code, message });
}

async function suspend(
  core: EngineCore,
  instance: Instance,
  { reason, detail }: { readonly reason: string; readonly detail: JsonObject },
): Promise<Standing | undefined> {
  checkTransitionsLeft(instance.revision, core.limits);
  const result = await core.commit({
    from: instance,
    to: {
      currentStepName: instance.currentStepName,
      status: 'SUSPENDED',
      statusReason: reason,
      visits: instance.visits,
    },
    context: instance.context,
    entry: { kind: 'suspended', detail },
  });
  return result.outcome === 'committed' ? { instance: result.instance } : undefined;
}

/** Whether the run waits because nobody knows what came of a call of its script. */
export function isInDoubt({ detail }: HistoryEntry): boolean {
  return detail?.in_doubt !== undefined;
}

/** The report of the step before: what has led to this one, however often the run was suspended and resumed since. */
async function reportBefore(core: EngineCore, arrival: HistoryEntry): Promise<JsonObject | null> {
  let entry = arrival;
  while (entry.report === undefined && entry.revision > 0 && entry.stepName === entry.determinedNextStep)
    entry = await core.requireTransition(entry.instanceId, entry.revision - 1);
  return entry.report ?? null;
}

async function standingNow(core: EngineCore, instanceId: string): Promise<Standing> {
  const instance = await core.requireInstance(instanceId);
  const { decision } = await core.requireTransition(instanceId, instance.revision);
  return { instance, decision };
}

function cancelled(step: ScriptStep): Fault {
  return new Fault('CANCELLED', `The call was cancelled while the script of "${step.name}" ran.`);
}

/** The same failure, for a caller that knows nothing of the script: the run stands at its step. */
function continuable({ code, message, retryable, retryAfterMs, cause }: Fault, step: ScriptStep): Fault {
  return new Fault(code, message, {
    hint: `The run is at "${step.name}", which the server carries out. Send the same call again: it goes on there.`,
    details: { step_name: step.name },
    retryable,
    retryAfterMs,
    cause,
  });
}

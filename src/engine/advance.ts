import { Fault } from '../domain/errors.ts';
import { type Instance, isFinished } from '../domain/instance.ts';
import type { JsonObject } from '../domain/json.ts';
import { type Report, reportedStep } from '../domain/report.ts';
import { requestIdReused } from '../domain/request-id-reused.ts';
import { foldName } from '../domain/step-names.ts';
import { definitionToAdopt } from './adopt.ts';
import type { Answer, Reconciliation } from './answer.ts';
import { COMMIT_ROUNDS_MAX, type EngineCore, movedByOthers } from './core.ts';
import { isSameCall, positionOf, staleStep } from './repeat.ts';
import { callBefore } from './script-row.ts';
import { answerAfterScripts, runScriptSteps } from './script-steps.ts';
import { refuseSession } from './session.ts';
import { takeReport } from './take-report.ts';

export interface CallOptions {
  /** Aborted when the client gave up; before the commit the call stops, after it the repeat replays. */
  readonly signal?: AbortSignal;
}

export interface AdvanceParams {
  readonly instanceId: string;
  readonly report: Report;
  readonly contextUpdates?: JsonObject;
  /** The choice where the client decides; elsewhere a wish. */
  readonly nextStepName?: string;
  /** Names exactly the position that the report is about. */
  readonly stepToken?: string;
  /** Makes the call safe to repeat, whatever happened since. */
  readonly requestId?: string;
  /** `nextStepName` is the choice even where a model is configured. */
  readonly callerDecides?: boolean;
  /** Moves on by the current definition, and stays with that one. */
  readonly adoptDefinition?: boolean;
}

/**
 * Takes the report about the current step, decides what comes next, and moves there: one transition, whatever
 * the number of times that the same call arrives.
 *
 * Throws `INSTANCE_NOT_FOUND`, `INSTANCE_SUSPENDED`, `STALE_STEP`, `REQUEST_ID_REUSED`, `REPORT_INVALID`, `TOO_LARGE`,
 * `DECISION_REQUIRED`, `STEP_NOT_ALLOWED`, the `AI_` codes, and `CANCELLED`; after any of them the instance is
 * where it was.
 */
export async function advanceInstance(
  core: EngineCore,
  params: AdvanceParams,
  options: CallOptions = {},
): Promise<Answer> {
  const { instanceId } = params;
  // Whoever has to wait is bound to what it found; whoever need not finds it at once.
  const found = core.lock.isHeld(instanceId) ? await core.requireInstance(instanceId) : undefined;
  return core.lock.hold(instanceId, options.signal, async () => {
    const instance = await core.requireInstance(instanceId);
    return advanceInTurn(core, { ...params, arrived: found ?? instance, instance, signal: options.signal });
  });
}

export interface AdvanceInTurnParams extends AdvanceParams {
  /** The instance as it was when the call arrived: a call that names no position is about that one. */
  readonly arrived: Instance;
  /** The instance now, read under its lock. */
  readonly instance: Instance;
  readonly signal: AbortSignal | undefined;
  /** What resume found out before it advanced; kept with the transition. */
  readonly reconciliation?: Reconciliation;
  /** The report tells what came of a script that was cut off, and so takes the run out of its suspension. */
  readonly settlesDoubt?: boolean;
}

/** The caller holds the instance's lock. */
export async function advanceInTurn(core: EngineCore, params: AdvanceInTurnParams): Promise<Answer> {
  let { instance } = params;
  for (let round = 0; round < COMMIT_ROUNDS_MAX; round++) {
    const answer = await tryAdvance(core, params, instance);
    if (answer !== undefined) return answer;
    instance = await core.requireInstance(params.instanceId);
  }
  throw movedByOthers();
}

/** Undefined: another process moved the instance meanwhile, so that everything has to be looked at again. */
async function tryAdvance(
  core: EngineCore,
  params: AdvanceInTurnParams,
  instance: Instance,
): Promise<Answer | undefined> {
  const { report, contextUpdates, nextStepName, callerDecides, requestId, signal, reconciliation } = params;
  if (params.callerDecides !== true) refuseSession(instance);
  if (isFinished(instance.status)) return core.answer(instance);
  // No client reports on a step that the server carries out: what it says is looked at when that is done.
  if ((await runScriptSteps(core, { instance }, signal)).instance !== instance) return undefined;
  const repeated = await findRepeat(core, params, instance);
  if (repeated !== undefined) return repeated;
  if (instance.status === 'SUSPENDED' && !settlesDoubt(params, instance)) throw suspended(instance);

  const adopted = params.adoptDefinition === true ? await definitionToAdopt(core, instance) : undefined;
  const detail = reconciliation && { reconciliation: { ...reconciliation } };
  const call = { report, contextUpdates, nextStepName, callerDecides, requestId };
  const taken = await takeReport(core, { ...call, instance, adopted, detail, signal });
  return taken && answerAfterScripts(core, taken, { reconciliation, signal });
}

/** Only as long as the run waits where the client was asked what had come of it. */
function settlesDoubt(params: AdvanceInTurnParams, { stepToken }: Instance): boolean {
  return params.settlesDoubt === true && stepToken === params.arrived.stepToken;
}

/** The stored answer if the call was made before; throws if it is about a position that is gone. */
async function findRepeat(
  core: EngineCore,
  params: AdvanceInTurnParams,
  instance: Instance,
): Promise<Answer | undefined> {
  const call = {
    report: params.report,
    contextUpdates: params.contextUpdates,
    nextStepName: params.nextStepName,
  };
  if (params.requestId !== undefined) {
    const seen = await core.store.findRequest(instance.instanceId, params.requestId);
    if (seen !== undefined) {
      if (!isSameCall(seen, call)) throw requestIdReused(params.requestId);
      return core.replay(seen);
    }
  }
  const stepId = reportedStep(params.report);
  const exact = params.stepToken === instance.stepToken;
  if (exact && (stepId === undefined || foldName(stepId) === foldName(instance.currentStepName)))
    return undefined;
  const last = await callBefore(core, await core.requireTransition(instance.instanceId, instance.revision));
  const { arrived } = params;
  // Whoever came while the server was at work by itself knows of nothing but the call before that, unless it says so.
  const arrivedInRow = arrived.revision >= last.revision && arrived.revision < instance.revision;
  const knowsLast = arrivedInRow && stepId === undefined;
  switch (
    positionOf({
      instance,
      last,
      call,
      stepToken: params.stepToken,
      arrivalToken: (knowsLast && last.stepToken) || arrived.stepToken,
      freshRequest: params.requestId !== undefined,
    })
  ) {
    case 'current':
      return undefined;
    case 'repeat':
      return core.replay(last);
    case 'stale':
      throw staleStep(instance);
  }
}

function suspended(instance: Instance): Fault {
  return new Fault(
    'INSTANCE_SUSPENDED',
    `The run is suspended at "${instance.currentStepName}". ${instance.statusReason ?? ''}`.trim(),
    {
      hint: 'Tell the user why. When they want it to go on, call resume_workflow.',
      details: { current_step: instance.currentStepName, reason: instance.statusReason ?? null },
    },
  );
}

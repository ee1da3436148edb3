import type { Definition, Step } from '../domain/definition.ts';
import { findStep } from '../domain/definition.ts';
import { Defect, Fault } from '../domain/errors.ts';
import { failpoint } from '../domain/failpoint.ts';
import { type Instance, isFinished } from '../domain/instance.ts';
import type { JsonObject } from '../domain/json.ts';
import { checkJsonSize } from '../domain/json-size.ts';
import { type Report, reportedStep } from '../domain/report.ts';
import { foldName } from '../domain/step-names.ts';
import { definitionToAdopt } from './adopt.ts';
import type { Answer, Reconciliation } from './answer.ts';
import type { EngineCore } from './core.ts';
import { decide, RECENT_HISTORY_ENTRIES } from './decide.ts';
import { checkTransitionsLeft } from './limits.ts';
import { isSameCall, positionOf, requestIdReused, staleStep } from './repeat.ts';
import { refuseSession } from './session.ts';
import { applyDecision, mergeContext } from './transition.ts';

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

/** More rounds than other writers can plausibly win against one call that is bound to a position. */
export const COMMIT_ROUNDS_MAX = 5;

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

export function movedByOthers(): Fault {
  return new Fault('STORAGE_BUSY', 'Other writers kept moving this instance; this call changed nothing.', {
    hint: 'Send the same call again.',
  });
}

/** Undefined: another process moved the instance meanwhile, so that everything has to be looked at again. */
async function tryAdvance(
  core: EngineCore,
  params: AdvanceInTurnParams,
  instance: Instance,
): Promise<Answer | undefined> {
  if (params.callerDecides !== true) refuseSession(instance);
  if (isFinished(instance.status)) return core.answer(instance);
  const repeated = await findRepeat(core, params, instance);
  if (repeated !== undefined) return repeated;
  if (instance.status === 'SUSPENDED') throw suspended(instance);

  const adopted = params.adoptDefinition === true ? await definitionToAdopt(core, instance) : undefined;
  const definition = adopted?.definition ?? (await core.definitionOf(instance.definitionHash));
  const step = requireStep(definition, instance.currentStepName);
  checkCall(core, params, step, instance);
  const context = mergeContext(instance.context, params.contextUpdates, undefined);
  failpoint('decision_wanted');
  const decision = await recordingFailures(core, { instance, report: params.report }, () =>
    decide(
      {
        definition,
        step,
        report: params.report,
        context,
        visits: instance.visits,
        requestedNextStep: params.nextStepName,
        callerDecides: params.callerDecides === true,
        signal: params.signal,
      },
      {
        conditions: core.conditions,
        model: core.model,
        recentHistory: () => core.store.recentHistory(instance.instanceId, RECENT_HISTORY_ENTRIES),
      },
    ),
  );
  failpoint('decision_made');
  const result = await core.commit({
    from: instance,
    to: applyDecision(definition, instance, decision),
    context: mergeContext(context, undefined, decision),
    definition: adopted,
    entry: {
      kind: 'advanced',
      requestId: params.requestId,
      report: params.report,
      contextUpdates: params.contextUpdates,
      requestedNextStep: params.nextStepName,
      decision,
      detail: params.reconciliation && { reconciliation: { ...params.reconciliation } },
    },
  });
  if (result.outcome !== 'committed') return undefined;
  return core.answer(result.instance, { decision, reconciliation: params.reconciliation });
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
  const last = await core.requireTransition(instance.instanceId, instance.revision);
  switch (
    positionOf({
      instance,
      last,
      call,
      stepToken: params.stepToken,
      arrivalToken: params.arrived.stepToken,
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

function checkCall(core: EngineCore, params: AdvanceInTurnParams, step: Step, instance: Instance): void {
  const { limits } = core;
  checkTransitionsLeft(instance.revision, limits);
  checkJsonSize({
    what: 'The report',
    value: params.report,
    bytesMax: limits.reportBytesMax,
    depthMax: limits.jsonDepthMax,
  });
  checkContextUpdates(core, params.contextUpdates);
  checkReportSchema(core, step, params.report);
}

/** Throws `TOO_LARGE`. */
export function checkContextUpdates({ limits }: EngineCore, contextUpdates: JsonObject | undefined): void {
  if (contextUpdates === undefined) return;
  checkJsonSize({
    what: 'context_updates',
    value: contextUpdates,
    bytesMax: limits.contextUpdateBytesMax,
    depthMax: limits.jsonDepthMax,
  });
}

/** A failure may lack the result that a success would have had; a result that is there has to fit. */
function checkReportSchema(core: EngineCore, step: Step, report: Report): void {
  if (step.reportSchema === undefined) return;
  if (report.result === undefined && report.status === 'failure') return;
  const problems =
    report.result === undefined
      ? ['`result` is missing']
      : core.schemas.problems(step.reportSchema, report.result);
  if (problems.length === 0) return;
  throw new Fault(
    'REPORT_INVALID',
    `report.result does not fit the report_schema of "${step.name}": ${problems.join('; ')}.`,
    {
      hint: 'Nothing has moved. Mend report.result, and send the call again.',
      details: { problems: [...problems], report_schema: step.reportSchema },
    },
  );
}

/**
 * A decision that fails moves nothing, but is not forgotten: the attempt is noted in history. What the client can
 * settle by itself (`DECISION_REQUIRED`, `STEP_NOT_ALLOWED`) and its own cancelling are no attempts.
 */
export async function recordingFailures<Result>(
  core: EngineCore,
  attempt: { readonly instance: Instance; readonly report: Report | undefined },
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Fault && error.code.startsWith('AI_')) await noteFailure(core, attempt, error);
    throw error;
  }
}

async function noteFailure(
  { store, clock, logger }: EngineCore,
  { instance, report }: { readonly instance: Instance; readonly report: Report | undefined },
  fault: Fault,
): Promise<void> {
  try {
    await store.recordNote({
      kind: 'decision_failed',
      instanceId: instance.instanceId,
      revision: instance.revision,
      timestamp: clock.now(),
      stepName: instance.currentStepName,
      report,
      outcomeStatus: report?.status,
      status: instance.status,
      detail: { error_code: fault.code, message: fault.message, retryable: fault.retryable },
    });
  } catch (error) {
    // The client needs to hear why the decision failed, not why the note about it did.
    logger.error('A failed decision could not be noted in history.', {
      instanceId: instance.instanceId,
      error,
    });
  }
}

export function requireStep(definition: Definition, name: string): Step {
  const step = findStep(definition, name);
  if (step === undefined)
    throw new Defect(`A running instance stands on "${name}", which its definition does not have.`);
  return step;
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

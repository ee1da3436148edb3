import { type Definition, findStep, type PinnedDefinition, type Step } from '../domain/definition.ts';
import { Defect, Fault } from '../domain/errors.ts';
import { failpoint } from '../domain/failpoint.ts';
import type { Instance } from '../domain/instance.ts';
import type { JsonObject } from '../domain/json.ts';
import { checkJsonSize } from '../domain/json-size.ts';
import type { Report } from '../domain/report.ts';
import type { EngineCore, Standing } from './core.ts';
import { decide, RECENT_HISTORY_ENTRIES } from './decide.ts';
import { checkTransitionsLeft } from './limits.ts';
import { applyDecision, mergeContext } from './transition.ts';

export interface TakeReportParams {
  /** As it stands, and has to stand still when the report is recorded. */
  readonly instance: Instance;
  readonly report: Report;
  readonly contextUpdates: JsonObject | undefined;
  readonly nextStepName?: string;
  readonly callerDecides?: boolean;
  readonly requestId?: string;
  /** Moves on by this definition, and stays with it. */
  readonly adopted?: PinnedDefinition;
  /** What the history entry says of how the report came about. */
  readonly detail?: JsonObject;
  readonly signal: AbortSignal | undefined;
}

/**
 * Checks a report about the current step, decides what it leads to, and commits that: one transition. Whether the
 * report is a repeat, and whether it is the client's to make, is looked at before.
 *
 * Undefined: the instance has moved meanwhile, so that everything has to be looked at again.
 */
export async function takeReport(core: EngineCore, params: TakeReportParams): Promise<Standing | undefined> {
  const { instance, report, contextUpdates, adopted } = params;
  const definition = adopted?.definition ?? (await core.definitionOf(instance.definitionHash));
  const step = requireStep(definition, instance.currentStepName);
  checkReport(core, params, step);
  const context = mergeContext(instance.context, contextUpdates, undefined);
  failpoint('decision_wanted');
  const decision = await recordingFailures(core, { instance, report }, () =>
    decide(
      {
        definition,
        step,
        report,
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
      report,
      contextUpdates,
      requestedNextStep: params.nextStepName,
      decision,
      detail: params.detail,
    },
  });
  return result.outcome === 'committed' ? { instance: result.instance, decision } : undefined;
}

function checkReport(
  core: EngineCore,
  { instance, report, contextUpdates }: TakeReportParams,
  step: Step,
): void {
  const { limits } = core;
  checkTransitionsLeft(instance.revision, limits);
  checkJsonSize({
    what: 'The report',
    value: report,
    bytesMax: limits.reportBytesMax,
    depthMax: limits.jsonDepthMax,
  });
  checkContextUpdates(core, contextUpdates);
  checkReportSchema(core, step, report);
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

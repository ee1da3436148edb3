import { Fault } from '../domain/errors.ts';
import type { HistoryEntry } from '../domain/history.ts';
import type { Instance } from '../domain/instance.ts';
import { canonicalJson, type JsonObject } from '../domain/json.ts';
import { type Report, reportedStep, sameReport } from '../domain/report.ts';
import { foldName } from '../domain/step-names.ts';

/** What a call says, apart from where it believes the instance to stand. */
export interface CallContent {
  readonly report: Report | undefined;
  readonly contextUpdates: JsonObject | undefined;
  readonly nextStepName: string | undefined;
}

/**
 * Whether the call is the one that made this entry. Updates or a choice that a repeat leaves out are not a
 * difference: nothing of them would be lost. Others than the recorded ones are.
 */
export function isSameCall(entry: HistoryEntry, call: CallContent): boolean {
  const sameContent =
    call.report === undefined
      ? entry.report === undefined
      : entry.report !== undefined && sameReport(entry.report, call.report);
  return sameContent && addsNothing(entry, call);
}

/** Like {@link isSameCall}, for a call that may leave the report out altogether. */
export function addsNothing(entry: HistoryEntry, call: CallContent): boolean {
  return (
    (call.report === undefined || (entry.report !== undefined && sameReport(entry.report, call.report))) &&
    (call.contextUpdates === undefined ||
      canonicalJson(call.contextUpdates) === canonicalJson(entry.contextUpdates ?? {})) &&
    (call.nextStepName === undefined || call.nextStepName === entry.requestedNextStep)
  );
}

export type Position = 'current' | 'repeat' | 'stale';

export interface PositionParams {
  readonly instance: Instance;
  /** The transition that led to the instance's revision. */
  readonly last: HistoryEntry;
  readonly call: CallContent & { readonly report: Report };
  /** The token that the client sent, if it sent one. */
  readonly stepToken: string | undefined;
  /** The token of the position that the instance had when the call arrived. */
  readonly arrivalToken: string;
  /** Whether the client marked the call as one of its own kind, by a key that was never seen. */
  readonly freshRequest: boolean;
}

/**
 * Where a report stands. A token is exact. A step name is not: after a step that leads to itself, the same
 * report may be a repeat or news, and counts as a repeat unless a token or a fresh key says otherwise.
 * A call that names no position is about the one that it found when it arrived.
 */
export function positionOf(params: PositionParams): Position {
  const { instance, last, call } = params;
  const stepId = reportedStep(call.report);
  const namesCurrent = stepId === undefined || foldName(stepId) === foldName(instance.currentStepName);
  const repeats = (used: boolean): Position =>
    used && last.kind === 'advanced' && isSameCall(last, call) ? 'repeat' : 'stale';

  if (params.stepToken !== undefined) {
    if (params.stepToken === instance.stepToken) return namesCurrent ? 'current' : 'stale';
    return repeats(params.stepToken === last.stepToken);
  }
  const namesLast = stepId !== undefined && foldName(stepId) === foldName(last.stepName);
  if (params.arrivalToken !== instance.stepToken)
    return repeats(params.arrivalToken === last.stepToken || namesLast);
  if (namesLast && namesCurrent && !params.freshRequest && repeats(true) === 'repeat') return 'repeat';
  return namesCurrent ? 'current' : repeats(namesLast);
}

export function staleStep(instance: Instance): Fault {
  return new Fault(
    'STALE_STEP',
    `The run is at step "${instance.currentStepName}" (revision ${instance.revision}); your report is about another position.`,
    {
      hint: `Call resume_workflow with assumed_current_step_name set to the step that you believe is the current one.`,
      details: {
        current_step: instance.currentStepName,
        step_token: instance.stepToken,
        revision: instance.revision,
        status: instance.status,
      },
    },
  );
}

import type { Decider, DecisionRecord } from '../domain/decision.ts';
import {
  allowedNextSteps,
  type Definition,
  defaultTarget,
  FINISH,
  findStep,
  type Step,
} from '../domain/definition.ts';
import { type Instance, type InstanceStatus, visitsOf } from '../domain/instance.ts';
import type { JsonObject } from '../domain/json.ts';
import { fillTemplate } from '../domain/template.ts';
import type { FailedScript } from './failed-scripts.ts';

export const VERDICTS = ['in_sync', 'answer_lost', 'client_behind', 'client_ahead', 'diverged'] as const;
/** How the client's belief about the current step compares with what is stored. */
export type Verdict = (typeof VERDICTS)[number];

export interface Reconciliation {
  readonly verdict: Verdict;
  readonly explanation: string;
}

/** The one shape that answers start, advance, resume, status and cancel. Field names are the contract's. */
export interface Answer {
  readonly instance_id: string;
  readonly workflow_name: string;
  readonly status: InstanceStatus;
  readonly status_reason?: string;
  readonly revision: number;
  readonly step_token: string;
  readonly next_step: {
    readonly step_name: string;
    /** Client Instructions with the context filled in. */
    readonly instructions: string;
    /** How often the run has come to this step, from the second time on: it is to be carried out again. */
    readonly visit?: number;
    /** What `report.result` has to look like, where the step says so. */
    readonly report_schema?: JsonObject;
  };
  readonly current_context: JsonObject;
  /** Template variables that the context does not have. */
  readonly missing_context?: readonly string[];
  /** What went wrong in the steps that the server carried out by itself since the last report. */
  readonly failed_scripts?: readonly FailedScript[];
  readonly decision?: { readonly decider: Decider; readonly reasoning?: string };
  /** Present where the client decides: what it has to choose from with its next report, and by what. */
  readonly decision_request?: DecisionQuestion;
  readonly replayed?: true;
  readonly reconciliation?: Reconciliation;
  /** The files of the workflow differ from the pinned version. */
  readonly definition_changed?: boolean;
}

export interface DecisionQuestion {
  readonly guidance: string;
  readonly options: readonly string[];
}

/** What of an instance an answer shows: also of one as it stood at an earlier revision. */
export type AnswerableState = Pick<
  Instance,
  | 'instanceId'
  | 'workflowName'
  | 'status'
  | 'statusReason'
  | 'revision'
  | 'stepToken'
  | 'currentStepName'
  | 'context'
  | 'visits'
>;

export interface BuildAnswerParams {
  readonly state: AnswerableState;
  readonly definition: Definition;
  /** Whether the client is the one who decides where transitions do not. */
  readonly clientDecides: boolean;
  readonly failedScripts: readonly FailedScript[];
  readonly decision?: DecisionRecord | undefined;
  readonly reconciliation?: Reconciliation | undefined;
  readonly definitionChanged?: boolean | undefined;
  readonly replayed?: true;
}

/** An answer is a pure function of a committed state: so a lost one can be given again, word for word. */
export function buildAnswer(params: BuildAnswerParams): Answer {
  const { state, definition, failedScripts, decision } = params;
  const step = findStep(definition, state.currentStepName);
  const { text, missing } = instructionsFor(state, step);
  const question =
    params.clientDecides && step !== undefined && waitsForClient(state, step)
      ? questionOf(definition, step)
      : undefined;
  const visits = visitsOf(state.visits, state.currentStepName);
  return {
    instance_id: state.instanceId,
    workflow_name: state.workflowName,
    status: state.status,
    status_reason: state.statusReason,
    revision: state.revision,
    step_token: state.stepToken,
    next_step: {
      step_name: state.currentStepName,
      instructions: text,
      visit: visits > 1 ? visits : undefined,
      report_schema: waitsForClient(state, step) ? step?.reportSchema : undefined,
    },
    current_context: state.context,
    missing_context: missing.length > 0 ? missing : undefined,
    failed_scripts: failedScripts.length > 0 ? failedScripts : undefined,
    decision: decision && { decider: decision.decider, reasoning: decision.reasoning },
    decision_request: question,
    replayed: params.replayed,
    reconciliation: params.reconciliation,
    definition_changed: params.definitionChanged,
  };
}

function waitsForClient({ status }: AnswerableState, step: Step | undefined): boolean {
  return status === 'RUNNING' && step?.script === undefined;
}

/** What a client that decides is asked; undefined where the declared transitions always settle it. */
function questionOf(definition: Definition, step: Step): DecisionQuestion | undefined {
  const settled = step.transitions !== undefined && defaultTarget(step.transitions) !== undefined;
  return settled ? undefined : { guidance: step.guidance, options: allowedNextSteps(definition, step) };
}

function instructionsFor(
  state: AnswerableState,
  step: Step | undefined,
): { text: string; missing: readonly string[] } {
  const reason = state.statusReason === undefined ? '' : ` ${state.statusReason}`;
  switch (state.status) {
    case 'RUNNING':
    case 'COMPLETED':
      if (step?.script !== undefined) return { text: byServer(step.name), missing: [] };
      if (step !== undefined) return fillTemplate(step.instructions, state.context);
      return { text: state.currentStepName === FINISH ? 'Workflow complete.' : '', missing: [] };
    case 'SUSPENDED':
      return {
        text:
          `This run is suspended.${reason} Tell the user why; when they want it to go on, call resume_workflow ` +
          `with assumed_current_step_name "${state.currentStepName}".`,
        missing: [],
      };
    case 'FAILED':
      return { text: `This run failed.${reason}`, missing: [] };
    case 'CANCELLED':
      return { text: `This run was cancelled.${reason}`, missing: [] };
  }
}

/** What whoever looks at a run in the middle of a script is told: nobody who waits for an answer gets it. */
function byServer(stepName: string): string {
  return (
    `The server carries out "${stepName}" by itself, with a script; there is nothing to do or to report here. If no call ` +
    `is waiting for its answer, make it go on with resume_workflow and assumed_current_step_name "${stepName}".`
  );
}

import type { Performer, WorkTools } from '../ai/performer.ts';
import { Fault, type FaultCode } from '../domain/errors.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Report } from '../domain/report.ts';
import type { Task } from '../domain/task.ts';
import type { Answer } from '../engine/answer.ts';
import type { Engine } from '../engine/engine.ts';
import { taskBrief } from './task-brief.ts';

/** How often a performer is asked for a report that the engine takes. */
const REPORTS_MAX = 2;
/** The run has moved on, by another worker or by a person: where it stands now is what counts. */
const MOVED: readonly FaultCode[] = ['STALE_STEP', 'INSTANCE_SUSPENDED'];
const REFUSED: readonly FaultCode[] = ['REPORT_INVALID', 'TOO_LARGE'];

export interface TakeStepParams {
  readonly engine: Pick<Engine, 'advance' | 'status'>;
  readonly performer: Performer;
  readonly task: Task;
  /** Where the run stands. */
  readonly answer: Answer;
  readonly tools?: WorkTools;
  readonly signal: AbortSignal;
}

/**
 * Has the current step carried out, reports on it, and gives where the run stands then. What is wrong with a report is
 * told to the performer once; if the next one is wrong as well, the step is reported as failed.
 */
export async function takeStep(params: TakeStepParams): Promise<Answer> {
  const { engine, performer, task, answer, tools, signal } = params;
  const { instance_id: instanceId, step_token: stepToken, next_step: step } = answer;

  async function tell(report: Report, contextUpdates?: JsonObject): Promise<Answer> {
    try {
      return await engine.advance({ instanceId, report, contextUpdates, stepToken }, { signal });
    } catch (error) {
      if (isOneOf(MOVED, error)) return engine.status({ instanceId });
      throw error;
    }
  }

  let correction: string | undefined;
  for (let asked = 0; asked < REPORTS_MAX; asked++) {
    const outcome = await performer.carryOutStep(
      {
        task: taskBrief(task, correction),
        workflowName: answer.workflow_name,
        stepName: step.step_name,
        instructions: step.instructions,
        context: answer.current_context,
        failedScripts: answer.failed_scripts?.map((failed) => ({ ...failed })),
        reportSchema: step.report_schema,
      },
      { signal, tools },
    );
    try {
      return await tell(outcome.report, outcome.contextUpdates);
    } catch (error) {
      if (!isOneOf(REFUSED, error)) throw error;
      correction = `The report on this step was refused: ${error.message}`;
      if (tools !== undefined) correction += ' What was called for the step stays done.';
    }
  }
  return tell({ status: 'failure', error: correction ?? 'No report.' });
}

function isOneOf(codes: readonly FaultCode[], error: unknown): error is Fault {
  return error instanceof Fault && codes.includes(error.code);
}

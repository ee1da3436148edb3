import type { Performer } from '../ai/performer.ts';
import { Fault, type FaultCode } from '../domain/errors.ts';
import { failpoint } from '../domain/failpoint.ts';
import type { Task } from '../domain/task.ts';
import type { Answer } from '../engine/answer.ts';
import type { Engine } from '../engine/engine.ts';
import type { Execution, ExecutionContext, Executor } from './executor.ts';
import { takeStep } from './step-worker.ts';
import type { TaskTools } from './task-tools.ts';
import { beginRun, endFormerRun, outcomeOf } from './workflow-run.ts';

const STEPS_MAX = 200;
/** Only whoever wrote the task or the workflow can mend these. */
const WRONG_TASK: readonly FaultCode[] = [
  'WORKFLOW_NOT_FOUND',
  'WORKFLOW_INVALID',
  'INPUTS_INVALID',
  'REQUEST_ID_REUSED',
  'TOO_LARGE',
];

export interface WorkflowExecutorParams {
  readonly engine: Pick<Engine, 'start' | 'status' | 'advance' | 'cancel' | 'history'>;
  readonly performer: Performer;
  /** Undefined where there are no downstream servers. */
  readonly tools?: TaskTools;
  /** Steps of one attempt; 200 by default. */
  readonly stepsMax?: number;
}

/**
 * Executes tasks by running their workflow, each step carried out by the performer. A run that completes is a success,
 * with the result `{instance_id, steps, status, result}`, where the last two are what the last report says. One that is
 * suspended, fails or is cancelled is a failure; the next attempt begins a new one and cancels what is left of this one,
 * except after a cancelling, which is final.
 */
export function createWorkflowExecutor(params: WorkflowExecutorParams): Executor {
  const { engine } = params;
  return {
    async execute(task, context) {
      let answer: Answer;
      try {
        answer = await beginRun(engine, task);
      } catch (error) {
        if (!(error instanceof Fault && WRONG_TASK.includes(error.code))) throw error;
        return { status: 'failure', error: error.message, permanent: true };
      }
      await endFormerRun(engine, task, answer);
      await context.noteInstance(answer.instance_id);
      return runToEnd(params, { task, context, answer });
    },
  };
}

interface RunToEndParams {
  readonly task: Task;
  readonly context: ExecutionContext;
  /** Where the run stands. */
  readonly answer: Answer;
}

async function runToEnd(
  { engine, performer, tools, stepsMax = STEPS_MAX }: WorkflowExecutorParams,
  { task, context, answer: first }: RunToEndParams,
): Promise<Execution> {
  const taskTools = tools?.forTask(task, context);
  let answer = first;
  for (let steps = 0; answer.status === 'RUNNING'; steps++) {
    if (steps === stepsMax) {
      const reason = `It took the ${stepsMax} steps that one attempt at ${task.id} may take.`;
      const end = await engine.cancel({ instanceId: answer.instance_id, reason });
      return { ...failureOf(end), permanent: false };
    }
    context.signal.throwIfAborted();
    context.onProgress(`carrying out ${answer.next_step.step_name}`);
    answer = await takeStep({ engine, performer, task, answer, tools: taskTools, signal: context.signal });
    failpoint('task_step_reported');
    await context.renewLease();
  }
  if (answer.status !== 'COMPLETED') return failureOf(answer);
  return { status: 'success', result: await outcomeOf(engine, answer) };
}

function failureOf(end: Answer): Extract<Execution, { status: 'failure' }> {
  const { instance_id: instanceId, status, status_reason: reason = '' } = end;
  const error = `The run ${instanceId} of ${end.workflow_name} is ${status} at "${end.next_step.step_name}". ${reason}`;
  return { status: 'failure', error: error.trim(), permanent: status === 'CANCELLED' };
}

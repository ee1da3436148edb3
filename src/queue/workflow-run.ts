import { Fault, type FaultCode } from '../domain/errors.ts';
import { type JsonObject, mergeJson } from '../domain/json.ts';
import { TASK_KEY_PREFIX, type Task } from '../domain/task.ts';
import type { Answer } from '../engine/answer.ts';
import type { Engine } from '../engine/engine.ts';

/** What a start context may be refused for, or be another one for than the first worker's. */
const CONTEXT_REFUSALS: readonly FaultCode[] = ['INPUTS_INVALID', 'TOO_LARGE', 'REQUEST_ID_REUSED'];

/**
 * Where the run of the task's workflow stands: begins it, or finds the one that a worker before has begun, because the
 * same run of the task is the same request. The start context is the task's, and with it `task_description` and
 * `feedback` where the workflow takes them.
 */
export async function beginRun(engine: Pick<Engine, 'start' | 'status'>, task: Task): Promise<Answer> {
  const call = {
    workflowName: task.workflowName ?? '',
    requestId: `${TASK_KEY_PREFIX}${task.id}/${task.runNumber}`,
    reservedRequest: true,
  };
  let refusal: unknown;
  for (const context of startContexts(task)) {
    try {
      const started = await engine.start({ ...call, context });
      return started.replayed ? await engine.status({ instanceId: started.instance_id }) : started;
    } catch (error) {
      if (!(error instanceof Fault && CONTEXT_REFUSALS.includes(error.code))) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

/** Ends the run that a task was carried out by before it began anew: else it would stay open, and be taken up by somebody. */
export async function endFormerRun(
  engine: Pick<Engine, 'cancel'>,
  { id, instanceId }: Task,
  current: Answer,
): Promise<void> {
  if (instanceId === undefined || instanceId === current.instance_id) return;
  try {
    await engine.cancel({ instanceId, reason: `${id} was begun anew, as ${current.instance_id}.` });
  } catch (error) {
    // It may have been pruned.
    if (!(error instanceof Fault && error.code === 'INSTANCE_NOT_FOUND')) throw error;
  }
}

/**
 * The one that says the most first, the task's own last. Whether a workflow takes what it did not ask for is for its
 * `inputs` to say: they are tried, not guessed at.
 */
function startContexts({ description, feedback, context }: Task): readonly JsonObject[] {
  const described = { task_description: description };
  const extras: readonly JsonObject[] =
    feedback === undefined ? [described, {}] : [{ ...described, feedback }, described, { feedback }, {}];
  return extras.map((extra) => mergeJson(extra, context));
}

const HISTORY_PAGE = 200;

/**
 * What the last report of a run says: its status, which whoever verifies has to see, and its result, else its message;
 * where it says nothing, the context.
 */
export async function outcomeOf(engine: Pick<Engine, 'history'>, end: Answer): Promise<JsonObject> {
  let report: JsonObject | undefined;
  let cursor: string | undefined;
  do {
    const page = await engine.history({ instanceId: end.instance_id, limit: HISTORY_PAGE, cursor });
    report = page.entries.findLast((entry) => entry.user_report !== undefined)?.user_report ?? report;
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  return {
    instance_id: end.instance_id,
    steps: end.revision,
    ...(report?.status === undefined ? {} : { status: report.status }),
    result: report?.result ?? report?.message ?? report?.error ?? end.current_context,
  };
}

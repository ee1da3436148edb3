import * as z from 'zod';
import { fencingToken, taskAnswer, taskId, taskResult } from '../task-schemas.ts';
import { defineTool } from '../tool.ts';

export const completeTask = defineTool({
  name: 'complete_task',
  description: 'Say that a task that you took is done. LEASE_LOST: it is not yours any more, leave it.',
  input: z.strictObject({
    task_id: taskId,
    result: taskResult,
    fencing_token: fencingToken.describe('From the answer that gave you the task'),
  }),
  output: taskAnswer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  run: async ({ task_id, result, fencing_token }, { taskQueue }) =>
    (await taskQueue()).complete({ taskId: task_id, result, fencingToken: fencing_token }),
});

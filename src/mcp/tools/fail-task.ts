import * as z from 'zod';
import { fencingToken, taskAnswer, taskId } from '../task-schemas.ts';
import { defineTool } from '../tool.ts';

export const failTask = defineTool({
  name: 'fail_task',
  description: 'Give up a task that you took: it cannot be done.',
  input: z.strictObject({ task_id: taskId, reason: z.string(), fencing_token: fencingToken }),
  output: taskAnswer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  run: async ({ task_id, reason, fencing_token }, { taskQueue }) =>
    (await taskQueue()).fail({ taskId: task_id, reason, fencingToken: fencing_token }),
});

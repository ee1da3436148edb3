import * as z from 'zod';
import { requestId } from '../schemas.ts';
import { retryAnswer, taskId } from '../task-schemas.ts';
import { defineTool } from '../tool.ts';

export const retryTask = defineTool({
  name: 'retry_task',
  description:
    'Make a failed task pending again, take one back from its worker, or give a pending one other feedback. ' +
    'With max_attempts used up it is failed; a completed one stays so.',
  input: z.strictObject({
    task_id: taskId,
    feedback: z.string().optional().describe('What the next attempt has to do better'),
    request_id: requestId,
  }),
  output: retryAnswer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  run: async ({ task_id, feedback, request_id }, { taskQueue }) =>
    (await taskQueue()).retry({ taskId: task_id, feedback, requestId: request_id }),
});

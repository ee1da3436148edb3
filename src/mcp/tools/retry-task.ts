import * as z from 'zod';
import { requestId } from '../schemas.ts';
import { retryAnswer, taskId } from '../task-schemas.ts';
import { defineTool } from '../tool.ts';

export const retryTask = defineTool({
  name: 'retry_task',
  description:
    'Make a failed task, or one in progress, pending again; never a completed one. Past max_attempts it is failed.',
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

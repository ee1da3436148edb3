import * as z from 'zod';
import { retryAnswer, taskId } from '../task-schemas.ts';
import { defineTool } from '../tool.ts';

export const retryTask = defineTool({
  name: 'retry_task',
  description:
    'Make a failed task pending again, or take one back from its worker. Once max_attempts are used up it is failed.',
  input: z.strictObject({
    task_id: taskId,
    feedback: z.string().optional().describe('What the next attempt has to do better'),
  }),
  output: retryAnswer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  run: async ({ task_id, feedback }, { taskQueue }) =>
    (await taskQueue()).retry({ taskId: task_id, feedback }),
});

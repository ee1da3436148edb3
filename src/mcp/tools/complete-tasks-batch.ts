import * as z from 'zod';
import { fencingTokens, taskIds, taskResult, tasksAnswer } from '../task-schemas.ts';
import { defineTool } from '../tool.ts';

export const completeTasksBatch = defineTool({
  name: 'complete_tasks_batch',
  description: 'complete_task for many tasks with one result, all or none.',
  input: z.strictObject({
    task_ids: taskIds,
    result: taskResult,
    fencing_tokens: fencingTokens.optional().describe('By task id'),
  }),
  output: tasksAnswer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  run: async ({ task_ids, result, fencing_tokens }, { taskQueue }) =>
    (await taskQueue()).completeBatch({ taskIds: task_ids, result, fencingTokens: fencing_tokens }),
});

import * as z from 'zod';
import { optionsOf, taskOptions, tasksAnswer } from '../task-schemas.ts';
import { defineTool } from '../tool.ts';

export const addTasksBatch = defineTool({
  name: 'add_tasks_batch',
  description:
    'Put many tasks into the queue, all or none; the other arguments, as for add_task, hold for each.',
  input: z.strictObject({ descriptions: z.array(z.string()), ...taskOptions }),
  output: tasksAnswer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  run: async ({ descriptions, ...options }, { taskQueue }) =>
    (await taskQueue()).addTasks({ descriptions, ...optionsOf(options) }),
});

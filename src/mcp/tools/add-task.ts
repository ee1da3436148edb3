import * as z from 'zod';
import { describedTaskOptions, optionsOf, taskAnswer } from '../task-schemas.ts';
import { defineTool } from '../tool.ts';

export const addTask = defineTool({
  name: 'add_task',
  description: 'Queue a task, for you or another worker to do later.',
  input: z.strictObject({
    description: z.string().describe('All that whoever does it has to know'),
    ...describedTaskOptions,
  }),
  output: taskAnswer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  run: async ({ description, ...options }, { taskQueue }) =>
    (await taskQueue()).addTask({ description, ...optionsOf(options) }),
});

import * as z from 'zod';
import { defineTool } from '../tool.ts';

export const resetAllTasks = defineTool({
  name: 'reset_all_tasks',
  description: 'Make every task pending again, and forget attempts and results. Ask the user first.',
  input: z.strictObject({}),
  output: z.object({ reset: z.int() }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  run: async (_args, { taskQueue }) => (await taskQueue()).resetAll(),
});

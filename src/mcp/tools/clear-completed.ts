import * as z from 'zod';
import { defineTool } from '../tool.ts';

export const clearCompleted = defineTool({
  name: 'clear_completed',
  description: 'Delete all completed tasks with their results. Ask the user first.',
  input: z.strictObject({}),
  output: z.object({ cleared: z.int() }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  run: async (_args, { taskQueue }) => (await taskQueue()).clearCompleted(),
});

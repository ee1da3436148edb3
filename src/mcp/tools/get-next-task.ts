import * as z from 'zod';
import { inProgress, nothingPending } from '../task-messages.ts';
import { peekAnswer } from '../task-schemas.ts';
import { defineTool } from '../tool.ts';

export const getNextTask = defineTool({
  name: 'get_next_task',
  description: 'Look at the next task without taking it.',
  input: z.strictObject({}),
  output: peekAnswer,
  annotations: { readOnlyHint: true, openWorldHint: false },
  async run(_args, { taskQueue }) {
    const queue = await taskQueue();
    const task = await queue.peek();
    if (task === undefined) return { message: await nothingPending(queue) };
    const message = `It is still pending, and not yours: claim_next_task takes it.${await inProgress(queue)}`;
    return { task, message };
  },
});

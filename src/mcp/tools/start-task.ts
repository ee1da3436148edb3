import * as z from 'zod';
import { taskInHand } from '../task-messages.ts';
import { fencingToken, leaseSeconds, startAnswer, taskId } from '../task-schemas.ts';
import { defineTool } from '../tool.ts';

export const startTask = defineTool({
  name: 'start_task',
  description:
    'Take a certain pending task. With the fencing_token of a task that you hold: renew its lease.',
  input: z.strictObject({
    task_id: taskId,
    lease_seconds: leaseSeconds.describe('How long; without it, until you end the task'),
    fencing_token: fencingToken,
  }),
  output: startAnswer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  async run({ task_id, lease_seconds, fencing_token }, deps) {
    const queue = await deps.taskQueue();
    const task = await queue.start({
      taskId: task_id,
      leaseSeconds: lease_seconds,
      fencingToken: fencing_token,
    });
    return { task, message: taskInHand(task, deps) };
  },
});

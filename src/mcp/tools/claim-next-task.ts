import * as z from 'zod';
import { nothingPending, taskInHand } from '../task-messages.ts';
import { claimAnswer, DEFAULT_LEASE, leaseSeconds } from '../task-schemas.ts';
import { defineTool } from '../tool.ts';

export const claimNextTask = defineTool({
  name: 'claim_next_task',
  description:
    'Take the next pending task: no other worker gets it before its lease ends. Do it, then call complete_task with the ' +
    'fencing_token of this answer, or fail_task. Repeat until there is none.',
  input: z.strictObject({
    lease_seconds: leaseSeconds.describe(`How long you may take; ${DEFAULT_LEASE}`),
  }),
  output: claimAnswer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  async run({ lease_seconds }, { taskQueue }) {
    const queue = await taskQueue();
    const task = await queue.claim({ leaseSeconds: lease_seconds });
    if (task === undefined) return { message: nothingPending(await queue.stats()) };
    return { task, message: taskInHand(task) };
  },
});

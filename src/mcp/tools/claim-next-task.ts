import * as z from 'zod';
import { requestId } from '../schemas.ts';
import { nothingPending, taskInHand } from '../task-messages.ts';
import { claimAnswer, DEFAULT_LEASE, leaseSeconds } from '../task-schemas.ts';
import { defineTool } from '../tool.ts';

export const claimNextTask = defineTool({
  name: 'claim_next_task',
  description:
    'Take the next pending task: no other worker gets it before its lease ends. Do it, then complete_task with this ' +
    'fencing_token, or fail_task. Repeat until there is none.',
  input: z.strictObject({
    lease_seconds: leaseSeconds.describe(`How long; ${DEFAULT_LEASE}`),
    request_id: requestId.describe('Unique; its repeat gets the same task'),
  }),
  output: claimAnswer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  async run({ lease_seconds, request_id }, deps) {
    const queue = await deps.taskQueue();
    const task = await queue.claim({ leaseSeconds: lease_seconds, requestId: request_id });
    if (task === undefined) return { message: await nothingPending(queue) };
    return { task, message: taskInHand(task, deps) };
  },
});

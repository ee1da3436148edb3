import { createHash } from 'node:crypto';
import { requestIdReused } from '../domain/request-id-reused.ts';
import type { Task } from '../domain/task.ts';

/** Of the hash that comes first in a {@link retryKeyOf}. */
const HASH_CHARS = 64;

/** What a task keeps of the call that had it tried again: its `request_id`, and what it was. */
export function retryKeyOf(requestId: string, feedback: string | undefined): string {
  const contents = feedback === undefined ? '' : `feedback ${feedback}`;
  return `${createHash('sha256').update(contents).digest('hex')}/${requestId}`;
}

/** Whether a retry with this key was made before. Throws `REQUEST_ID_REUSED` where that was one with other contents. */
export function isRepeatedRetry({ retryKey }: Task, asked: string | undefined): boolean {
  if (retryKey === undefined || asked === undefined) return false;
  if (retryKey === asked) return true;
  const requestId = asked.slice(HASH_CHARS);
  if (retryKey.slice(HASH_CHARS) !== requestId) return false;
  throw requestIdReused(requestId.slice(1), 'a retry of this task with other feedback');
}

interface AskedClaim {
  readonly requestId: string | undefined;
  readonly leaseMs: number;
}

/**
 * Throws `REQUEST_ID_REUSED` where the task was claimed under the key by a call with another lease. A lease that was renewed
 * since tells nothing of that call; whoever renewed it has got its answer.
 */
export function checkSameClaim(task: Task, { requestId, leaseMs }: AskedClaim): void {
  const { startedAt, updatedAt, leaseExpiresAt } = task;
  if (requestId === undefined || startedAt === undefined || leaseExpiresAt === undefined) return;
  if (updatedAt !== startedAt || Date.parse(leaseExpiresAt) - Date.parse(startedAt) === leaseMs) return;
  throw requestIdReused(requestId, `a claim with other lease_seconds, which got ${task.id}`);
}

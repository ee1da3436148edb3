import type { CircuitBreaker } from '../../domain/circuit-breaker.ts';
import { type NewTask, type Task, taskId } from '../../domain/task.ts';
import { CLEARED, type circuitBreakers, type tasks } from './task-schema.ts';
import { withoutNulls } from './without-nulls.ts';

type TaskRow = Omit<typeof tasks.$inferSelect, 'requestId' | 'requestHash'>;
type BreakerRow = typeof circuitBreakers.$inferSelect;

// An absent member of the domain is a NULL of the table, typed both ways, so that a column that drifts from its
// domain type stops the compiler here.

export function taskToRow(task: NewTask): Omit<TaskRow, 'taskNumber'> {
  return {
    status: task.status,
    priority: task.priority,
    attempts: task.attempts,
    maxAttempts: task.maxAttempts,
    fencingToken: task.fencingToken,
    leaseExpiresAt: task.leaseExpiresAt ?? null,
    runNumber: task.runNumber,
    workflowName: task.workflowName ?? null,
    instanceId: task.instanceId ?? null,
    claimKey: task.claimKey ?? null,
    retryKey: task.retryKey ?? null,
    createdAt: task.createdAt,
    updatedAt: task.updatedAt,
    startedAt: task.startedAt ?? null,
    completedAt: task.completedAt ?? null,
    description: task.description,
    error: task.error ?? null,
    feedback: task.feedback ?? null,
    context: task.context ?? null,
    result: task.result === undefined ? null : { value: task.result },
  };
}

export function taskFromRow({ taskNumber, status, result, ...row }: TaskRow): Task {
  const task = {
    id: taskId(taskNumber),
    // Only a completed task is ever cleared.
    status: status === CLEARED ? ('completed' as const) : status,
    ...withoutNulls(row),
  };
  return result === null ? task : { ...task, result: result.value };
}

export function breakerToRow(breaker: CircuitBreaker): Omit<BreakerRow, 'name'> {
  return {
    state: breaker.state,
    failuresInRow: breaker.failuresInRow,
    openedAt: breaker.openedAt ?? null,
    trialExpiresAt: breaker.trialExpiresAt ?? null,
  };
}

export function breakerFromRow({ name, ...row }: BreakerRow): CircuitBreaker {
  return withoutNulls(row);
}

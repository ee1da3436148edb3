import type { CircuitBreaker } from '../domain/circuit-breaker.ts';
import type { TaskStatus } from '../domain/task.ts';
import { type BreakerSettings, retryAfterMs } from './circuit-breaker.ts';
import type { TaskStats } from './task-queue.ts';

export interface TaskStatsParams {
  readonly counts: Readonly<Record<TaskStatus, number>>;
  readonly breaker: CircuitBreaker;
  readonly settings: BreakerSettings;
  readonly now: string;
}

export function taskStats({ counts, breaker, settings, now }: TaskStatsParams): TaskStats {
  const { pending, in_progress, completed, failed } = counts;
  return {
    total: pending + in_progress + completed + failed,
    pending,
    in_progress,
    completed,
    failed,
    breaker: {
      state: breaker.state,
      failures_in_row: breaker.failuresInRow,
      retry_after_seconds:
        breaker.state === 'closed' ? undefined : Math.ceil(retryAfterMs(breaker, now, settings) / 1_000),
    },
  };
}

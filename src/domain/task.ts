import type { JsonObject, JsonValue } from './json.ts';

export const TASK_STATUSES = ['pending', 'in_progress', 'completed', 'failed'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** 1 comes first. */
export const TASK_PRIORITY = { min: 1, max: 10, default: 5 } as const;
export const TASK_ATTEMPTS_MAX = { min: 1, max: 100, default: 3 } as const;
/** For how long a worker gets a task before another one may have it. */
export const LEASE_SECONDS = { min: 1, max: 86_400, default: 300 } as const;

/** How many tasks one run over the queue may be told to work on. */
export const RUN_TASKS_MAX = { min: 1, max: 1_000, default: 10 } as const;

/** A unit of work in the queue. */
export interface Task {
  /** `task-001`; ascending in the order of adding, and never given to another task. */
  readonly id: string;
  readonly description: string;
  readonly status: TaskStatus;
  /** See {@link TASK_PRIORITY}. */
  readonly priority: number;
  /** How often work on it was begun; never more than `maxAttempts`. */
  readonly attempts: number;
  readonly maxAttempts: number;
  /** What came of it; on `completed`. */
  readonly result?: JsonValue;
  /** Why the last attempt came to nothing. */
  readonly error?: string;
  /** What the next attempt should do better. */
  readonly feedback?: string;
  /** The workflow that carries it out; without one, an LLM does it. */
  readonly workflowName?: string;
  /** The start context of that workflow, or facts for whoever does the task. */
  readonly context?: JsonObject;
  /**
   * Grows by 1 whenever the task changes hands: only whoever shows the current one may end the task. 0 before the
   * first hand. See Kleppmann, "How to do distributed locking" (2016).
   */
  readonly fencingToken: number;
  /** When the one who works on it loses it, ISO-8601 UTC; absent where nobody does, or without a time limit. */
  readonly leaseExpiresAt?: string;
  /**
   * Grows by 1 whenever work has to begin anew, and not when a worker was lost in the middle: the same number
   * names the same run of the task's workflow. 1 at first.
   */
  readonly runNumber: number;
  /** The latest run of its workflow; kept when work begins anew, until the next run has begun and this one is ended. */
  readonly instanceId?: string;
  /** Of the call that claimed it last, if that gave one: as long as it is in progress, the same call gets it again. */
  readonly claimKey?: string;
  /** Of the call that had it tried again last, if that gave one: the key, and a hash of what it said. */
  readonly retryKey?: string;
  /** ISO-8601 UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When the last attempt began. */
  readonly startedAt?: string;
  /** When it was completed or failed for good. */
  readonly completedAt?: string;
}

/** A task that the store has not numbered yet. */
export type NewTask = Omit<Task, 'id'>;

/** Of the `request_id` under which the task queue starts workflows. */
export const TASK_KEY_PREFIX = 'task/';

const PREFIX = 'task-';
const DIGITS_MIN = 3;

export function taskId(number: number): string {
  return `${PREFIX}${String(number).padStart(DIGITS_MIN, '0')}`;
}

/** The number in a task's id; undefined for text that no task can have as its id. */
export function taskNumber(id: string): number | undefined {
  const digits = /^task-(\d{1,15})$/.exec(id)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

import type { Task } from '../domain/task.ts';
import type { AttemptResult } from './attempt.ts';
import type { RunResult } from './run.ts';

/** What a run has done so far. */
export interface RunTally {
  /** Whether the run may work on this task: it has done so before, or has not reached its bound. */
  mayTake(task: Task): boolean;
  /** Whether it has worked on as many tasks as it may. */
  isFull(): boolean;
  begin(task: Task): void;
  end(becomes: AttemptResult['becomes']): void;
  counts(): Pick<RunResult, 'processed' | 'completed' | 'failed' | 'attempts'>;
}

/** @param tasksMax how many different tasks; undefined: any number */
export function createRunTally(tasksMax: number | undefined): RunTally {
  const worked = new Set<string>();
  let completed = 0;
  let failed = 0;
  let attempts = 0;
  const isFull = () => tasksMax !== undefined && worked.size >= tasksMax;
  return {
    mayTake: ({ id }) => worked.has(id) || !isFull(),
    isFull,
    begin({ id }) {
      worked.add(id);
      attempts += 1;
    },
    end(becomes) {
      if (becomes === 'completed') completed += 1;
      if (becomes === 'failed') failed += 1;
    },
    counts: () => ({ processed: worked.size, completed, failed, attempts }),
  };
}

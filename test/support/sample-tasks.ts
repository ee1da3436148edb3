import type { NewTask } from '../../src/domain/task.ts';

/** A pending task, well formed, with only the members that a test cares about to fill in. */
export function sampleTask(changes: Partial<NewTask> = {}): NewTask {
  return {
    description: 'Do it.',
    status: 'pending',
    priority: 5,
    attempts: 0,
    maxAttempts: 3,
    fencingToken: 0,
    runNumber: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    ...changes,
  };
}

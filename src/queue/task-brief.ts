import type { TaskBrief } from '../ai/performer.ts';
import type { Task } from '../domain/task.ts';

/** What a performer is told of a task; a correction adds to the feedback on the attempt before. */
export function taskBrief({ id, description, attempts, feedback }: Task, correction?: string): TaskBrief {
  const notes = [feedback, correction].filter((note) => note !== undefined);
  return {
    id,
    description,
    attempt: attempts,
    feedback: notes.length === 0 ? undefined : notes.join('\n\n'),
  };
}

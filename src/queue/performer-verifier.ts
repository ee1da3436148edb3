import type { Performer } from '../ai/performer.ts';
import { taskBrief } from './task-brief.ts';
import type { Verifier } from './verifier.ts';

/** Has results judged by the performer. */
export function createPerformerVerifier(performer: Performer): Verifier {
  return {
    verify: (task, result, { signal }) => performer.judge({ task: taskBrief(task), result }, { signal }),
  };
}

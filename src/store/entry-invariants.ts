import { Defect } from '../domain/errors.ts';
import { isTransitionKind, type NewHistoryEntry } from '../domain/history.ts';
import type { Instance } from '../domain/instance.ts';

/** An entry that moves an instance tells where to, and agrees with the instance that it led to. */
export function assertTransition(entry: NewHistoryEntry, instance: Instance): void {
  const agrees =
    isTransitionKind(entry.kind) &&
    entry.instanceId === instance.instanceId &&
    entry.revision === instance.revision &&
    entry.status === instance.status &&
    entry.determinedNextStep === instance.currentStepName &&
    (entry.definitionHash ?? instance.definitionHash) === instance.definitionHash;
  if (!agrees) throw new Defect(`The ${entry.kind} entry does not lead to the instance that it comes with.`);
}

/** A note moves nothing, and leaves the key of its call free for the call that will. */
export function assertNote(entry: NewHistoryEntry): void {
  const isNote =
    !isTransitionKind(entry.kind) && entry.determinedNextStep === undefined && entry.requestId === undefined;
  if (!isNote) throw new Defect(`The ${entry.kind} entry is not a note.`);
}

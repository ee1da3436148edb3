import { type HistoryEntry, isTransitionKind } from '../domain/history.ts';
import { visitsOf } from '../domain/instance.ts';
import type { JsonObject } from '../domain/json.ts';
import { mergeContext } from './transition.ts';

/** What of an instance's state history tells only as a whole: each entry holds what it changed. */
export interface PastState {
  readonly context: JsonObject;
  readonly visits: Readonly<Record<string, number>>;
  readonly definitionHash: string | undefined;
}

export const BEFORE_START: PastState = { context: {}, visits: {}, definitionHash: undefined };

/** The state after one more entry; notes change nothing. */
export function foldEntry(state: PastState, entry: HistoryEntry): PastState {
  if (!isTransitionKind(entry.kind)) return state;
  return {
    context: mergeContext(state.context, entry.contextUpdates, entry.decision),
    visits: visitsAfter(state.visits, entry),
    definitionHash: entry.definitionHash ?? state.definitionHash,
  };
}

/** Only a report leads back into the same step; what settles or reconciles a run there does not enter it again. */
function visitsAfter(
  visits: PastState['visits'],
  { kind, stepName, determinedNextStep: to }: HistoryEntry,
): PastState['visits'] {
  const enters = kind === 'started' || kind === 'advanced' || to !== stepName;
  return enters && to !== undefined ? { ...visits, [to]: visitsOf(visits, to) + 1 } : visits;
}

import type { DecisionRecord } from './decision.ts';
import type { InstanceStatus } from './instance.ts';
import type { JsonObject } from './json.ts';
import type { Report } from './report.ts';

/** Entries that moved the instance: each has a revision of its own. */
export const TRANSITION_KINDS = [
  'started',
  'advanced',
  'reconciled',
  'suspended',
  'resumed',
  'adopted',
  'cancelled',
] as const;
/** Entries that tell what happened and moved nothing: they carry the revision that they found. */
export const NOTE_KINDS = ['decision_failed', 'belief_checked'] as const;

export type TransitionKind = (typeof TRANSITION_KINDS)[number];
export type NoteKind = (typeof NOTE_KINDS)[number];
export const HISTORY_KINDS = [...TRANSITION_KINDS, ...NOTE_KINDS] as const;
export type HistoryKind = TransitionKind | NoteKind;

export function isTransitionKind(kind: HistoryKind): kind is TransitionKind {
  return (TRANSITION_KINDS as readonly string[]).includes(kind);
}

/** One line of the append-only record of everything that happened to an instance. */
export interface HistoryEntry {
  /** Ascending within an instance and across it; assigned by the store. */
  readonly historyEntryId: number;
  readonly instanceId: string;
  readonly kind: HistoryKind;
  /** The instance's revision after this entry. */
  readonly revision: number;
  /** ISO-8601 UTC. */
  readonly timestamp: string;
  /** Where the instance stood when it happened. */
  readonly stepName: string;
  /** The token of that position: the one that a transition used up. Absent on `started`. */
  readonly stepToken?: string;
  /** The key that the client gave the call. At most one entry of an instance carries it. */
  readonly requestId?: string;
  readonly report?: Report;
  /** The status that the report claimed. */
  readonly outcomeStatus?: string;
  /** What the client merged into the context; on `started`, the whole start context. */
  readonly contextUpdates?: JsonObject;
  /** The `next_step_name` of the call: a choice where the client decides, else a wish. */
  readonly requestedNextStep?: string;
  readonly decision?: DecisionRecord;
  /** Where the instance stands after this entry; absent on notes. */
  readonly determinedNextStep?: string;
  /** The instance's status after this entry. */
  readonly status: InstanceStatus;
  readonly statusReason?: string;
  /** The definition that the instance is pinned to after this entry; only where it became another one. */
  readonly definitionHash?: string;
  /**
   * `{code, message, retryable}` of a failed decision; `{verdict, belief}` of a checked belief; `{in_row, script_run_id,
   * in_doubt}` of what the server did by itself.
   */
  readonly detail?: JsonObject;
}

/** An entry that the store has not numbered yet. */
export type NewHistoryEntry = Omit<HistoryEntry, 'historyEntryId'>;

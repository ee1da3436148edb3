import type { Limits } from '../domain/limits.ts';
import type { Engine } from '../engine/engine.ts';
import type { HistoryItem } from '../engine/listings.ts';
import { stateChange } from './sighting.ts';

export interface SessionHistoryAnswer {
  readonly session_id: string;
  /** The oldest first. */
  readonly transitions: readonly TransitionItem[];
}

export interface TransitionItem {
  readonly from: string;
  readonly to: string;
  readonly reason?: string;
  /** ISO-8601 UTC. */
  readonly timestamp: string;
}

interface SessionHistoryDeps {
  readonly engine: Engine;
  readonly limits: Limits;
}

/** The last `limits.pageSizeMax` changes of a session's state; none where it was never opened. */
export async function sessionHistory(
  { engine, limits }: SessionHistoryDeps,
  sessionId: string,
): Promise<SessionHistoryAnswer> {
  const instanceId = await engine.findSession(sessionId);
  const entries =
    instanceId === undefined ? [] : await engine.recentHistory({ instanceId, limit: limits.pageSizeMax });
  const transitions = entries.flatMap(transitionItem);
  return { session_id: sessionId, transitions };
}

/** A session that is resumed or reconciled as a run may change its state too, without having been asked here. */
function transitionItem(entry: HistoryItem): readonly TransitionItem[] {
  const { kind, step_name: from, determined_next_step: to, timestamp } = entry;
  const isChange = to !== undefined && kind !== 'started' && (kind === 'advanced' || to !== from);
  return isChange ? [{ from, to, reason: stateChange(entry)?.reason, timestamp }] : [];
}

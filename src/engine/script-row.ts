import type { HistoryEntry } from '../domain/history.ts';
import type { JsonObject } from '../domain/json.ts';
import type { EngineCore } from './core.ts';

/** Transitions that the server makes itself, one after the other, before it suspends the run. */
export const SCRIPT_ROW_MAX = 100;

/**
 * What the server did by itself after a client's call is a row of transitions that belongs to that call: its answer is
 * given at the end of the row. Each says in `detail.in_row` which one of the row it is, from 1.
 */
export function placeInRow({ detail }: Pick<HistoryEntry, 'detail'>): number {
  return typeof detail?.in_row === 'number' ? detail.in_row : 0;
}

/** What marks a transition as one that the server made itself. */
export function rowDetail(before: HistoryEntry, about: JsonObject = {}): JsonObject {
  return { in_row: placeInRow(before) + 1, ...about };
}

/** The transition of the client's call that a row followed; the entry itself if it is in none. */
export async function callBefore(core: EngineCore, entry: HistoryEntry): Promise<HistoryEntry> {
  const place = placeInRow(entry);
  return place === 0 ? entry : core.requireTransition(entry.instanceId, entry.revision - place);
}

/** The last transition of the row that followed a client's call; the entry itself if none did. */
export async function endOfRow(store: EngineCore['store'], call: HistoryEntry): Promise<HistoryEntry> {
  let last = call;
  // One more than the scripts: what suspends the run belongs to the row.
  for (let place = placeInRow(call) + 1; place <= SCRIPT_ROW_MAX + 1; place++) {
    const next = await store.findTransition(last.instanceId, last.revision + 1);
    if (next === undefined || placeInRow(next) !== place) return last;
    last = next;
  }
  return last;
}

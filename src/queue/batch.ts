import { Fault } from '../domain/errors.ts';
import type { JsonObject } from '../domain/json.ts';
import { taskNumber } from '../domain/task.ts';

/** Items that the details of a refusal name; the message counts all of them. */
const ITEMS_MAX = 100;

/**
 * Does all of a batch or nothing: goes on after the first item that cannot be done, to name every one of them.
 *
 * @throws Fault `BATCH_REFUSED` if a fault was thrown for any of them
 */
export function allOrNone<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Result,
): readonly Result[] {
  const refused: JsonObject[] = [];
  const results = items.flatMap((item, index) => {
    try {
      return [work(item, index)];
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      refused.push({ index, error_code: error.code, reason: error.message });
      return [];
    }
  });
  if (refused.length === 0) return results;
  throw new Fault(
    'BATCH_REFUSED',
    `${refused.length} of ${items.length} items cannot be done, so that none was: ${String(refused[0]?.reason)}`,
    {
      hint: 'Mend or leave out the items that `details.items` names, and call again.',
      details: { items: refused.slice(0, ITEMS_MAX), refused: refused.length },
    },
  );
}

/** Throws `BATCH_REFUSED` where two ids mean the same task. */
export function checkNoRepeats(taskIds: readonly string[]): void {
  const firstAt = new Map<number | string, number>();
  allOrNone(taskIds, (id, index) => {
    // `task-1` and `task-001` are the same.
    const key = taskNumber(id) ?? id;
    const first = firstAt.get(key);
    if (first !== undefined)
      throw new Fault('INVALID_ARGUMENT', `Task ${id} is listed twice, first as item ${first}.`);
    firstAt.set(key, index);
  });
}

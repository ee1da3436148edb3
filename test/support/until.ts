import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 50;
/** A minute, where a second is expected: machines that do other things as well are slow. */
const LOOKS_MAX = 1_200;

/** Looks until there is something: for what other processes do, and for leases, which end by the clock. */
export async function until<Found>(
  look: () => Promise<Found | undefined> | Found | undefined,
): Promise<Found> {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(LOOK_MS);
  }
  throw new Error('It was looked for in vain.');
}

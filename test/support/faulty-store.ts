import type { Fault } from '../../src/domain/errors.ts';
import type { Store } from '../../src/store/store.ts';
import type { Random } from './campaign.ts';

export const STORE_FAULTS = ['busy', 'io_error', 'full', 'timed_out_after'] as const;
export type StoreFault = (typeof STORE_FAULTS)[number];

export interface FaultyStoreParams {
  readonly store: Store;
  readonly fault: typeof Fault;
  readonly random: Random;
  /** Of the calls of every verb. */
  readonly probability: number;
  readonly onInjected: (fault: StoreFault, verb: string) => void;
}

/**
 * A store that fails now and then, as disks and other processes make it fail. The worst of it: the verb has
 * done its work, and its caller hears of a failure.
 */
export function createFaultyStore({
  store,
  fault,
  random,
  probability,
  onInjected,
}: FaultyStoreParams): Store {
  const faults: Readonly<Record<StoreFault, () => Fault>> = {
    busy: () => new fault('STORAGE_BUSY', 'Injected: the lock was held for too long.'),
    io_error: () => new fault('STORAGE_UNAVAILABLE', 'Injected: the disk did not read or write.'),
    full: () => new fault('STORAGE_FULL', 'Injected: no room is left.'),
    timed_out_after: () => new fault('STORAGE_UNAVAILABLE', 'Injected: it was done, and too late.'),
  };
  return new Proxy(store, {
    get(target, verb: keyof Store) {
      const work = target[verb].bind(target) as (...args: readonly unknown[]) => Promise<unknown>;
      if (verb === 'close') return work;
      return async (...args: readonly unknown[]) => {
        if (!random.chance(probability)) return work(...args);
        const chosen = random.pick(STORE_FAULTS);
        onInjected(chosen, verb);
        if (chosen === 'timed_out_after') await work(...args);
        throw faults[chosen]();
      };
    },
  });
}

import type { Logger } from './logger.ts';

/** Tells whoever wants to know that something changed, and what. */
export interface ChangeFeed<Change = void> {
  /** Calls back after every change. Returns the way to stop it. */
  add(listener: (change: Change) => void): () => void;
  /** Never throws: what is announced has happened already. */
  announce(change: Change): void;
}

/** A feed within this process; a listener that throws is logged, and the others hear of the change all the same. */
export function createChangeFeed<Change = void>(logger: Logger): ChangeFeed<Change> {
  const listeners = new Set<(change: Change) => void>();
  return {
    add(listener) {
      // Each call adds a listener of its own, even if one function is added twice.
      const own = (change: Change) => listener(change);
      listeners.add(own);
      return () => listeners.delete(own);
    },
    announce(change) {
      for (const listener of [...listeners]) {
        try {
          listener(change);
        } catch (error) {
          logger.error('Whoever was told of a change failed.', { error });
        }
      }
    },
  };
}

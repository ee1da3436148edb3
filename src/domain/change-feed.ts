import type { Logger } from './logger.ts';

/** Tells whoever wants to know that something changed. */
export interface ChangeFeed {
  /** Calls back after every change. Returns the way to stop it. */
  add(listener: () => void): () => void;
  /** Never throws: what is announced has happened already. */
  announce(): void;
}

/** A feed within this process; a listener that throws is logged, and the others hear of the change all the same. */
export function createChangeFeed(logger: Logger): ChangeFeed {
  const listeners = new Set<() => void>();
  return {
    add(listener) {
      // Each call adds a listener of its own, even if one function is added twice.
      const own = () => listener();
      listeners.add(own);
      return () => listeners.delete(own);
    },
    announce() {
      for (const listener of [...listeners]) {
        try {
          listener();
        } catch (error) {
          logger.error('Whoever was told of a change failed.', { error });
        }
      }
    },
  };
}

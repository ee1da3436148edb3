import type Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { Logger } from '../../domain/logger.ts';
import type { Timers } from '../../domain/timers.ts';
import { createQueueRevision } from './queue-revision.ts';

/** One look takes some 20 microseconds where nobody else wrote anything. */
const POLL_MS = 500;

export interface ForeignTaskChangesParams {
  readonly client: Database.Database;
  readonly timers: Timers;
  readonly logger: Logger;
}

export interface ForeignTaskChanges {
  /** Calls back after others changed the queue through connections of their own. Returns the way to stop it. */
  add(listener: () => void): () => void;
  /** For good; before the connection is closed. */
  stop(): void;
}

/** Looks for changes that others made, for as long as somebody wants to know of them. */
export function createForeignTaskChanges({
  client,
  timers,
  logger,
}: ForeignTaskChangesParams): ForeignTaskChanges {
  const listeners = new Set<() => void>();
  const queue = createQueueRevision(drizzle(client));
  let seen = { version: undefined as unknown, revision: 0 };
  let stopTimer: (() => void) | undefined;

  /** Whether the queue is another than at the last look. Any write of others changes the version, theirs to the queue or not. */
  function hasChanged(): boolean {
    const version: unknown = client.pragma('data_version', { simple: true });
    if (version === seen.version) return false;
    const revision = queue.find();
    const changed = revision !== seen.revision;
    seen = { version, revision };
    return changed;
  }

  function look(): boolean {
    try {
      return hasChanged();
    } catch (error) {
      logger.debug('The database could not be looked at for changes; the next look will tell.', { error });
      return false;
    }
  }

  function poll(): void {
    stopTimer = timers.start(POLL_MS, () => {
      poll();
      if (look()) for (const listener of [...listeners]) listener();
    });
  }

  function rest(): void {
    stopTimer?.();
    stopTimer = undefined;
  }

  return {
    add(listener) {
      const own = () => listener();
      listeners.add(own);
      if (stopTimer === undefined) {
        look();
        poll();
      }
      return () => {
        listeners.delete(own);
        if (listeners.size === 0) rest();
      };
    },
    stop() {
      listeners.clear();
      rest();
    },
  };
}

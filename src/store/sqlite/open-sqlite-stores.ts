import type Database from 'better-sqlite3';
import type { MigrationMeta } from 'drizzle-orm/migrator';
import type { Logger } from '../../domain/logger.ts';
import { systemTimers, type Timers } from '../../domain/timers.ts';
import type { JournalStore } from '../journal-store.ts';
import type { SessionStore } from '../session-store.ts';
import type { Store } from '../store.ts';
import type { TaskStore } from '../task-store.ts';
import { createBusyRetry } from './busy-retry.ts';
import { createForeignTaskChanges } from './foreign-task-changes.ts';
import { createJournalStoreOnConnection } from './journal-store-on-connection.ts';
import { refuseUnknownTables } from './known-tables.ts';
import { findPending, migrate, readMigrations } from './migrate.ts';
import { openDatabase } from './open-database.ts';
import { createSessionStoreOnConnection } from './session-store-on-connection.ts';
import { createStoreOnConnection } from './store-on-connection.ts';
import { createTaskStoreOnConnection } from './task-store-on-connection.ts';

export interface SqliteStoreParams {
  /** The database file; created with its folder where it does not exist. */
  readonly path: string;
  /** Holds `meta/_journal.json` and the SQL files that it lists, as drizzle-kit made them. */
  readonly migrationsFolder: string;
  readonly logger: Logger;
  /** How long to wait for other processes that hold the lock, in milliseconds. */
  readonly busyBudgetMs?: number;
  /** In [0, 1); spreads the retries of processes that collide. */
  readonly random?: () => number;
  readonly timers?: Timers;
}

/** Everything that is kept, on one connection. */
export interface SqliteStores {
  readonly store: Store;
  readonly tasks: TaskStore;
  readonly sessions: SessionStore;
  readonly journal: JournalStore;
  /**
   * Calls back within about half a second after another process changed the queue of tasks. Returns the way to stop
   * it; until then it looks for changes, which keeps this process alive.
   */
  onForeignTaskChange(listener: () => void): () => void;
  /** Closes the connection, and with it all of them. */
  close(): Promise<void>;
}

/**
 * Keeps runs, tasks, agent sessions and the journal of scripts in one SQLite file, which any number of processes may share.
 *
 * @throws Fault `STORAGE_TOO_NEW` or `STORAGE_CORRUPT`, with the file left as it was; else what every verb
 * of {@link Store} throws
 */
export async function openSqliteStores(params: SqliteStoreParams): Promise<SqliteStores> {
  const { path, migrationsFolder, logger, busyBudgetMs = 10_000, random = Math.random } = params;
  const { timers = systemTimers } = params;
  const retry = createBusyRetry({ budgetMs: busyBudgetMs, random });
  const known = readMigrations(migrationsFolder);
  const client = await openDatabase({ path, retry, inspect: (reader) => refuseUnfit(reader, known) });
  try {
    const migrations = await migrate({ client, retry, known });
    if (migrations > 0) logger.info('The database was migrated.', { path, migrations });
    const connection = { client, retry };
    const store = createStoreOnConnection(connection);
    const foreignTaskChanges = createForeignTaskChanges({ client, timers, logger });
    return {
      store,
      tasks: createTaskStoreOnConnection(connection),
      sessions: createSessionStoreOnConnection(connection),
      journal: createJournalStoreOnConnection(connection),
      onForeignTaskChange: foreignTaskChanges.add,
      async close() {
        foreignTaskChanges.stop();
        await store.close();
      },
    };
  } catch (error) {
    client.close();
    throw error;
  }
}

function refuseUnfit(reader: Database.Database, known: readonly MigrationMeta[]): void {
  if (findPending(reader, known).length === 0) refuseUnknownTables(reader);
}

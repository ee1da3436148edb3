import type Database from 'better-sqlite3';
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import { Defect, Fault } from '../../domain/errors.ts';
import type { BusyRetry } from './busy-retry.ts';

// The name and the columns that drizzle-kit expects, so that its tools can read where a database stands.
const TABLE = '__drizzle_migrations';

/** All migrations of this program, the oldest first. */
export function readMigrations(migrationsFolder: string): readonly MigrationMeta[] {
  try {
    return readMigrationFiles({ migrationsFolder });
  } catch (cause) {
    throw new Defect(`The migrations in ${migrationsFolder} cannot be read.`, { cause });
  }
}

export interface MigrateParams {
  readonly client: Database.Database;
  readonly retry: BusyRetry;
  /** What {@link readMigrations} read. */
  readonly known: readonly MigrationMeta[];
}

/**
 * Brings the tables up to date, all or nothing, however many processes start at once.
 *
 * @returns how many migrations were applied
 * @throws Fault `STORAGE_TOO_NEW`, with nothing written, or what {@link BusyRetry} throws
 */
export async function migrate({ client, retry, known }: MigrateParams): Promise<number> {
  if ((await retry(() => findPending(client, known))).length === 0) return 0;
  const apply = client.transaction(() => {
    // Another process may have migrated while this one waited for the lock.
    const pending = findPending(client, known);
    for (const migration of pending) applyMigration(client, migration);
    if (pending.length > 0) assertForeignKeys(client);
    return pending.length;
  });
  // A migration may have to build a table anew, which foreign keys forbid; they are checked before the
  // commit instead. The setting cannot change inside a transaction.
  client.pragma('foreign_keys = OFF');
  try {
    return await retry(() => apply.immediate());
  } finally {
    client.pragma('foreign_keys = ON');
  }
}

/**
 * The migrations that the database still lacks; writes nothing.
 *
 * @throws Fault `STORAGE_TOO_NEW` if the database has one that this program does not know
 */
export function findPending(
  client: Database.Database,
  known: readonly MigrationMeta[],
): readonly MigrationMeta[] {
  const applied = readApplied(client);
  // By date, not by hash: a checkout that changes line ends does not make another migration of it.
  const knownDates = new Set(known.map((migration) => migration.folderMillis));
  const unknown = applied.filter((date) => !knownDates.has(date));
  if (unknown.length > 0) {
    throw new Fault('STORAGE_TOO_NEW', 'The database was written by a newer version of this program.', {
      hint: 'Update the program, or choose another database; this one was left untouched.',
      details: { known_migrations: known.length, unknown_migrations: unknown.length },
    });
  }
  return known.filter((migration) => !applied.includes(migration.folderMillis));
}

function readApplied(client: Database.Database): readonly number[] {
  const table = client.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`).get(TABLE);
  if (table === undefined) return [];
  return client.prepare<[], number>(`SELECT CAST(created_at AS INTEGER) FROM ${TABLE}`).pluck().all();
}

function applyMigration(client: Database.Database, migration: MigrationMeta): void {
  client.exec(
    `CREATE TABLE IF NOT EXISTS ${TABLE} (id INTEGER PRIMARY KEY, hash text NOT NULL, created_at numeric)`,
  );
  for (const statement of migration.sql) client.exec(statement);
  client
    .prepare(`INSERT INTO ${TABLE} (hash, created_at) VALUES (?, ?)`)
    .run(migration.hash, migration.folderMillis);
}

function assertForeignKeys(client: Database.Database): void {
  const violations = client.pragma('foreign_key_check') as readonly unknown[];
  if (violations.length > 0) {
    throw new Fault('STORAGE_CORRUPT', `${violations.length} rows refer to rows that do not exist.`, {
      hint: 'Restore the database from a backup; it was left as it is.',
    });
  }
}

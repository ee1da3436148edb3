import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type Database from 'better-sqlite3';
import { Fault } from '../../domain/errors.ts';
import type { DatabaseProblem, DatabaseReport } from '../maintenance.ts';
import { createBusyRetry } from './busy-retry.ts';
import { refuseUnknownTables } from './known-tables.ts';
import { findPending, readMigrations } from './migrate.ts';
import { openForReading } from './open-database.ts';
import { auditRows } from './row-audit.ts';
import { toStorageError } from './storage-fault.ts';

export interface InspectDatabaseParams {
  readonly path: string;
  readonly migrationsFolder: string;
}

/**
 * Looks at everything that is in a database, through a connection that cannot write, while servers may go on
 * using it. What is wrong is in the report; this throws only `STORAGE_BUSY` and defects.
 */
export async function inspectDatabase(params: InspectDatabaseParams): Promise<DatabaseReport> {
  const path = resolve(params.path);
  if (!existsSync(path)) return { ...NOTHING, path };
  const retry = createBusyRetry({ budgetMs: 10_000, random: Math.random });
  const found: DatabaseReport = { ...NOTHING, path, exists: true, bytes: statSync(path).size };
  let client: Database.Database | undefined;
  try {
    const connection = await openForReading({ path, retry });
    client = connection;
    const known = readMigrations(params.migrationsFolder);
    return await retry(() => ({ ...found, ...inspect(connection, findPending(connection, known).length) }));
  } catch (error) {
    return { ...found, ...problemsOf([problemOf('file', error)]) };
  } finally {
    client?.close();
  }
}

const PROBLEMS_LISTED_MAX = 100;

const NOTHING = {
  exists: false,
  bytes: 0,
  pendingMigrations: 0,
  instances: 0,
  entries: 0,
  definitions: 0,
  unsealedEntries: 0,
  problems: [],
  problemCount: 0,
};

/** In one read transaction, so that everything is of one moment. */
function inspect(client: Database.Database, pendingMigrations: number): Partial<DatabaseReport> {
  const look = client.transaction(() => {
    const problems = [...attempt('integrity', () => integrity(client))];
    // Until the tables have the columns of today, there is nothing to compare them with.
    if (pendingMigrations > 0) return { pendingMigrations, ...problemsOf(problems) };
    let counts: Partial<DatabaseReport> = {};
    const audit = attempt('history', () => {
      refuseUnknownTables(client);
      const { problems: wrong, ...rest } = auditRows(client);
      counts = rest;
      return wrong;
    });
    return { pendingMigrations, ...counts, ...problemsOf([...problems, ...audit]) };
  });
  return look();
}

function integrity(client: Database.Database): readonly DatabaseProblem[] {
  const found = client.pragma('integrity_check') as readonly { readonly integrity_check: string }[];
  const orphans = client.pragma('foreign_key_check') as readonly unknown[];
  return [
    ...found
      .filter((row) => row.integrity_check !== 'ok')
      .map((row): DatabaseProblem => ({ check: 'integrity', message: row.integrity_check })),
    ...(orphans.length === 0
      ? []
      : [
          { check: 'integrity', message: `${orphans.length} rows refer to rows that do not exist.` } as const,
        ]),
  ];
}

/** Damage may stop a check half-way; that it did is what it found. */
function attempt(
  check: DatabaseProblem['check'],
  look: () => readonly DatabaseProblem[],
): readonly DatabaseProblem[] {
  try {
    return look();
  } catch (error) {
    return [problemOf(check, error)];
  }
}

function problemOf(check: DatabaseProblem['check'], error: unknown): DatabaseProblem {
  const fault = toStorageError(error);
  if (!(fault instanceof Fault) || fault.code === 'STORAGE_BUSY') throw error;
  return { check, code: fault.code, message: fault.message };
}

function problemsOf(problems: readonly DatabaseProblem[]) {
  return { problems: problems.slice(0, PROBLEMS_LISTED_MAX), problemCount: problems.length };
}

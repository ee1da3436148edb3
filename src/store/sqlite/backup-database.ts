import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Fault } from '../../domain/errors.ts';
import type { BackupResult } from '../maintenance.ts';
import { createBusyRetry } from './busy-retry.ts';
import { inspectDatabase } from './inspect-database.ts';
import { openForReading } from './open-database.ts';
import { toStorageError } from './storage-fault.ts';

export interface BackupDatabaseParams {
  readonly path: string;
  readonly migrationsFolder: string;
  /** Where the copy goes; its folder exists. */
  readonly file: string;
  /** Whether a file that is there already is replaced. */
  readonly force: boolean;
}

/**
 * Copies the database as it is at one moment, while servers go on writing. The copy is one file that only its owner
 * may read, is checked row by row, and gets its name when it is durable.
 *
 * @throws Fault `INVALID_ARGUMENT` where the file is there already or is the database itself, `STORAGE_CORRUPT`
 * where the database, and so its copy, is damaged; else what every verb of the store throws
 */
export async function backupDatabase(params: BackupDatabaseParams): Promise<BackupResult> {
  const path = resolve(params.path);
  const file = resolve(params.file);
  if (!existsSync(path)) throw missing(path);
  refuseTarget({ path, file, force: params.force });
  const temporary = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}`);
  try {
    // SQLite writes into an empty file as it is, and so keeps its mode.
    closeSync(openSync(temporary, 'wx', 0o600));
    await copyInto({ path, temporary });
    const report = await inspectDatabase({ path: temporary, migrationsFolder: params.migrationsFolder });
    const [problem] = report.problems;
    if (problem !== undefined) throw damaged(problem.message);
    syncPath(temporary);
    place({ temporary, file, force: params.force });
    syncPath(dirname(file));
    return { file, bytes: statSync(file).size, instances: report.instances, entries: report.entries };
  } catch (error) {
    throw toStorageError(error);
  } finally {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(temporary + suffix, { force: true });
  }
}

/** In one read transaction: writers do not wait for it, and it does not see what they write. */
async function copyInto({ path, temporary }: { path: string; temporary: string }): Promise<void> {
  const retry = createBusyRetry({ budgetMs: 10_000, random: Math.random });
  const client = await openForReading({ path, retry });
  try {
    await retry(() => client.prepare('VACUUM INTO ?').run(temporary));
  } finally {
    client.close();
  }
}

interface Target {
  readonly path: string;
  readonly file: string;
  readonly force: boolean;
}

function refuseTarget({ path, file, force }: Target): void {
  const database = realpathSync(path);
  const target = existsSync(file) ? realpathSync(file) : file;
  if (['', '-wal', '-shm', '-journal'].some((suffix) => target === database + suffix))
    throw new Fault('INVALID_ARGUMENT', `${file} belongs to the database itself.`);
  if (existsSync(file) && !force) throw taken(file);
}

function place({ temporary, file, force }: { temporary: string; file: string; force: boolean }): void {
  if (!force && link(temporary, file)) return;
  // Not every file system has links.
  renameSync(temporary, file);
}

/** Unlike a rename, a link never replaces what came there meanwhile. */
function link(temporary: string, file: string): boolean {
  try {
    linkSync(temporary, file);
    return true;
  } catch {
    if (existsSync(file)) throw taken(file);
    return false;
  }
}

function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } catch (error) {
    // Windows syncs no folders, and needs none to be.
    if (!statSync(path).isDirectory()) throw error;
  } finally {
    closeSync(descriptor);
  }
}

function missing(path: string): Fault {
  return new Fault('STORAGE_UNAVAILABLE', `There is no database at ${path} to copy.`, { retryable: false });
}

function taken(file: string): Fault {
  return new Fault('INVALID_ARGUMENT', `${file} exists already.`, {
    hint: 'Choose another file, or replace it with --force.',
  });
}

function damaged(message: string): Fault {
  return new Fault('STORAGE_CORRUPT', `The database is damaged, and no backup was made: ${message}`, {
    hint: 'Run "orchestrator-mcp doctor" to see all that is wrong; keep the backups that you have.',
  });
}

import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { Fault } from '../../domain/errors.ts';
import { BUSY_TIMEOUT_MS, type BusyRetry } from './busy-retry.ts';
import { refuseHeadless, refuseLogless, refuseTruncated } from './truncation.ts';

export interface OpenDatabaseParams {
  /** Created with its folder where it does not exist. */
  readonly path: string;
  readonly retry: BusyRetry;
  /** Throws to refuse an existing file; its connection cannot write. */
  readonly inspect: (client: Database.Database) => void;
}

/**
 * Opens the database file for reading and writing, every commit durable. The tables may still have to be
 * migrated.
 *
 * @throws Fault `STORAGE_CORRUPT`, the file left as it was; or what `inspect` or {@link BusyRetry} throw
 */
export async function openDatabase(params: OpenDatabaseParams): Promise<Database.Database> {
  const { retry, inspect } = params;
  const path = resolve(params.path);
  if (!(await retry(() => createFile(path)))) await inspectFile({ path, retry, inspect });
  const client = await retry(() => connect(path, { readonly: false }));
  try {
    for (const setting of SETTINGS) await retry(() => apply(client, setting));
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}

interface Setting {
  readonly pragma: string;
  readonly value: string;
  readonly reads: string | number;
}

// All of these but the first belong to the connection, not to the file: better-sqlite3 opens an existing
// write-ahead log with `synchronous=NORMAL`, which loses acknowledged commits when the power fails.
const SETTINGS: readonly Setting[] = [
  { pragma: 'journal_mode', value: 'WAL', reads: 'wal' },
  { pragma: 'synchronous', value: 'FULL', reads: 2 },
  { pragma: 'foreign_keys', value: 'ON', reads: 1 },
  { pragma: 'trusted_schema', value: 'OFF', reads: 0 },
];

function apply(client: Database.Database, { pragma, value, reads }: Setting): void {
  client.pragma(`${pragma} = ${value}`);
  const actual = client.pragma(pragma, { simple: true });
  if (actual === reads) return;
  throw new Fault('STORAGE_UNAVAILABLE', `SQLite keeps ${pragma} at ${actual}, and not at ${value}.`, {
    hint: 'Put the database on a local disk: not every file system can hold one safely.',
    retryable: false,
  });
}

/**
 * Creates the file, which only its owner may read: it holds what clients reported. SQLite gives its
 * companions (`-wal`, `-shm`) the same mode.
 *
 * @returns false if the file is there already. It is not opened then: closing any descriptor of a file
 * drops all locks that this process holds on it, and with them those of other connections.
 */
function createFile(path: string): boolean {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(path, 'ax', 0o600));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Looks at an existing file through a connection that cannot write, before one that can is opened. */
async function inspectFile({ path, retry, inspect }: OpenDatabaseParams): Promise<void> {
  try {
    const client = await openForReading({ path, retry });
    try {
      await retry(() => inspect(client));
    } finally {
      client.close();
    }
  } catch (error) {
    // A process that died while it created the file left a journal, which only a writer can roll back.
    if (!needsWriter(error)) throw error;
  }
}

/**
 * Opens an existing file through a connection that cannot write.
 *
 * @throws Fault `STORAGE_CORRUPT` where the file was cut off or its log is gone, or what {@link BusyRetry} throws
 */
export async function openForReading({
  path,
  retry,
}: Pick<OpenDatabaseParams, 'path' | 'retry'>): Promise<Database.Database> {
  await retry(() => refuseHeadless(path));
  await refuseLogless(path);
  const client = await retry(() => connect(path, { readonly: true }));
  try {
    await retry(() => refuseTruncated(client));
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}

function needsWriter(error: unknown): boolean {
  return error instanceof Fault && error.cause instanceof Database.SqliteError
    ? error.cause.code.startsWith('SQLITE_READONLY')
    : false;
}

function connect(path: string, { readonly }: { readonly readonly: boolean }): Database.Database {
  try {
    return new Database(path, { readonly, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  } catch (error) {
    if (error instanceof Database.SqliteError) throw error;
    throw new Fault('STORAGE_UNAVAILABLE', `better-sqlite3 does not work here: ${reasonOf(error)}`, {
      hint: 'Run `npm rebuild better-sqlite3` with the Node.js that runs this program.',
      retryable: false,
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

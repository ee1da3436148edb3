import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { Fault } from '../../domain/errors.ts';

const PAGE_BYTES_MIN = 512;

/**
 * Refuses a file that has lost even its first page. SQLite takes it for a new database, and deletes the log
 * that belongs to it, so this looks before SQLite does.
 */
export function refuseHeadless(path: string): void {
  // The log first: a process that is just creating both has written to the file before there is a log.
  const logBytes = sizeOf(`${path}-wal`);
  const fileBytes = sizeOf(path);
  if (fileBytes >= PAGE_BYTES_MIN || (fileBytes === 0 && logBytes === 0)) return;
  throw truncated(path, fileBytes);
}

/** Refuses a file that is shorter than its header says. SQLite itself misses a last page that is cut in two. */
export function refuseTruncated(client: Database.Database): void {
  const pages = client.pragma('page_count', { simple: true }) as number;
  const pageBytes = client.pragma('page_size', { simple: true }) as number;
  // While there is a log, the end of the file may be in it. Pages reach the file before the log goes away.
  if (sizeOf(`${client.name}-wal`) > 0) return;
  const fileBytes = sizeOf(client.name);
  if (fileBytes < pages * pageBytes) throw truncated(client.name, fileBytes);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function truncated(path: string, fileBytes: number): Fault {
  return new Fault('STORAGE_CORRUPT', `The database file ${path} was cut off: ${fileBytes} bytes are left.`, {
    hint: 'Restore the file from a backup; it was left as it is.',
  });
}

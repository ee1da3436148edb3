import { readFileSync, statSync } from 'node:fs';
import { endianness } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
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

/**
 * Refuses a file whose log is gone while the index of the log tells of commits that were only there: SQLite would go
 * on from an older state without a word. It creates the log before the index, and removes it after.
 */
export async function refuseLogless(path: string): Promise<void> {
  // The log and its index are two looks, and another process may open or close the database between them.
  for (let look = 0; look < LOOKS; look++) {
    if (!exists(`${path}-shm`) || exists(`${path}-wal`)) return;
    await sleep(PAUSE_MS);
  }
  if (!indexTellsOfCommits(`${path}-shm`)) return;
  throw new Fault('STORAGE_CORRUPT', `The log ${path}-wal is gone, and with it what was committed last.`, {
    hint: 'Put the log back, or restore a backup. To go on without it, remove the file that ends in -shm.',
  });
}

/** Whether the log had pages that were not in the database file yet. The places are part of SQLite's file format. */
function indexTellsOfCommits(path: string): boolean {
  const index = readFileSync(path);
  if (index.length < INDEX_HEAD_BYTES) return false;
  const number = (at: number) => (endianness() === 'LE' ? index.readUInt32LE(at) : index.readUInt32BE(at));
  return number(LAST_FRAME_AT) > number(FRAMES_MOVED_AT);
}

const INDEX_HEAD_BYTES = 100;
const LAST_FRAME_AT = 16;
const FRAMES_MOVED_AT = 96;
const LOOKS = 4;
const PAUSE_MS = 10;

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function truncated(path: string, fileBytes: number): Fault {
  return new Fault('STORAGE_CORRUPT', `The database file ${path} was cut off: ${fileBytes} bytes are left.`, {
    hint: 'Restore the file from a backup; it was left as it is.',
  });
}

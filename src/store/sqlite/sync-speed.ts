import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { SyncSpeed } from '../maintenance.ts';

const WRITES = 50;
const PAGE = Buffer.alloc(4_096, 0x5a);

/**
 * Measures how long small durable writes take where the database is, or will be, in a file of its own that goes
 * away again.
 */
export function measureSyncSpeed(databasePath: string): SyncSpeed {
  let folder = dirname(resolve(databasePath));
  while (!existsSync(folder)) folder = dirname(folder);
  const file = join(folder, `.sync-speed-${randomBytes(6).toString('hex')}`);
  const times: number[] = [];
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    for (let write = 0; write < WRITES; write++) {
      const before = performance.now();
      writeSync(descriptor, PAGE);
      fdatasyncSync(descriptor);
      times.push(performance.now() - before);
    }
  } finally {
    closeSync(descriptor);
    rmSync(file, { force: true });
  }
  times.sort((one, other) => one - other);
  const at = (share: number) => Number((times[Math.floor(share * (WRITES - 1))] ?? 0).toFixed(3));
  return { writes: WRITES, medianMs: at(0.5), p99Ms: at(0.99) };
}

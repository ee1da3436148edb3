import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { silentLogger } from '../../../src/domain/logger.ts';
import { createBusyRetry } from '../../../src/store/sqlite/busy-retry.ts';
import { createSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { createSampleRuns } from '../../support/sample-runs.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const busy = () => new Database.SqliteError('database is locked', 'SQLITE_BUSY');

it('tries again until the lock is free', async () => {
  const retry = createBusyRetry({ budgetMs: 10_000, random: () => 0 });
  let attempts = 0;
  const result = await retry(() => {
    if (++attempts < 5) throw busy();
    return 'done';
  });
  expect(result).toBe('done');
  expect(attempts).toBe(5);
});

it('gives up when its budget is used up, each attempt counted with the time that SQLite waited', async () => {
  const retry = createBusyRetry({ budgetMs: 100, random: () => 0 });
  let attempts = 0;
  await expect(
    retry(() => {
      attempts++;
      throw busy();
    }),
  ).rejects.toMatchObject({ code: 'STORAGE_BUSY', retryable: true, retryAfterMs: expect.any(Number) });
  expect(attempts).toBe(5);
});

it('lets other work go on while it waits', async () => {
  const retry = createBusyRetry({ budgetMs: 10_000, random: () => 0 });
  let free = false;
  setImmediate(() => {
    free = true;
  });
  await retry(() => {
    if (!free) throw busy();
  });
  expect(free).toBe(true);
});

it('does not repeat what failed for another reason', async () => {
  const retry = createBusyRetry({ budgetMs: 10_000, random: () => 0 });
  let attempts = 0;
  await expect(
    retry(() => {
      attempts++;
      throw new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_WRITE');
    }),
  ).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  expect(attempts).toBe(1);
});

it('reads while another connection writes, refuses to write, and writes once the lock is gone', async () => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const params = { path, migrationsFolder: 'src/store/migrations/sqlite', logger: silentLogger };
  const store = await createSqliteStore({ ...params, busyBudgetMs: 30, random: () => 0 });
  const samples = createSampleRuns();
  const start = samples.start();
  await store.startInstance(start);
  const other = new Database(path);
  other.exec('BEGIN IMMEDIATE');
  const transition = samples.advance(start.instance);
  await expect(store.commitTransition(transition)).rejects.toMatchObject({ code: 'STORAGE_BUSY' });
  expect(await store.findInstance(start.instance.instanceId)).toEqual(start.instance);
  other.exec('COMMIT');
  expect(await store.commitTransition(transition)).toEqual({ outcome: 'committed' });
  other.close();
  await store.close();
});

import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { Defect, Fault } from '../../../src/domain/errors.ts';
import type { Instance } from '../../../src/domain/instance.ts';
import { createBusyRetry } from '../../../src/store/sqlite/busy-retry.ts';
import { migrate, readMigrations } from '../../../src/store/sqlite/migrate.ts';
import { openDatabase } from '../../../src/store/sqlite/open-database.ts';
import { isBusy, toStorageError } from '../../../src/store/sqlite/storage-fault.ts';
import { createStoreOnConnection } from '../../../src/store/sqlite/store-on-connection.ts';
import { createSampleRuns } from '../../support/sample-runs.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const sqliteError = (code: string) => new Database.SqliteError('as SQLite puts it', code);

it.each([
  ['SQLITE_FULL', 'STORAGE_FULL'],
  ['SQLITE_CORRUPT', 'STORAGE_CORRUPT'],
  ['SQLITE_CORRUPT_INDEX', 'STORAGE_CORRUPT'],
  ['SQLITE_NOTADB', 'STORAGE_CORRUPT'],
  ['SQLITE_IOERR', 'STORAGE_UNAVAILABLE'],
  ['SQLITE_IOERR_FSYNC', 'STORAGE_UNAVAILABLE'],
  ['SQLITE_CANTOPEN', 'STORAGE_UNAVAILABLE'],
  ['SQLITE_READONLY_DBMOVED', 'STORAGE_UNAVAILABLE'],
])('%s is %s', (code, fault) => {
  const cause = sqliteError(code);
  expect(toStorageError(cause)).toMatchObject({ code: fault, cause, hint: expect.any(String) });
  expect(isBusy(cause)).toBe(false);
});

it.each(['SQLITE_BUSY', 'SQLITE_BUSY_RECOVERY', 'SQLITE_BUSY_SNAPSHOT', 'SQLITE_PROTOCOL'])(
  '%s is a lock that may be waited for',
  (code) => expect(isBusy(sqliteError(code))).toBe(true),
);

it.each([
  sqliteError('SQLITE_CONSTRAINT_UNIQUE'),
  sqliteError('SQLITE_ERROR'),
  new TypeError('closed'),
  'text',
])('anything else is a defect: %s', (cause) => {
  expect(toStorageError(cause)).toBeInstanceOf(Defect);
  expect(toStorageError(cause)).toMatchObject({ cause });
});

it('lets faults and defects through', () => {
  for (const error of [new Fault('CANCELLED', 'Stop.'), new Defect('Broken.')]) {
    expect(toStorageError(error)).toBe(error);
  }
});

it('on a full disk writes nothing, still reads, and goes on when there is room again', async () => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const retry = createBusyRetry({ budgetMs: 0, random: () => 0 });
  const client = await openDatabase({ path, retry, inspect: () => {} });
  await migrate({ client, retry, known: readMigrations('src/store/migrations/sqlite') });
  const store = createStoreOnConnection({ client, retry });
  const samples = createSampleRuns();
  const start = samples.start();
  await store.startInstance(start);
  client.pragma(`max_page_count = ${Number(client.pragma('page_count', { simple: true })) + 20}`);

  let instance: Instance = start.instance;
  const large = { status: 'success', log: 'x'.repeat(10_000) };
  const advance = async () => {
    const transition = samples.advance(instance, { entry: { report: large } });
    expect(await store.commitTransition(transition)).toEqual({ outcome: 'committed' });
    instance = transition.instance;
  };
  await expect(
    (async () => {
      for (;;) await advance();
    })(),
  ).rejects.toMatchObject({ code: 'STORAGE_FULL', retryable: true });
  expect(instance.revision).toBeGreaterThan(0);
  expect(client.inTransaction).toBe(false);
  expect(await store.findInstance(instance.instanceId)).toEqual(instance);
  expect(await store.recentHistory(instance.instanceId, 1)).toMatchObject([{ revision: instance.revision }]);

  client.pragma('max_page_count = 1000000');
  await advance();
  expect(await store.findInstance(instance.instanceId)).toEqual(instance);
  await store.close();
});

it('rolls back a transition whose second half fails', async () => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const retry = createBusyRetry({ budgetMs: 0, random: () => 0 });
  const client = await openDatabase({ path, retry, inspect: () => {} });
  await migrate({ client, retry, known: readMigrations('src/store/migrations/sqlite') });
  const store = createStoreOnConnection({ client, retry });
  const samples = createSampleRuns();
  const start = samples.start();
  await store.startInstance(start);
  client.exec(`CREATE TRIGGER refuse BEFORE INSERT ON workflow_history BEGIN SELECT RAISE(ABORT, 'no'); END`);
  const transition = samples.advance(start.instance);
  await expect(store.commitTransition(transition)).rejects.toBeInstanceOf(Defect);
  expect(await store.findInstance(start.instance.instanceId)).toEqual(start.instance);
  client.exec('DROP TRIGGER refuse');
  expect(await store.commitTransition(transition)).toEqual({ outcome: 'committed' });
  await store.close();
});

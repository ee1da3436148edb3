import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/domain/logger.ts';
import { createBusyRetry } from '../../../src/store/sqlite/busy-retry.ts';
import { openDatabase } from '../../../src/store/sqlite/open-database.ts';
import { createSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { createSampleRuns } from '../../support/sample-runs.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const migrationsFolder = 'src/store/migrations/sqlite';
const retry = createBusyRetry({ budgetMs: 1_000, random: Math.random });
const openStore = (path: string) => createSqliteStore({ path, migrationsFolder, logger: silentLogger });
const open = (path: string) => openDatabase({ path, retry, inspect: () => {} });
const modeOf = (path: string) => statSync(path).mode & 0o777;

/** A closed database with enough in it for several pages. */
async function filledDatabase(path: string): Promise<void> {
  const samples = createSampleRuns();
  const store = await openStore(path);
  for (let i = 0; i < 50; i++) await store.startInstance(samples.start());
  await store.close();
}

it('makes every commit durable on the first connection and on later ones', async () => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const first = await open(path);
  first.exec('CREATE TABLE t (a)');
  const later = await open(path);
  for (const client of [first, later]) {
    const pragma = (name: string) => client.pragma(name, { simple: true });
    expect(pragma('journal_mode')).toBe('wal');
    expect(pragma('synchronous')).toBe(2);
    expect(pragma('foreign_keys')).toBe(1);
    expect(pragma('trusted_schema')).toBe(0);
    expect(pragma('busy_timeout')).toBe(25);
  }
  first.close();
  later.close();
});

it('keeps foreign keys on after a migration', async () => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const samples = createSampleRuns();
  const store = await openStore(path);
  await expect(store.recordNote(samples.note(samples.start().instance))).rejects.toThrow();
  await store.close();
});

it('creates folder and files for their owner alone', async () => {
  const folder = join(temporaryFolder(), 'deep', 'down');
  const path = join(folder, 'workflows.sqlite');
  const store = await openStore(path);
  expect(modeOf(folder)).toBe(0o700);
  for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(modeOf(file)).toBe(0o600);
  await store.close();
});

it('leaves the mode of a file that exists as its owner set it', async () => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  await filledDatabase(path);
  chmodSync(path, 0o640);
  await (await openStore(path)).close();
  expect(modeOf(path)).toBe(0o640);
});

describe('a file that is no sound database is refused and left as it is:', () => {
  async function expectRefused(path: string): Promise<void> {
    const before = readFileSync(path);
    const log = existsSync(`${path}-wal`) ? readFileSync(`${path}-wal`) : undefined;
    await expect(openStore(path)).rejects.toMatchObject({ code: 'STORAGE_CORRUPT', retryable: false });
    expect(readFileSync(path).equals(before)).toBe(true);
    if (log !== undefined) expect(readFileSync(`${path}-wal`).equals(log)).toBe(true);
  }

  it.each(['', ' long'])('a%s text', async (length) => {
    const path = join(temporaryFolder(), 'workflows.sqlite');
    writeFileSync(path, 'These are notes, and no database.\n'.repeat(length === '' ? 1 : 500));
    await expectRefused(path);
  });

  it.each([1, 16, 99, 100, 512, 4_095, 4_096, 8_192, -4_096, -100, -1])(
    'cut off at %i bytes',
    async (bytes) => {
      const path = join(temporaryFolder(), 'workflows.sqlite');
      await filledDatabase(path);
      truncateSync(path, bytes > 0 ? bytes : statSync(path).size + bytes);
      await expectRefused(path);
    },
  );

  it('emptied, with its log left', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'workflows.sqlite');
    const store = await openStore(path);
    const copy = join(folder, 'copy.sqlite');
    writeFileSync(copy, '');
    copyFileSync(`${path}-wal`, `${copy}-wal`);
    await store.close();
    await expectRefused(copy);
  });

  it('with its header overwritten', async () => {
    const path = join(temporaryFolder(), 'workflows.sqlite');
    await filledDatabase(path);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xa5, 0, 100));
    await expectRefused(path);
  });
});

it('reports damage that it meets later as such', async () => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  await filledDatabase(path);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xa5, 4_096));
  await expect(
    openStore(path).then((store) => store.listInstances({}, { limit: 10 }).finally(() => store.close())),
  ).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' });
});

it('reports a value that is no longer JSON as damage', async () => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const store = await openStore(path);
  const { instance, ...rest } = createSampleRuns().start();
  await store.startInstance({ instance, ...rest });
  const client = new Database(path);
  client.exec(`UPDATE workflow_instances SET context = '{"cut'`);
  client.close();
  await expect(store.findInstance(instance.instanceId)).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' });
  await store.close();
});

it('says that it cannot open what is a folder, or lies below a file', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'file');
  writeFileSync(file, '');
  for (const path of [folder, join(file, 'workflows.sqlite'), join(file, 'deep', 'workflows.sqlite')]) {
    await expect(openStore(path)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  }
});

it('rolls back what a process left that died while it created the file', async () => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const client = new Database(path);
  client.exec('CREATE TABLE t (a)');
  client.exec('BEGIN; PRAGMA cache_size = 1; PRAGMA cache_spill = 1;');
  client.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
    INSERT INTO t SELECT randomblob(100) FROM n`);
  const left = join(path, '..', 'left.sqlite');
  copyFileSync(path, left);
  copyFileSync(`${path}-journal`, `${left}-journal`);
  client.close();
  const store = await openStore(left);
  expect((await store.listInstances({}, { limit: 1 })).items).toEqual([]);
  await store.close();
  const check = new Database(left);
  expect(check.prepare('SELECT count(*) FROM t').pluck().get()).toBe(0);
  expect(check.pragma('integrity_check', { simple: true })).toBe('ok');
  check.close();
});

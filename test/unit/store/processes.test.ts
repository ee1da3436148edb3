import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import type { Instance } from '../../../src/domain/instance.ts';
import { silentLogger } from '../../../src/domain/logger.ts';
import { openSqliteStores } from '../../../src/store/sqlite/open-sqlite-stores.ts';
import { createSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { createSampleRuns } from '../../support/sample-runs.ts';
import { sampleTask } from '../../support/sample-tasks.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { startStoreProcess } from './store-process.ts';

const settings = { migrationsFolder: 'src/store/migrations/sqlite', logger: silentLogger };
const openStore = (path: string) => createSqliteStore({ path, ...settings });

async function startedInstance(path: string): Promise<Instance> {
  const store = await openStore(path);
  const start = createSampleRuns().start();
  await store.startInstance(start);
  await store.close();
  return start.instance;
}

/** Revisions are contiguous, the head is the last of them, the file is sound, and the run can go on. */
async function expectSound(store: Store, path: string, instanceId: string): Promise<Instance> {
  const instance = (await store.findInstance(instanceId)) as Instance;
  const { items } = await store.listHistory(instanceId, { limit: 100_000 });
  expect(items.map(({ revision }) => revision)).toEqual(items.map((_, index) => index));
  expect(items.at(-1)).toMatchObject({ revision: instance.revision, timestamp: instance.updatedAt });
  const client = new Database(path);
  expect(client.pragma('integrity_check', { simple: true })).toBe('ok');
  client.close();
  const next = createSampleRuns(99).advance(instance);
  expect(await store.commitTransition(next)).toEqual({ outcome: 'committed' });
  return next.instance;
}

it('lets two processes hammer one instance without either hearing of the lock', async () => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const { instanceId } = await startedInstance(path);
  const processes = await Promise.all(
    ['1', '2'].map((seed) => startStoreProcess('contend', path, instanceId, seed, '400')),
  );
  for (const process of processes) process.go();
  for (const process of processes) {
    expect(await process.ended).toEqual({ code: 0, signal: null, stderr: '' });
  }
  let superseded = 0;
  for (const process of processes) for await (const line of process.lines) superseded += Number(line);
  // Otherwise they took turns, and nothing was shown.
  expect(superseded).toBeGreaterThan(0);
  const store = await openStore(path);
  expect((await store.findInstance(instanceId))?.revision).toBe(800);
  await expectSound(store, path, instanceId);
  await store.close();
});

it('loses no acknowledged commit to kill -9', async () => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const { instanceId } = await startedInstance(path);
  let revision = 0;
  for (const [round, commits] of [1, 20, 137].entries()) {
    const process = await startStoreProcess('advance', path, instanceId, `${round}`);
    process.go();
    let heard = 0;
    let acknowledged = revision;
    for await (const line of process.lines) {
      acknowledged = Number(line);
      if (++heard === commits) process.kill();
    }
    expect(await process.ended).toMatchObject({ signal: 'SIGKILL', stderr: '' });
    const store = await openStore(path);
    const found = await store.findInstance(instanceId);
    // The commit in flight may have made it; the process was killed before it could say so.
    expect([acknowledged, acknowledged + 1]).toContain(found?.revision);
    revision = (await expectSound(store, path, instanceId)).revision;
    await store.close();
  }
  expect(revision).toBeGreaterThan(158);
});

it('gives every task to one of the processes that claim at once', async () => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const { tasks, close } = await openSqliteStores({ path, ...settings });
  const added = await tasks.addTasks({ tasks: Array.from({ length: 600 }, () => sampleTask()) });
  const processes = await Promise.all([1, 2, 3].map(() => startStoreProcess('claim', path)));
  for (const process of processes) process.go();
  const claimed = await Promise.all(
    processes.map(async ({ lines, ended }) => {
      const ids: string[] = [];
      for await (const id of lines) ids.push(id);
      expect(await ended).toEqual({ code: 0, signal: null, stderr: '' });
      return ids;
    }),
  );
  expect(claimed.flat().sort()).toEqual(added.tasks.map(({ id }) => id).sort());
  // Otherwise one of them had them all, and nothing was shown.
  expect(claimed.filter((ids) => ids.length > 0).length).toBeGreaterThan(1);
  await close();
});

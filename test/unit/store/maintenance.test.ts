import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { silentLogger } from '../../../src/domain/logger.ts';
import { pinDefinition } from '../../../src/domain/pin-definition.ts';
import { stepRunId } from '../../../src/domain/step-run.ts';
import { backupDatabase } from '../../../src/store/sqlite/backup-database.ts';
import { inspectDatabase } from '../../../src/store/sqlite/inspect-database.ts';
import { openSqliteStores, type SqliteStores } from '../../../src/store/sqlite/open-sqlite-stores.ts';
import { pruneDatabase } from '../../../src/store/sqlite/prune-database.ts';
import { createSampleRuns } from '../../support/sample-runs.ts';
import { sampleTask } from '../../support/sample-tasks.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

// Tasks and agent sessions, where somebody looks after the database.

const migrationsFolder = 'src/store/migrations/sqlite';
const now = '2026-01-01T00:00:00.000Z';

async function withStores<Result>(path: string, work: (stores: SqliteStores) => Promise<Result>) {
  const stores = await openSqliteStores({ path, migrationsFolder, logger: silentLogger });
  try {
    return await work(stores);
  } finally {
    await stores.close();
  }
}

/** A finished run, a task that it was for, and a session that knows something. */
async function fill({ store, tasks, sessions }: SqliteStores): Promise<void> {
  const samples = createSampleRuns();
  const start = samples.start({
    definition: pinDefinition(samples.definition().definition),
    instance: { status: 'COMPLETED', completedAt: now },
  });
  await store.startInstance(start);
  await tasks.addTasks({
    tasks: [
      sampleTask({ status: 'completed', result: 'Done.', instanceId: start.instance.instanceId }),
      sampleTask({ feedback: 'Try again.' }),
      sampleTask({ status: 'completed' }),
    ],
    requestId: 'key',
  });
  await tasks.changeBreaker(() => ({ state: 'open', failuresInRow: 3, openedAt: now }));
  const message = { sessionId: 's', role: 'user', content: 'Hello.', createdAt: now } as const;
  await sessions.addMessage({ message, requestId: 'key' });
  await sessions.putTaskData({ sessionId: 's', key: 'k', value: [1], now });
  for (let i = 0; i < 20; i++)
    await sessions.putKnowledge({ sessionId: 's', key: `k${i}`, value: `fact ${i} of many`, now });
}

/** Everything but the runs. */
async function contentsOf({ tasks, sessions }: SqliteStores) {
  return {
    tasks: (await tasks.listTasks({}, { limit: 10 })).items,
    replayed: await tasks.addTasks({ tasks: [], requestId: 'key' }),
    breaker: await tasks.findBreaker(),
    messages: await sessions.lastMessages('s', { limit: 10 }),
    taskData: await sessions.findTaskData('s', 'k'),
    knowledge: await sessions.findKnowledge('s', 'k7'),
    found: await sessions.searchKnowledge({ sessionId: 's', query: 'fact 7', limit: 5 }),
  };
}

it('a backup has tasks and sessions, and gives no number of a task again', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'workflows.sqlite');
  const file = join(folder, 'copy.sqlite');
  const before = await withStores(path, async (stores) => {
    await fill(stores);
    await stores.tasks.removeCompletedTasks();
    return contentsOf(stores);
  });
  expect(before.tasks.map(({ id }) => id)).toEqual(['task-002']);
  expect(before.found[0]?.key).toBe('k7');
  await backupDatabase({ path, migrationsFolder, file, force: false });
  await withStores(file, async (stores) => {
    expect(await contentsOf(stores)).toEqual(before);
    const { tasks } = await stores.tasks.addTasks({ tasks: [sampleTask()] });
    expect(tasks[0]?.id).toBe('task-004');
  });
});

it.each([false, true])('pruning runs leaves tasks and sessions alone; compacting: %s', async (compact) => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const before = await withStores(path, async (stores) => {
    await fill(stores);
    return contentsOf(stores);
  });
  const params = { path, migrationsFolder, before: '2027', dryRun: false, compact };
  expect(await pruneDatabase(params)).toMatchObject({ instances: 1, entries: 1, definitions: 1 });
  await withStores(path, async (stores) => {
    expect((await stores.store.listInstances({}, { limit: 5 })).items).toEqual([]);
    expect(await contentsOf(stores)).toEqual(before);
    await stores.sessions.putKnowledge({ sessionId: 's', key: 'k7', value: 'replaced', now });
    const query = { sessionId: 's', query: 'fact 7', limit: 1 };
    expect(await stores.sessions.searchKnowledge(query)).not.toMatchObject([{ key: 'k7' }]);
  });
  expect((await inspectDatabase({ path, migrationsFolder })).problems).toEqual([]);
});

it('pruning takes the scripts of the instances that go, and others that changed long ago, with their journals', async () => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const samples = createSampleRuns();
  const start = (status: 'COMPLETED' | 'RUNNING') =>
    samples.start({
      definition: pinDefinition(samples.definition().definition),
      instance: { status, ...(status === 'COMPLETED' && { completedAt: now }) },
    });
  const [finished, running] = [start('COMPLETED'), start('RUNNING')];
  const later = '2026-03-01T00:00:00.000Z';
  const step = ({ instance: { instanceId } }: typeof finished, revision: number) =>
    stepRunId({ instanceId, revision });
  const going = [step(finished, 1), step(finished, 22), 'ended', 'let go', 'lost', 'step'];
  // The last one belongs to an instance whose id begins like that of the finished one.
  const staying = [step(running, 1), 'late', 'held', `step:${finished.instance.instanceId}0:1`];
  const params = { path, migrationsFolder, before: '2026-02-01', compact: false };

  await withStores(path, async ({ store, journal }) => {
    await store.startInstance(finished);
    await store.startInstance(running);
    for (const runId of [...going, ...staying]) {
      const at = runId === 'late' ? later : now;
      const fresh = { codeHash: 'c', startedMs: 0, randomSeed: 1 };
      const leaseExpiresAt = runId === 'held' ? later : '2026-01-02';
      const taken = await journal.takeRun({ runId, fresh, now: at, leaseExpiresAt });
      if (taken.outcome !== 'taken') throw new Error(taken.outcome);
      const holder = { runId, fencingToken: taken.run.fencingToken };
      await journal.append(holder, [{ kind: 'begun', seq: 1, name: 'a', argsHash: 'h' }]);
      if (runId === 'let go') await journal.releaseRun(holder, at);
      else if (!['lost', 'held'].includes(runId))
        await journal.endRun(holder, { status: 'completed', answer: 'Done.', now: at });
    }
  });
  const left = () =>
    withStores(path, async ({ journal }) => {
      const found = await Promise.all([...going, ...staying].map((runId) => journal.findRun(runId)));
      return found.flatMap((run) => run?.runId ?? []);
    });
  const counted = await pruneDatabase({ ...params, dryRun: true });
  expect(counted).toMatchObject({ instances: 1, scriptRuns: going.length });
  expect(await left()).toEqual([...going, ...staying]);
  expect(await pruneDatabase({ ...params, dryRun: false })).toMatchObject({
    instances: 1,
    scriptRuns: going.length,
  });
  expect(await left()).toEqual(staying);
  const client = new Database(path, { readonly: true });
  const calls = client.prepare('SELECT run_id FROM script_calls ORDER BY run_id').pluck().all();
  client.close();
  expect(calls).toEqual([...staying].sort());
});

it.each([
  ['a table of tasks that is gone', 'DROP TABLE tasks', 'tasks'],
  ['a column that is gone', 'ALTER TABLE agent_messages DROP COLUMN content', 'agent_messages'],
  ['an index of knowledge that is gone', 'DROP TABLE agent_knowledge_index', 'agent_knowledge_index'],
  [
    'an index of knowledge that is out of step',
    `UPDATE agent_knowledge_index_content SET c1 = 'else' WHERE id = 3`,
    'agent_knowledge_index',
  ],
  ['damage to the index of knowledge', 'DELETE FROM agent_knowledge_index_data WHERE id > 10', ''],
])('the doctor finds %s', async (_, sql, named) => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  await withStores(path, fill);
  expect(await inspectDatabase({ path, migrationsFolder })).toMatchObject({ instances: 1, problems: [] });
  const client = new Database(path);
  client.unsafeMode(true);
  client.exec(sql);
  client.close();
  const { problems } = await inspectDatabase({ path, migrationsFolder });
  expect(problems).toEqual([expect.objectContaining({ message: expect.stringContaining(named) })]);
});

import { copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/domain/logger.ts';
import { readMigrations } from '../../../src/store/sqlite/migrate.ts';
import { createSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { createSampleRuns } from '../../support/sample-runs.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { startStoreProcess } from './store-process.ts';

const migrationsFolder = 'src/store/migrations/sqlite';

function openStore(path: string, folder = migrationsFolder) {
  return createSqliteStore({ path, migrationsFolder: folder, logger: silentLogger });
}

/** The migrations of a later version of the program: those of today and one more. */
function laterMigrations(sql: string): string {
  const folder = join(temporaryFolder(), 'migrations');
  cpSync(migrationsFolder, folder, { recursive: true });
  const path = join(folder, 'meta', '_journal.json');
  const journal = JSON.parse(readFileSync(path, 'utf8'));
  const last = journal.entries.at(-1);
  journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + 1, tag: '9999_later' });
  writeFileSync(path, JSON.stringify(journal));
  writeFileSync(join(folder, '9999_later.sql'), sql);
  return folder;
}

function inspect<Result>(path: string, look: (client: Database.Database) => Result): Result {
  const client = new Database(path);
  try {
    return look(client);
  } finally {
    client.close();
  }
}

const tablesOf = (path: string) =>
  inspect(path, (client) =>
    client.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`).pluck().all(),
  );

const tables = [
  '__drizzle_migrations',
  'agent_knowledge',
  'agent_knowledge_index',
  'agent_knowledge_index_config',
  'agent_knowledge_index_content',
  'agent_knowledge_index_data',
  'agent_knowledge_index_docsize',
  'agent_knowledge_index_idx',
  'agent_messages',
  'agent_task_data',
  'circuit_breakers',
  'script_calls',
  'script_runs',
  'sqlite_sequence',
  'task_queues',
  'tasks',
  'workflow_definitions',
  'workflow_history',
  'workflow_instances',
];

it('creates the tables once, though eight processes start at once', async () => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const processes = await Promise.all(Array.from({ length: 8 }, () => startStoreProcess('open', path)));
  for (const process of processes) process.go();
  expect(await Promise.all(processes.map((process) => process.ended))).toEqual(
    Array.from({ length: 8 }, () => expect.objectContaining({ code: 0, stderr: '' })),
  );
  expect(tablesOf(path)).toEqual(tables);
  expect(
    inspect(path, (client) => client.prepare('SELECT count(*) FROM __drizzle_migrations').pluck().get()),
  ).toBe(readMigrations(migrationsFolder).length);
});

it('brings an older database up to date and keeps what is in it', async () => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const start = createSampleRuns().start();
  const old = await openStore(path);
  await old.startInstance(start);
  await old.close();
  const later = laterMigrations(
    'ALTER TABLE workflow_instances ADD owner text;--> statement-breakpoint\nCREATE TABLE more (a);',
  );
  const store = await openStore(path, later);
  expect(await store.findInstance(start.instance.instanceId)).toEqual(start.instance);
  await store.close();
  expect(tablesOf(path)).toEqual([...tables, 'more'].sort());
  await (await openStore(path, later)).close();
});

it('may build a table anew that others refer to', async () => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const start = createSampleRuns().start();
  const old = await openStore(path);
  await old.startInstance(start);
  await old.close();
  const later = laterMigrations(`CREATE TABLE new_definitions AS SELECT * FROM workflow_definitions;
    CREATE UNIQUE INDEX new_hash ON new_definitions (definition_hash);
    DROP TABLE workflow_definitions;
    ALTER TABLE new_definitions RENAME TO workflow_definitions;`);
  const store = await openStore(path, later);
  expect(await store.findDefinition(start.definition.hash)).toEqual(start.definition);
  await store.close();
});

it.each([
  [
    'that fails',
    'CREATE TABLE more (a);--> statement-breakpoint\nCREATE TABLE more (a);',
    { name: 'Defect' },
  ],
  ['that orphans rows', 'DELETE FROM workflow_definitions;', { code: 'STORAGE_CORRUPT' }],
])('applies nothing of a migration %s', async (_, sql, error) => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const start = createSampleRuns().start();
  const store = await openStore(path);
  await store.startInstance(start);
  await store.close();
  await expect(openStore(path, laterMigrations(sql))).rejects.toMatchObject(error);
  expect(tablesOf(path)).toEqual(tables);
  const again = await openStore(path);
  expect(await again.findDefinition(start.definition.hash)).toEqual(start.definition);
  await again.close();
});

it('says what is wrong if its own migrations are missing', async () => {
  const folder = temporaryFolder();
  await expect(openStore(join(folder, 'workflows.sqlite'), folder)).rejects.toMatchObject({
    name: 'Defect',
    message: expect.stringContaining(folder),
  });
});

describe('a database from a newer version', () => {
  it('is refused and left untouched, byte for byte', async () => {
    const path = join(temporaryFolder(), 'workflows.sqlite');
    await (await openStore(path, laterMigrations('CREATE TABLE more (a);'))).close();
    const before = readFileSync(path);
    await expect(openStore(path)).rejects.toMatchObject({
      code: 'STORAGE_TOO_NEW',
      details: { known_migrations: readMigrations(migrationsFolder).length, unknown_migrations: 1 },
    });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('is left untouched also where a killed process left its log', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'workflows.sqlite');
    const left = join(folder, 'left.sqlite');
    const running = await openStore(path, laterMigrations('CREATE TABLE more (a);'));
    for (const suffix of ['', '-wal']) copyFileSync(path + suffix, left + suffix);
    await running.close();
    const before = ['', '-wal'].map((suffix) => readFileSync(left + suffix));
    expect(before[1]?.length).toBeGreaterThan(0);
    await expect(openStore(left)).rejects.toMatchObject({ code: 'STORAGE_TOO_NEW' });
    const after = ['', '-wal'].map((suffix) => readFileSync(left + suffix));
    expect(after).toEqual(before);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { silentLogger } from '../../src/domain/logger.ts';
import { readMigrations } from '../../src/store/sqlite/migrate.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { startCampaign } from '../support/campaign.ts';
import { buildFaulty, type FaultyBuild } from '../support/faulty-build.ts';
import { fillDatabase, MIGRATIONS } from '../support/filled-database.ts';
import { inspectDatabase } from '../support/maintenance-room.ts';
import { serverEnv } from '../support/mcp-clients.ts';
import type { Mutant } from '../support/mutants.ts';
import { createSampleRuns } from '../support/sample-runs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A later version of the program brings tables anew, and takes its time at each step. */
const BUSY =
  'CREATE TABLE %s AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120000) SELECT max(i) AS i FROM n';
const LATER = [
  BUSY.replace('%s', 'later_one'),
  'ALTER TABLE workflow_instances ADD owner text',
  BUSY.replace('%s', 'later_two'),
  `UPDATE workflow_instances SET owner = 'somebody'`,
  BUSY.replace('%s', 'later_three'),
  'CREATE INDEX later_owner ON workflow_instances (owner)',
  BUSY.replace('%s', 'later_four'),
].join(';--> statement-breakpoint\n');

const PIECEMEAL: Mutant = {
  name: 'each statement of a migration commits by itself',
  patches: [
    {
      file: 'store/sqlite/migrate.ts',
      replace: 'const apply = client.transaction(() => {',
      by: 'const alone = <Result>(work: () => Result) => ({ immediate: work });\n  const apply = alone(() => {',
    },
    // What another process would have to wait for: the campaign looks for it, too.
    {
      file: 'store/sqlite/migrate.ts',
      replace: 'for (const statement of migration.sql) client.exec(statement);',
      by: 'for (const statement of migration.sql) { client.exec("BEGIN IMMEDIATE"); client.exec(statement); client.exec("COMMIT"); }',
    },
  ],
};

test('R9: killed in the middle of a migration, the database is the old one or the new one, never between', async () => {
  const campaign = startCampaign('R9 kill -9 in mid-migration');
  const { tally, problems } = await kills({ rounds: campaign.times(6, 50), random: campaign.random });
  campaign.report({ ...tally, problems: problems.length });
  expect(problems).toEqual([]);
  expect(tally.inside, 'kills inside the transaction').toBe(campaign.times(6, 50));
});

test(`R9 catches: ${PIECEMEAL.name}`, async () => {
  const campaign = startCampaign(`R9 mutant: ${PIECEMEAL.name}`);
  const { tally, problems } = await kills({ rounds: 25, random: campaign.random, mutant: PIECEMEAL });
  campaign.report({ ...tally, problems: problems.length, first: problems[0]?.slice(0, 160) });
  expect(problems).not.toEqual([]);
});

test('R9: a database from before the hash chain is brought up to date, and is chained from then on', async () => {
  const path = join(temporaryFolder(), 'old.sqlite');
  await oldDatabase(path);
  const report = () => inspectDatabase({ path, migrationsFolder: MIGRATIONS });
  const pendingMigrations = readMigrations(MIGRATIONS).length - 1;
  expect(await report()).toMatchObject({ pendingMigrations, problemCount: 0 });
  const store = await createSqliteStore({ path, migrationsFolder: MIGRATIONS, logger: silentLogger });
  const { items } = await store.listInstances({}, { limit: 100 });
  const [instance] = items;
  if (instance === undefined) throw new Error('The database is empty.');
  const samples = createSampleRuns(9);
  await store.commitTransition(samples.advance(instance));
  await store.close();
  const migrated = await report();
  expect(migrated).toMatchObject({ pendingMigrations: 0, problemCount: 0 });
  expect(migrated.entries - migrated.unsealedEntries).toBe(1);
  const database = new Database(path);
  database.exec(`UPDATE workflow_history SET user_report = '{"status":"failure"}' WHERE chain_hash <> ''`);
  database.close();
  expect((await report()).problems).toMatchObject([{ check: 'history', instanceId: instance.instanceId }]);
});

interface KillsParams {
  readonly rounds: number;
  readonly random: () => number;
  readonly mutant?: Mutant;
}

async function kills({ rounds, random, mutant }: KillsParams) {
  const folder = temporaryFolder();
  const build = await buildFaulty({ entry: 'program', mutant });
  try {
    cpSync(MIGRATIONS, build.migrationsFolder, { recursive: true });
    addMigration(build.migrationsFolder, LATER);
    const old = join(folder, 'old.sqlite');
    await oldDatabase(old);
    const oldSchema = schemaOf(old);
    const rows = rowsOf(old);
    const migrated = join(folder, 'new.sqlite');
    copyFileSync(old, migrated);
    const [, duration] = await migrateAndKill({ build, path: migrated, folder });
    const newSchema = schemaOf(migrated);
    expect(newSchema).not.toEqual(oldSchema);

    const problems: string[] = [];
    const tally = { kills: 0, inside: 0, stayed_old: 0, became_new: 0 };
    // Of a planted defect, one problem is enough.
    const isEnough = () => tally.inside >= rounds || (mutant !== undefined && problems.length > 0);
    // A machine that is busy with other things is sometimes late: such a kill counts, and another one is made.
    for (let round = 0; !isEnough() && round < 5 * rounds; round++) {
      const path = join(folder, `round-${round}.sqlite`);
      copyFileSync(old, path);
      const killAt = round % 2 === 0 ? 'change' : random() * duration * 0.7;
      const [inside] = await migrateAndKill({ build, path, folder, killAt });
      tally.kills++;
      if (inside) tally.inside++;
      const schema = schemaOf(path);
      if (schema === oldSchema) tally.stayed_old++;
      else if (schema === newSchema) tally.became_new++;
      else problems.push(`round ${round}: neither the old schema nor the new one: ${schema}`);
      if (rowsOf(path) !== rows) problems.push(`round ${round}: rows are not what they were`);
      // Whoever comes next finds nothing in the way.
      const [, , code] = await migrateAndKill({ build, path, folder });
      if (code !== 0 || schemaOf(path) !== newSchema)
        problems.push(`round ${round}: the next start failed with ${code}`);
      for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    }
    return { tally, problems };
  } finally {
    await build.dispose();
  }
}

interface MigrateParams {
  readonly build: FaultyBuild;
  readonly path: string;
  readonly folder: string;
  /**
   * After so many milliseconds in the migration, or as soon as others see that the tables have changed, which they do not before
   * its end; undefined lets it end.
   */
  readonly killAt?: number | 'change';
}

/** Returns whether a migration was under way at the kill, how long it was seen to take, and the exit code. */
async function migrateAndKill({ build, path, folder, killAt }: MigrateParams) {
  const child = spawn(process.execPath, [build.serverFile, 'status', '--json'], {
    env: serverEnv({ WORKFLOW_DB_PATH: path, HOME: folder, USERPROFILE: folder }),
    cwd: folder,
    stdio: 'ignore',
  });
  let gone = false;
  const exited = once(child, 'exit').then(([code]) => {
    gone = true;
    return code as number | null;
  });
  const probe = new Database(path, { timeout: 0 });
  const version = () => probe.pragma('schema_version', { simple: true });
  const before = version();
  while (!gone && !isLocked(probe)) await nextTurn();
  const begun = performance.now();
  let inside = !gone;
  if (killAt !== undefined) {
    const isTime = () => (killAt === 'change' ? version() !== before : performance.now() - begun >= killAt);
    while (!gone && !isTime()) await nextTurn();
    inside = !gone && isLocked(probe);
    child.kill('SIGKILL');
  } else while (!gone && isLocked(probe)) await nextTurn();
  const duration = performance.now() - begun;
  const code = await exited;
  probe.close();
  return [inside, duration, code] as const;
}

/** Whether another process holds the lock for writing: it is in a transaction. */
function isLocked(probe: Database.Database): boolean {
  try {
    probe.exec('BEGIN IMMEDIATE');
    probe.exec('ROLLBACK');
    return false;
  } catch {
    return true;
  }
}

/** As a version without the hash chain left it. */
async function oldDatabase(path: string): Promise<void> {
  const current = `${path}.current`;
  await fillDatabase({ path: current, instances: 20, steps: 5 });
  const client = new Database(path);
  client.pragma('journal_mode = WAL');
  client.exec(readFileSync(join(MIGRATIONS, '0000_initial.sql'), 'utf8'));
  const first = journalOf(MIGRATIONS).entries[0];
  client.exec(
    'CREATE TABLE __drizzle_migrations (id INTEGER PRIMARY KEY, hash text NOT NULL, created_at numeric)',
  );
  client
    .prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)')
    .run('first', first?.when);
  client.prepare('ATTACH ? AS current').run(current);
  for (const table of ['workflow_definitions', 'workflow_instances', 'workflow_history']) {
    const columns = client
      .prepare<[string], string>('SELECT name FROM pragma_table_info(?)')
      .pluck()
      .all(table)
      .join(', ');
    client.exec(`INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM current.${table}`);
  }
  client.close();
}

interface Journal {
  readonly entries: { idx: number; when: number; tag: string; version: string; breakpoints: boolean }[];
}

function journalOf(folder: string): Journal {
  return JSON.parse(readFileSync(join(folder, 'meta', '_journal.json'), 'utf8'));
}

function addMigration(folder: string, sql: string): void {
  const journal = journalOf(folder);
  const last = journal.entries.at(-1);
  if (last === undefined) throw new Error('There are no migrations.');
  journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + 1, tag: '9999_later' });
  mkdirSync(join(folder, 'meta'), { recursive: true });
  writeFileSync(join(folder, 'meta', '_journal.json'), JSON.stringify(journal));
  writeFileSync(join(folder, '9999_later.sql'), sql);
}

/** Everything that a migration could leave half done, apart from the rows. */
function schemaOf(path: string): string {
  return inspect(path, (client) =>
    JSON.stringify([
      client.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all(),
      client.prepare('SELECT created_at FROM __drizzle_migrations ORDER BY created_at').pluck().all(),
      client.pragma('integrity_check', { simple: true }),
    ]),
  );
}

function rowsOf(path: string): string {
  return inspect(path, (client) =>
    JSON.stringify([
      client
        .prepare('SELECT instance_id, revision, context FROM workflow_instances ORDER BY instance_id')
        .all(),
      client
        .prepare(
          'SELECT history_entry_id, instance_id, revision, user_report FROM workflow_history ORDER BY 1',
        )
        .all(),
    ]),
  );
}

function inspect<Result>(path: string, look: (client: Database.Database) => Result): Result {
  const client = new Database(path);
  try {
    return look(client);
  } finally {
    client.close();
  }
}

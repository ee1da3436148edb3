import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/domain/errors.ts';
import { silentLogger } from '../../src/domain/logger.ts';
import { pinDefinition } from '../../src/domain/pin-definition.ts';
import type { DatabaseReport } from '../../src/store/maintenance.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { startCampaign } from '../support/campaign.ts';
import { buildFaulty } from '../support/faulty-build.ts';
import { fillDatabase, MIGRATIONS } from '../support/filled-database.ts';
import { inspectDatabase } from '../support/maintenance-room.ts';
import { SERVER_FILE, serverEnv } from '../support/mcp-clients.ts';
import type { Mutant } from '../support/mutants.ts';
import { startRawServer } from '../support/raw-server.ts';
import { createSampleRuns } from '../support/sample-runs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What a reader of the database can get to see, apart from when a definition was stored. */
const READABLE: Readonly<Record<string, readonly string[]>> = {
  workflow_history: [],
  workflow_instances: [],
  workflow_definitions: ['created_at'],
};

describe('R8: bit rot', () => {
  test('doctor finds every flip that changes what was written; SQLite alone does not', async () => {
    const campaign = startCampaign('R8 byte flips');
    const flips = campaign.times(80, 200);
    const folder = temporaryFolder();
    const sound = join(folder, 'sound.sqlite');
    await fillDatabase({ path: sound, instances: 40, steps: 20, finishEvery: 4 });
    const bytes = readFileSync(sound);
    const before = dump(sound);
    const path = join(folder, 'flipped.sqlite');
    const tally = { flips: 0, found: 0, changed: 0, harmless: 0, refused: 0, by_sqlite: 0 };
    const changedBy: Record<string, number> = {
      workflow_history: 0,
      workflow_instances: 0,
      workflow_definitions: 0,
    };
    const missed: string[] = [];
    const rewritten: number[] = [];
    const untyped: unknown[] = [];
    const mutants = await plantedDoctors();
    const missedBy = new Map(mutants.map(({ name }) => [name, 0]));

    for (; tally.flips < flips; tally.flips++) {
      const place = Math.floor(campaign.random() * bytes.length);
      const flipped = Buffer.from(bytes);
      flipped[place] = (flipped[place] ?? 0) ^ (1 + Math.floor(campaign.random() * 255));
      removeDatabase(path);
      writeFileSync(path, flipped);
      const changed = changedTables(before, path);
      const report = await inspectDatabase({ path, migrationsFolder: MIGRATIONS });
      if (report.problemCount > 0) tally.found++;
      if (report.problems.some(({ check }) => check === 'file' || check === 'integrity')) tally.by_sqlite++;
      if (changed.length === 0) tally.harmless++;
      else {
        tally.changed++;
        for (const table of changed) changedBy[table] = (changedBy[table] ?? 0) + 1;
        if (report.problemCount === 0) missed.push(`byte ${place}: ${changed.join(', ')}`);
        for (const { name, inspect } of mutants)
          if ((await inspect(path)).problemCount === 0) missedBy.set(name, (missedBy.get(name) ?? 0) + 1);
      }
      if (!(await opensOrRefuses(path, (error) => untyped.push(`byte ${place}: ${error}`)))) tally.refused++;
      if (!readFileSync(path).equals(flipped)) rewritten.push(place);
    }
    await Promise.all(mutants.map(({ dispose }) => dispose()));
    campaign.report({
      ...tally,
      ...changedBy,
      missed: missed.length,
      ...Object.fromEntries([...missedBy].map(([name, count]) => [`missed with ${name}`, count])),
    });
    expect(missed).toEqual([]);
    expect(rewritten, 'files that were rewritten').toEqual([]);
    expect(untyped, 'failures without a code').toEqual([]);
    expect(tally.changed).toBeGreaterThan(flips / 4);
    for (const [name, count] of missedBy) expect(count, `${name} misses flips`).toBeGreaterThan(0);
  });

  test('a flip in every kind of place of an entry is found', async () => {
    const campaign = startCampaign('R8 flips in history');
    const folder = temporaryFolder();
    const sound = join(folder, 'sound.sqlite');
    await fillDatabase({ path: sound, instances: 4, steps: 10 });
    const bytes = readFileSync(sound);
    const before = dump(sound);
    const path = join(folder, 'flipped.sqlite');
    let flips = 0;
    const missed: number[] = [];
    for (let tries = 0; flips < campaign.times(50, 1_000) && tries < 20_000; tries++) {
      const place = Math.floor(campaign.random() * bytes.length);
      const flipped = Buffer.from(bytes);
      // One bit: what a disk does.
      flipped[place] = (flipped[place] ?? 0) ^ (1 << Math.floor(campaign.random() * 8));
      removeDatabase(path);
      writeFileSync(path, flipped);
      if (!changedTables(before, path).includes('workflow_history')) continue;
      flips++;
      const report = await inspectDatabase({ path, migrationsFolder: MIGRATIONS });
      if (report.problemCount === 0) missed.push(place);
    }
    campaign.report({ flips, missed: missed.length });
    expect(missed).toEqual([]);
    expect(flips).toBe(campaign.times(50, 1_000));
  });
});

describe('R8: files that are no sound database', () => {
  const damages: Readonly<Record<string, (path: string, random: () => number) => void>> = {
    'cut off in the middle': (path, random) =>
      truncateSync(path, Math.floor(4_096 + random() * (statSync(path).size - 8_192))),
    'cut off in its header': (path, random) => truncateSync(path, 1 + Math.floor(random() * 99)),
    'a header of garbage': (path, random) => {
      const bytes = readFileSync(path);
      for (let at = 0; at < 100; at++) bytes[at] = Math.floor(random() * 256);
      writeFileSync(path, bytes);
    },
  };

  test.each(Object.keys(damages))('%s: server and doctor say so, and touch nothing', async (name) => {
    const campaign = startCampaign(`R8 ${name}`);
    const folder = temporaryFolder();
    const path = join(folder, 'db.sqlite');
    await fillDatabase({ path, instances: 10, steps: 10 });
    damages[name]?.(path, campaign.random);
    await expectRefusedByProgram(path, folder);
    campaign.report({ refused: 1 });
  });

  test('the log deleted after a kill: refused, until the owner says otherwise', async () => {
    const campaign = startCampaign('R8 deleted log');
    const folder = temporaryFolder();
    const path = join(folder, 'db.sqlite');
    await fillDatabase({ path, instances: 3, steps: 3 });
    const store = await createSqliteStore({ path, migrationsFolder: MIGRATIONS, logger: silentLogger });
    const samples = createSampleRuns(7);
    const definition = pinDefinition(samples.definition().definition);
    await store.startInstance(samples.start({ definition }));
    const killed = join(folder, 'killed.sqlite');
    // What a killed process leaves behind.
    for (const suffix of ['', '-wal', '-shm']) copyFileSync(path + suffix, killed + suffix);
    await store.close();
    const whole = await inspectDatabase({ path: copyOf(killed), migrationsFolder: MIGRATIONS });
    expect(whole).toMatchObject({ instances: 4, problemCount: 0 });
    rmSync(`${killed}-wal`);
    await expectRefusedByProgram(killed, folder);
    rmSync(`${killed}-shm`);
    const report = await inspectDatabase({ path: killed, migrationsFolder: MIGRATIONS });
    expect(report).toMatchObject({ instances: 3, problemCount: 0 });
    campaign.report({ refused: 1, instances_in_log: whole.instances - report.instances });
  });

  test('a log that was checkpointed may go', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'db.sqlite');
    await fillDatabase({ path, instances: 3, steps: 3 });
    // A reader leaves an empty log and its index behind.
    await inspectDatabase({ path, migrationsFolder: MIGRATIONS });
    rmSync(`${path}-wal`, { force: true });
    expect(await inspectDatabase({ path, migrationsFolder: MIGRATIONS })).toMatchObject({ problemCount: 0 });
    await (await createSqliteStore({ path, migrationsFolder: MIGRATIONS, logger: silentLogger })).close();
  });
});

interface Doctor {
  readonly name: string;
  inspect(path: string): Promise<DatabaseReport>;
  dispose(): Promise<void>;
}

const BLIND: readonly Mutant[] = [
  {
    name: 'no hash of entries',
    patches: [
      {
        file: 'store/sqlite/row-audit.ts',
        replace: 'if (row.chain_hash !== entryHash.ofStored(row, before?.chainHash))',
        by: 'if (row.chain_hash === entryHash.ofStored({}, before?.chainHash))',
      },
    ],
  },
  {
    name: 'no rows looked at',
    patches: [
      {
        file: 'store/sqlite/inspect-database.ts',
        replace: 'auditRows(client);',
        by: '{ ...auditRows(client), problems: [] };',
      },
    ],
  },
];

async function plantedDoctors(): Promise<readonly Doctor[]> {
  return Promise.all(
    BLIND.map(async (mutant) => {
      const build = await buildFaulty({ entry: 'maintenance-room', mutant });
      const room = await build.maintenanceRoom();
      return {
        name: mutant.name,
        inspect: (path: string) => room.inspectDatabase({ path, migrationsFolder: MIGRATIONS }),
        dispose: build.dispose,
      };
    }),
  );
}

/** The stored bytes of every value, by table; null where they cannot be read. */
function dump(path: string): ReadonlyMap<string, string | null> {
  const dumped = new Map<string, string | null>();
  for (const [table, without] of Object.entries(READABLE)) dumped.set(table, dumpTable(path, table, without));
  return dumped;
}

function dumpTable(path: string, table: string, without: readonly string[]): string | null {
  let client: Database.Database | undefined;
  try {
    client = new Database(path, { readonly: true });
    const columns = COLUMNS[table] ?? columnsOf(client, table);
    COLUMNS[table] = columns;
    const values = columns
      .filter((column) => !without.includes(column))
      .map((column) => `typeof(${column}) || hex(${column})`);
    const rows = client
      .prepare(`SELECT ${values.join(', ')} FROM ${table} NOT INDEXED ORDER BY rowid`)
      .raw()
      .all();
    return JSON.stringify(rows);
  } catch {
    return null;
  } finally {
    client?.close();
  }
}

/** Of the sound database: a damaged one is asked for the same. */
const COLUMNS: Record<string, readonly string[]> = {};

function columnsOf(client: Database.Database, table: string): readonly string[] {
  return client.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table);
}

function changedTables(before: ReadonlyMap<string, string | null>, path: string): readonly string[] {
  const after = dump(path);
  return [...before.keys()].filter((table) => after.get(table) !== before.get(table));
}

/** Reads everything as a server would. False: it was refused at the start. */
async function opensOrRefuses(path: string, onUntyped: (error: unknown) => void): Promise<boolean> {
  const typed = (error: unknown) => {
    if (!(error instanceof Fault)) onUntyped(error);
  };
  let store: Awaited<ReturnType<typeof createSqliteStore>>;
  try {
    store = await createSqliteStore({ path, migrationsFolder: MIGRATIONS, logger: silentLogger });
  } catch (error) {
    typed(error);
    return false;
  }
  try {
    const { items } = await store.listInstances({}, { limit: 100 });
    for (const { instanceId, definitionHash } of items) {
      await store.findInstance(instanceId);
      await store.findDefinition(definitionHash);
      await store.listHistory(instanceId, { limit: 100 });
    }
  } catch (error) {
    typed(error);
  } finally {
    await store.close();
  }
  return true;
}

/** By the built program: a server answers with the code and goes on, `doctor` ends with 1, no byte changes. */
async function expectRefusedByProgram(path: string, folder: string): Promise<void> {
  const env = { WORKFLOW_DB_PATH: path, HOME: folder, USERPROFILE: folder };
  const before = readFileSync(path);
  const server = startRawServer({ env, cwd: folder });
  try {
    await server.initialize();
    for (let round = 0; round < 2; round++)
      expect(await server.callTool('list_instances', {})).toMatchObject({
        isError: true,
        body: { error_code: 'STORAGE_CORRUPT', retryable: false },
      });
  } finally {
    server.endInput();
    expect(await server.exited).toMatchObject({ code: 0 });
  }
  const doctor = await promisify(execFile)(process.execPath, [SERVER_FILE, 'doctor', '--json'], {
    env: serverEnv(env),
    cwd: folder,
  }).catch((error) => error);
  expect(doctor.code).toBe(1);
  expect(JSON.parse(doctor.stdout).database).toMatchObject({
    problems: [{ check: 'file', code: 'STORAGE_CORRUPT' }],
  });
  expect(readFileSync(path).equals(before), 'the file is as it was').toBe(true);
}

function copyOf(path: string): string {
  const copy = `${path}.copy`;
  for (const suffix of ['', '-wal', '-shm'])
    if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
  return copy;
}

function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
}

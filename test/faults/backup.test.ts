import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import type { BackupResult } from '../../src/store/maintenance.ts';
import { startCampaign } from '../support/campaign.ts';
import { openEngine } from '../support/engine-on-file.ts';
import { buildFaulty } from '../support/faulty-build.ts';
import { fillDatabase, MIGRATIONS } from '../support/filled-database.ts';
import * as maintenanceRoom from '../support/maintenance-room.ts';
import { inspectDatabase } from '../support/maintenance-room.ts';
import { SERVER_FILE, serverEnv } from '../support/mcp-clients.ts';
import type { Mutant } from '../support/mutants.ts';
import { type Acknowledged, consultOracle } from '../support/oracle.ts';
import type { RawServer } from '../support/raw-server.ts';
import { createScratch, type Scratch } from '../support/scratch.ts';
import { relayFiles } from '../support/workflow-files.ts';

const STEPS = Array.from({ length: 400 }, (_, index) => `run_lap_${index + 1}`);
const SERVERS = 3;

/** How a copy is made: by the command, or in a way that must not pass. */
type Copy = (scratch: Scratch, file: string) => Promise<void>;

const byCommand: Copy = async (scratch, file) => {
  const { stdout } = await program(scratch, ['backup', file, '--json']);
  const result: BackupResult = JSON.parse(stdout);
  expect(result).toMatchObject({ file, bytes: statSync(file).size });
  expect(statSync(file).mode & 0o777).toBe(0o600);
};

/** What people do who do not know that there is a log. */
const byCopyingTheFile: Copy = async ({ databasePath }, file) => copyFileSync(databasePath, file);

test('R9: a backup under writes has all that was acknowledged before it, and passes the oracle', async () => {
  const campaign = startCampaign('R9 backup under writes');
  const figures = await backups({ copy: byCommand, count: campaign.times(2, 20) });
  campaign.report(figures.tally);
  expect(figures.problems).toEqual([]);
  expect(figures.tally.writes_meanwhile, 'servers wrote while copies were made').toBeGreaterThan(
    figures.tally.backups,
  );
  expect(figures.tally.slowest_answer_ms).toBeLessThan(10_000);
});

test('R9 catches: a copy of the file without its log', async () => {
  const campaign = startCampaign('R9 mutant: the file without its log');
  const { problems } = await backups({ copy: byCopyingTheFile, count: 2 });
  campaign.report({ problems: problems.length, first: problems[0]?.slice(0, 120) });
  expect(problems).not.toEqual([]);
});

test('R9 catches: a copy that nobody checked', async () => {
  const build = await buildFaulty({ entry: 'maintenance-room', mutant: UNCHECKED });
  const scratch = await createScratch();
  try {
    await fillDatabase({ path: scratch.databasePath, instances: 2, steps: 2 });
    damage(scratch.databasePath);
    const backupWith = (room: Pick<typeof maintenanceRoom, 'backupDatabase'>, name: string) =>
      room.backupDatabase({
        path: scratch.databasePath,
        migrationsFolder: MIGRATIONS,
        file: join(scratch.folder, name),
        force: false,
      });
    await expect(backupWith(maintenanceRoom, 'ours')).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' });
    await expect(backupWith(await build.maintenanceRoom(), 'theirs')).resolves.toMatchObject({
      instances: 2,
    });
  } finally {
    await scratch.dispose();
    await build.dispose();
  }
});

const UNCHECKED: Mutant = {
  name: 'the copy is not checked',
  patches: [
    {
      file: 'store/sqlite/backup-database.ts',
      replace: 'if (problem !== undefined) throw',
      by: 'if (problem === undefined && file === "") throw',
    },
  ],
};

function damage(path: string): void {
  const database = new Database(path);
  database.exec(`UPDATE workflow_history SET step_name = 'elsewhere'`);
  database.close();
}

test('R9: a file that is there, the database itself and a damaged database are refused', async () => {
  const scratch = await createScratch();
  try {
    await scratch.writeWorkflow('RELAY', relayFiles(STEPS.slice(0, 5)));
    const server = await started(scratch);
    await server.callTool('start_workflow', { workflow_name: 'RELAY' });
    server.endInput();
    await server.exited;
    const file = join(scratch.folder, 'copy.sqlite');
    writeFileSync(file, 'mine');
    await expect(program(scratch, ['backup', file])).rejects.toMatchObject({ code: 2 });
    expect(statSync(file).size, 'the file is as it was').toBe(4);
    await program(scratch, ['backup', file, '--force']);
    await expect(program(scratch, ['backup', scratch.databasePath, '--force'])).rejects.toMatchObject({
      code: 2,
    });
    expect(await inspectDatabase({ path: file, migrationsFolder: MIGRATIONS })).toMatchObject({
      instances: 1,
      problemCount: 0,
    });
    const other = join(scratch.folder, 'other.sqlite');
    damage(scratch.databasePath);
    await expect(program(scratch, ['backup', other])).rejects.toMatchObject({ code: 1 });
    expect(existsSync(other)).toBe(false);
  } finally {
    await scratch.dispose();
  }
});

interface BackupsParams {
  readonly copy: Copy;
  readonly count: number;
}

async function backups({ copy, count }: BackupsParams) {
  const scratch = await createScratch();
  try {
    await scratch.writeWorkflow('RELAY', relayFiles(STEPS));
    const servers = await Promise.all(Array.from({ length: SERVERS }, () => started(scratch)));
    const acknowledged: Acknowledged[] = [];
    let stop = false;
    let slowestMs = 0;
    const walkers = servers.map(async (server, number) => {
      for (let run = 0; !stop; run++) {
        let { body } = await server.callTool('start_workflow', { workflow_name: 'RELAY' });
        for (let lap = 0; lap < STEPS.length - 1 && !stop; lap++) {
          const { instance_id, step_token } = body as Answer;
          const call = `${number}-${run}-${lap}`;
          const report = { status: 'success', result: { call }, message: 'm'.repeat(300) };
          const before = performance.now();
          const outcome = await server.callTool('advance_workflow', { instance_id, step_token, report });
          slowestMs = Math.max(slowestMs, performance.now() - before);
          if (outcome.isError) throw new Error(JSON.stringify(outcome.body));
          body = outcome.body;
          acknowledged.push({ instanceId: instance_id, call, answer: body as Answer });
        }
      }
    });
    const problems: string[] = [];
    let writes = 0;
    for (let number = 0; number < count; number++) {
      const atLeast = acknowledged.length + 30;
      while (acknowledged.length < atLeast) await new Promise((resolve) => setImmediate(resolve));
      const before = [...acknowledged];
      const folder = join(scratch.folder, `restored-${number}`);
      mkdirSync(folder);
      const file = join(folder, 'workflows.sqlite');
      await copy(scratch, file);
      writes += acknowledged.length - before.length;
      problems.push(...(await verify(file, before)));
    }
    stop = true;
    await Promise.all(walkers);
    const slowest_answer_ms = Math.round(slowestMs);
    return {
      problems,
      tally: {
        backups: count,
        acknowledged: acknowledged.length,
        writes_meanwhile: writes,
        slowest_answer_ms,
      },
    };
  } finally {
    await scratch.dispose();
  }
}

/** Restored as the documentation says: the copy is put where the database was, with nothing beside it. */
async function verify(file: string, acknowledged: readonly Acknowledged[]): Promise<readonly string[]> {
  const report = await inspectDatabase({ path: file, migrationsFolder: MIGRATIONS });
  const problems = report.problems.map(({ message }) => message);
  try {
    const { engine, close } = await openEngine({ databasePath: file });
    try {
      problems.push(...(await consultOracle({ databasePath: file, acknowledged, engine })));
    } finally {
      await close();
    }
  } catch (error) {
    problems.push(`It does not open: ${error}`);
  }
  return problems;
}

async function started(scratch: Scratch): Promise<RawServer> {
  const server = scratch.startServer();
  await server.initialize();
  return server;
}

function program(scratch: Scratch, args: readonly string[]) {
  return promisify(execFile)(process.execPath, [SERVER_FILE, ...args], {
    env: serverEnv(scratch.env),
    cwd: scratch.folder,
  });
}

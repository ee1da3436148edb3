import { execFileSync, spawn } from 'node:child_process';
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import { startCampaign } from '../support/campaign.ts';
import { openEngine } from '../support/engine-on-file.ts';
import { buildFaulty } from '../support/faulty-build.ts';
import { MIGRATIONS } from '../support/filled-database.ts';
import { inspectDatabase } from '../support/maintenance-room.ts';
import type { ToolOutcome, WireFailure } from '../support/mcp-clients.ts';
import { serverEnv } from '../support/mcp-clients.ts';
import type { Mutant } from '../support/mutants.ts';
import { type Acknowledged, consultOracle } from '../support/oracle.ts';
import { attachRawServer, type RawServer } from '../support/raw-server.ts';
import { createScratch, type Scratch } from '../support/scratch.ts';
import { workflowFiles } from '../support/workflow-files.ts';

/** Goes round for ever. */
const LOOP = workflowFiles({
  steps: {
    run_out: { frontMatter: 'transitions:\n  - to: run_back' },
    run_back: { frontMatter: 'transitions:\n  - to: run_out' },
  },
});

/**
 * Why a small disk of our own cannot be had here; undefined where it can. Everywhere, `storage-fault.test.ts` shows
 * the same with a limit on the pages of the file.
 */
const noDisk = whyNoDisk();

test.skipIf(noDisk !== undefined)(
  `R7: a full disk${noDisk === undefined ? '' : ` (skipped: ${noDisk})`}`,
  async () => {
    const campaign = startCampaign('R7 disk full');
    const { tally, problems } = await fillings({ rounds: campaign.times(6, 100), random: campaign.random });
    campaign.report({ ...tally, problems: problems.length });
    expect(problems).toEqual([]);
    expect(tally.refused).toBeGreaterThanOrEqual(campaign.times(6, 100));
  },
);

test.skipIf(noDisk !== undefined)('R7 catches: an answer though nothing could be written', async () => {
  const campaign = startCampaign('R7 mutant: write errors are ignored');
  const { problems } = await fillings({ rounds: 2, random: campaign.random, mutant: DEAF });
  campaign.report({ problems: problems.length, first: problems[0]?.slice(0, 120) });
  expect(problems).not.toEqual([]);
});

const DEAF: Mutant = {
  name: 'write errors are ignored',
  patches: [
    {
      file: 'store/sqlite/busy-retry.ts',
      replace: 'if (!isBusy(error)) throw toStorageError(error);',
      by: "if (!isBusy(error)) { if (toStorageError(error).message.includes('FULL')) return { outcome: 'committed' } as never; throw toStorageError(error); }",
    },
  ],
};

interface FillingsParams {
  readonly rounds: number;
  readonly random: () => number;
  readonly mutant?: Mutant;
}

/** One server lives through all of it: the disk fills up, by us or by others, and is emptied again. */
async function fillings({ rounds, random, mutant }: FillingsParams) {
  const scratch = await createScratch();
  const build = await buildFaulty({ entry: 'program', mutant });
  const disk = join(scratch.folder, 'disk');
  mkdirSync(disk);
  mount(disk);
  scratch.onDispose(async () => unmount(disk));
  scratch.onDispose(build.dispose);
  const databasePath = join(disk, 'workflows.sqlite');
  const ballast = join(disk, 'ballast');
  const problems: string[] = [];
  const acknowledged: Acknowledged[] = [];
  const tally = { rounds, acknowledged: 0, refused: 0, reads_while_full: 0, starts_while_full: 0 };
  const launch = () => launched({ scratch, serverFile: build.serverFile, databasePath });
  try {
    await scratch.writeWorkflow('LOOP', LOOP);
    const server = await launch();
    let position = answerOf(await server.callTool('start_workflow', { workflow_name: 'LOOP' }));
    const { instance_id } = position;
    let calls = 0;
    const advance = async (chars: number) => {
      const call = `call-${calls++}`;
      const report = { status: 'success', result: { call }, message: 'm'.repeat(chars) };
      const args = { instance_id, step_token: position.step_token, report };
      const outcome = await server.callTool('advance_workflow', args);
      if (!outcome.isError) {
        position = outcome.body as Answer;
        acknowledged.push({ instanceId: instance_id, call, answer: position });
      }
      return outcome;
    };

    for (let round = 0; round < rounds; round++) {
      await advance(500);
      fill(ballast, Math.floor(random() * 60_000));
      let outcome = await advance(1 + Math.floor(random() * 4_000));
      for (let tries = 0; !outcome.isError && tries < 200; tries++) outcome = await advance(2_000);
      const failure = outcome.body as WireFailure;
      if (!outcome.isError) problems.push(`round ${round}: everything was acknowledged on a full disk`);
      else if (failure.error_code !== 'STORAGE_FULL' || !failure.retryable)
        problems.push(`round ${round}: ${JSON.stringify(failure)}`);
      else tally.refused++;
      for (const [name, args] of READS(instance_id)) {
        const read = await server.callTool(name, args);
        if (read.isError) problems.push(`round ${round}: ${name} failed: ${JSON.stringify(read.body)}`);
        else tally.reads_while_full++;
      }
      const status = answerOf(await server.callTool('get_workflow_status', { instance_id }));
      if (status.revision !== position.revision) problems.push(`round ${round}: it moved unasked`);
      if (round % 3 === 0) {
        // A server that starts now may not be able to open the database, and says so; it does not end.
        const late = await launch();
        const first = await late.callTool('list_instances', {});
        if (first.isError && !(first.body as WireFailure).error_code.startsWith('STORAGE_'))
          problems.push(`round ${round}: a start on a full disk: ${JSON.stringify(first.body)}`);
        rmSync(ballast, { force: true });
        const second = await late.callTool('list_instances', {});
        if (second.isError)
          problems.push(`round ${round}: it does not recover: ${JSON.stringify(second.body)}`);
        late.endInput();
        await late.exited;
        tally.starts_while_full++;
      }
      rmSync(ballast, { force: true });
      const again = await advance(100);
      if (again.isError) problems.push(`round ${round}: no recovery: ${JSON.stringify(again.body)}`);
      if (position.revision > 200) makeRoom(databasePath);
    }
    tally.acknowledged = acknowledged.length;
    server.endInput();
    await server.exited;
    const { problems: found } = await inspectDatabase({ path: databasePath, migrationsFolder: MIGRATIONS });
    problems.push(...found.map(({ message }) => message));
    const { engine, close } = await openEngine({ databasePath });
    problems.push(...(await consultOracle({ databasePath, acknowledged, engine })));
    await close();
    return { tally, problems };
  } finally {
    await scratch.dispose();
  }
}

const READS = (instance_id: string): readonly (readonly [string, object])[] => [
  ['get_workflow_status', { instance_id }],
  ['list_instances', {}],
  ['get_workflow_history', { instance_id, limit: 5 }],
];

interface LaunchParams {
  readonly scratch: Scratch;
  readonly serverFile: string;
  readonly databasePath: string;
}

async function launched({ scratch, serverFile, databasePath }: LaunchParams): Promise<RawServer> {
  const child = spawn(process.execPath, [serverFile], {
    env: serverEnv({ ...scratch.env, WORKFLOW_DB_PATH: databasePath }),
    cwd: scratch.folder,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  scratch.onDispose(async () => void child.kill('SIGKILL'));
  const server = attachRawServer(child);
  await server.initialize();
  return server;
}

function answerOf({ isError, body }: ToolOutcome): Answer {
  if (isError) throw new Error(JSON.stringify(body));
  return body as Answer;
}

/** Leaves this many bytes, or less. */
function fill(file: string, leaveBytes: number): void {
  const descriptor = openSync(file, 'w');
  try {
    const { bavail, bsize } = statfsSync(file);
    const block = Buffer.alloc(4_096, 1);
    for (let bytes = bavail * bsize - leaveBytes; bytes > 0; bytes -= block.length)
      writeSync(descriptor, block);
    fsyncSync(descriptor);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** The log would else take the whole disk in the long run: it is as large as it ever was. */
function makeRoom(path: string): void {
  const client = new Database(path);
  client.pragma('wal_checkpoint(TRUNCATE)');
  client.close();
}

function mount(folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder], { stdio: 'pipe' });
}

function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder], { stdio: 'pipe' });
}

function whyNoDisk(): string | undefined {
  if (process.platform !== 'linux') return 'a small disk is made with the tmpfs of Linux';
  if (process.getuid?.() !== 0) return 'only root may mount one';
  const folder = join('/tmp', `orchestrator-disk-${process.pid}`);
  mkdirSync(folder);
  try {
    mount(folder);
    unmount(folder);
    return undefined;
  } catch (error) {
    return `mounting is not permitted here: ${error instanceof Error ? error.message.split('\n')[0] : error}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

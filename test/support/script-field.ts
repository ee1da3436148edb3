import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import type { ComposedResult } from '../../src/composer/composer.ts';
import { SCRIPT_FAILPOINTS } from '../../src/domain/failpoint.ts';
import type { Random } from './campaign.ts';
import type { FaultyBuild } from './faulty-build.ts';
import { type LedgerEntry, ledgerServer, readLedger } from './ledger.ts';
import { processesWith } from './marked-processes.ts';
import type { ScriptOrders } from './script-process.ts';
import { until } from './until.ts';

export interface ScriptFieldParams {
  readonly build: FaultyBuild;
  readonly folder: string;
  readonly random: Random;
  readonly runId: string;
  readonly code: string;
  /** How many times a place is passed on average before its process is killed there. */
  readonly passesPerLife: number;
  /** Of the server, by the number of the life; none by default. */
  readonly serverEnv?: (life: number) => Readonly<Record<string, string>>;
  /** The first so many kills hit processes in the midst of the script. */
  readonly killsMin: number;
  /** After so many kills, processes are left alone. */
  readonly killsMax: number;
}

export interface ScriptFieldResult {
  /** What the last process said; undefined where it failed. */
  readonly result: ComposedResult | undefined;
  /** Processes that ended in another way than by a kill or with a result. */
  readonly problems: readonly string[];
  readonly kills: number;
  readonly killsByPlace: Readonly<Record<string, number>>;
  readonly ledger: readonly LedgerEntry[];
  /** Calls of which the journal has the beginning and no end. */
  readonly unfinished: readonly number[];
  /** Executes it once more, and returns the result and what that left in the ledger. */
  again(): Promise<{ readonly result: ComposedResult | undefined; readonly ledger: readonly LedgerEntry[] }>;
}

const HOUR_MS = 3_600_000;

/** Executes a script in one process after the other, each killed at a place that luck chooses, until one comes to an end. */
export async function runScriptField(params: ScriptFieldParams): Promise<ScriptFieldResult> {
  const { build, folder, random, runId, code, passesPerLife, killsMin, killsMax } = params;
  const ledgerFile = join(folder, 'ledger');
  const databasePath = join(folder, 'runs.sqlite');
  mkdirSync(folder, { recursive: true });
  const mark = `LEDGER_MARK=${folder}`;
  const killsByPlace: Record<string, number> = {};
  const problems: string[] = [];
  let lives = 0;

  /** One process, to its end; undefined where it was killed. */
  async function live(killAt?: string): Promise<ComposedResult | undefined> {
    lives += 1;
    const orders: ScriptOrders = {
      databasePath,
      migrationsFolder: build.migrationsFolder,
      workerFile: build.sandboxWorkerFile,
      stateFolder: join(folder, 'state'),
      servers: { ledger: ledgerServer(ledgerFile, { LEDGER_MARK: folder, ...params.serverEnv?.(lives) }) },
      code,
      runId,
      aheadMs: lives * HOUR_MS,
    };
    const child = spawn(process.execPath, [build.serverFile, JSON.stringify(orders)], {
      env: { PATH: process.env.PATH, ...(killAt !== undefined && { FAILPOINT_KILL: killAt }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [said, complaints, signal] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<NodeJS.Signals | null>((resolve) => child.on('exit', (_code, how) => resolve(how))),
    ]);
    if (signal === 'SIGKILL') return undefined;
    const outcome = parse(said);
    if (outcome?.result === undefined)
      problems.push(
        `Life ${lives} ended with ${said || signal}: ${outcome?.error ?? complaints.slice(0, 500)}`,
      );
    return outcome?.result;
  }

  /** Servers end when their process is gone, and have done by then what they were sent. */
  async function ledger(): Promise<readonly LedgerEntry[]> {
    await until(() => (processesWith(mark).length === 0 ? true : undefined));
    return readLedger(ledgerFile);
  }

  let result: ComposedResult | undefined;
  while (result === undefined && problems.length === 0) {
    const kills = lives;
    const place = random.pick(kills < killsMin ? MIDST : [...MIDST, ...MIDST, ...END]);
    // The first kills come soon, so that the script does not come to its end before there were enough.
    const passesMax = kills < killsMin ? Math.ceil(passesPerLife / 2) : 2 * passesPerLife - 1;
    const passes = END.includes(place) ? 1 : 1 + random.below(passesMax);
    const killAt = kills < killsMax ? `${place}:${passes}` : undefined;
    result = await live(killAt);
    if (result === undefined && problems.length === 0) killsByPlace[place] = (killsByPlace[place] ?? 0) + 1;
  }
  return {
    result,
    problems,
    kills: Object.values(killsByPlace).reduce((sum, kills) => sum + kills, 0),
    killsByPlace,
    ledger: await ledger(),
    unfinished: unfinishedCalls(databasePath, runId),
    async again() {
      const last = await live();
      return { result: last, ledger: await ledger() };
    },
  };
}

type Place = (typeof SCRIPT_FAILPOINTS)[number];

/** Passed once by each script. */
const END: readonly Place[] = ['script_ended', 'script_answer_kept'];
const MIDST: readonly Place[] = SCRIPT_FAILPOINTS.filter((place) => !END.includes(place));

function parse(line: string): { readonly result?: ComposedResult; readonly error?: string } | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function unfinishedCalls(databasePath: string, runId: string): readonly number[] {
  const database = new Database(databasePath, { readonly: true });
  try {
    return database
      .prepare<[string], number>(
        'SELECT seq FROM script_calls WHERE run_id = ? AND position IS NULL ORDER BY seq',
      )
      .pluck()
      .all(runId);
  } finally {
    database.close();
  }
}

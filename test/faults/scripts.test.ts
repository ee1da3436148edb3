import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createRandom, SEED, startCampaign } from '../support/campaign.ts';
import { buildFaulty } from '../support/faulty-build.ts';
import type { Mutant } from '../support/mutants.ts';
import { runScriptField, type ScriptFieldParams, type ScriptFieldResult } from '../support/script-field.ts';
import { SCRIPT_MUTANTS } from '../support/script-mutants.ts';
import { judgeWandering, wanderingScript } from '../support/script-oracle.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const CALLS = 280;
/** Of each script that comes to its end. */
const KILLS_MIN = 5;
/** Every call makes itself known by its key, so that it may be repeated. */
const REPEATABLE = ['put'];
/** Some calls must not be repeated. */
const MIXED = ['put', 'put', 'post'];
/** How many scripts a defect may get through by luck. */
const MUTANT_SCRIPTS_MAX = 12;

describe('scripts and kill -9', () => {
  test('a script whose calls may be repeated comes to its end, and every call has happened once', async () => {
    const campaign = startCampaign('scripts that go on');
    const { runs, violations } = await wander({ scripts: campaign.times(2, 25), changing: REPEATABLE });
    campaign.report({ calls: CALLS, ...figures(runs), violations: violations.length });
    expect(violations).toEqual([]);
    expect(runs.map(({ result }) => result?.status)).toEqual(runs.map(() => 'completed'));
    // Otherwise they were not interrupted, and nothing was shown.
    for (const { kills } of runs) expect(kills).toBeGreaterThanOrEqual(KILLS_MIN);
  });

  test('a script whose calls must not be repeated comes to its end, or says which call is in doubt', async () => {
    const campaign = startCampaign('scripts in doubt');
    const { runs, violations } = await wander({ scripts: campaign.times(6, 60), changing: MIXED });
    campaign.report({ calls: CALLS, ...figures(runs), violations: violations.length });
    expect(violations).toEqual([]);
    expect(runs.filter(({ result }) => result?.status === 'in_doubt').length).toBeGreaterThan(0);
  });

  test('a script that does something else than before is stopped', async () => {
    const { violations } = await diverge();
    expect(violations).toEqual([]);
  });

  const { journalNotAwaited, otherOrder, clockRunsOn, argsNotCompared, doubtfulRepeated } = SCRIPT_MUTANTS;
  test.each<[string, () => Promise<Judged>]>([
    caught(journalNotAwaited, (mutant) => wander({ mutant, changing: REPEATABLE })),
    caught(otherOrder, (mutant) => wander({ mutant, changing: REPEATABLE })),
    caught(clockRunsOn, (mutant) => wander({ mutant, changing: REPEATABLE })),
    caught(argsNotCompared, (mutant) => diverge(mutant)),
    caught(doubtfulRepeated, (mutant) => wander({ mutant, changing: MIXED })),
  ])('catches: %s', async (name, run) => {
    const campaign = startCampaign(`scripts without a guard: ${name}`);
    const { runs, violations } = await run();
    campaign.report({ ...figures(runs), violations: violations.length, first: violations[0]?.slice(0, 120) });
    expect(violations).not.toEqual([]);
  });
});

interface Judged {
  readonly runs: readonly ScriptFieldResult[];
  readonly violations: readonly string[];
}

function caught(mutant: Mutant, run: (mutant: Mutant) => Promise<Judged>): [string, () => Promise<Judged>] {
  return [mutant.name, () => run(mutant)];
}

interface WanderParams {
  readonly changing: readonly string[];
  /** With a mutant: as many as it takes. */
  readonly scripts?: number;
  readonly mutant?: Mutant;
}

async function wander({ changing, mutant, scripts = MUTANT_SCRIPTS_MAX }: WanderParams): Promise<Judged> {
  return judge(mutant, async (field, number) => {
    if (number >= scripts) return undefined;
    const run = await field({
      code: wanderingScript(CALLS, changing),
      passesPerLife: 20,
      killsMin: KILLS_MIN,
      killsMax: 40,
    });
    const again = await run.again();
    const violations = [...judgeWandering(run)];
    if (again.ledger.length > run.ledger.length)
      violations.push(`Executed once more, it made ${again.ledger.length - run.ledger.length} more calls.`);
    const told = JSON.stringify({ ...again.result, replayed: undefined });
    if (
      again.result?.status !== 'in_doubt' &&
      told !== JSON.stringify({ ...run.result, replayed: undefined })
    )
      violations.push(`Executed once more, it came to ${told.slice(0, 200)}.`);
    return { run, violations: violations.map((violation) => `Script ${number}: ${violation}`) };
  });
}

/** From the second life on, the server has a tool more, which the script goes by. */
const GOES_BY_TOOLS = `
  const entry = typeof globalThis['ledger' + '__extra'];
  for (let i = 0; i < 9; i++) await ledger__put({ entry });
  return entry;`;

const NOTHING: Readonly<Record<string, string>> = {};
const EXTRA = { LEDGER_EXTRA: 'yes' };

async function diverge(mutant?: Mutant): Promise<Judged> {
  return judge(mutant, async (field, number) => {
    if (number > 0) return undefined;
    const run = await field({
      code: GOES_BY_TOOLS,
      passesPerLife: 3,
      killsMin: 1,
      killsMax: 1,
      serverEnv: (life) => (life > 1 ? EXTRA : NOTHING),
    });
    const { result, problems, ledger } = run;
    const isStopped = result?.status === 'failed' && result.error?.name === 'DivergenceError';
    const entries = new Set(ledger.map(({ args }) => args.entry));
    return {
      run,
      violations: [
        ...problems,
        ...(isStopped ? [] : [`It is ${result?.status}: ${JSON.stringify(result?.error)}`]),
        // None, where it was killed before its first call.
        ...(entries.size <= 1 ? [] : [`It did both: ${[...entries].join(', ')}`]),
      ],
    };
  });
}

type Field = (
  params: Pick<ScriptFieldParams, 'code' | 'passesPerLife' | 'killsMin' | 'killsMax' | 'serverEnv'>,
) => Promise<ScriptFieldResult>;

/** Runs scripts on one build until there is none left; with a mutant, until one of them shows it. */
async function judge(
  mutant: Mutant | undefined,
  next: (
    field: Field,
    number: number,
  ) => Promise<{ run: ScriptFieldResult; violations: readonly string[] } | undefined>,
): Promise<Judged> {
  const build = await buildFaulty({ entry: 'script-process', mutant });
  const folder = temporaryFolder();
  const random = createRandom(SEED);
  const runs: ScriptFieldResult[] = [];
  const violations: string[] = [];
  try {
    for (let number = 0; ; number++) {
      const place = join(folder, `${number}`);
      const judged = await next(
        (params) => runScriptField({ ...params, build, random, folder: place, runId: `run ${number}` }),
        number,
      );
      await rm(place, { recursive: true, force: true });
      if (judged === undefined) break;
      runs.push(judged.run);
      violations.push(...judged.violations);
      if (mutant !== undefined && violations.length > 0) break;
    }
  } finally {
    await build.dispose();
  }
  return { runs, violations };
}

function figures(runs: readonly ScriptFieldResult[]): Readonly<Record<string, unknown>> {
  const places: Record<string, number> = {};
  for (const { killsByPlace } of runs)
    for (const [place, kills] of Object.entries(killsByPlace)) places[place] = (places[place] ?? 0) + kills;
  const having = (status: string) => runs.filter(({ result }) => result?.status === status).length;
  return {
    scripts: runs.length,
    completed: having('completed'),
    in_doubt: having('in_doubt'),
    kills: runs.reduce((sum, { kills }) => sum + kills, 0),
    ...places,
    effects: runs.reduce((sum, { ledger }) => sum + ledger.filter(({ isRepeated }) => !isRepeated).length, 0),
    repeats: runs.reduce((sum, { ledger }) => sum + ledger.filter(({ isRepeated }) => isRepeated).length, 0),
  };
}

import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { createRandom, SEED, startCampaign } from '../support/campaign.ts';
import { openEngine } from '../support/engine-on-file.ts';
import { buildFaulty } from '../support/faulty-build.ts';
import {
  type KillingFieldParams,
  type KillingFieldResult,
  runKillingField,
} from '../support/killing-field.ts';
import { MUTANTS, type Mutant } from '../support/mutants.ts';
import { consultOracle } from '../support/oracle.ts';
import { createScratch } from '../support/scratch.ts';
import { SORTING_OFFICE, sortingOfficeDecision, sortingOfficeFiles } from '../support/sorting-office.ts';

type Size = Pick<KillingFieldParams, 'servers' | 'instances' | 'advances' | 'doubled' | 'callsPerLife'>;

/** Small, and with more of what the defects need: two servers at one instance, and deaths. */
const MUTANT_SIZE: Size = { servers: 3, instances: 9, advances: 180, doubled: 0.5, callsPerLife: 12 };

describe('R1: kill -9', () => {
  test('four servers on one file: nothing acknowledged is lost, nothing is doubled, nothing is stuck', async () => {
    const campaign = startCampaign('R1 kill -9');
    const size: Size = {
      servers: 4,
      instances: campaign.times(20, 100),
      advances: campaign.times(600, 10_000),
      doubled: 0.05,
      callsPerLife: 14,
    };
    const killsMin = campaign.times(25, 500);
    const { violations, result } = await killingField({ size });
    campaign.report({
      advances: size.advances,
      instances: size.instances,
      kills: result.kills,
      ...result.killsByPlace,
      interrupted: result.interrupted,
      committed_unheard: result.committedUnheard,
      doubled: result.doubledCalls,
      violations: violations.length,
    });
    expect(violations).toEqual([]);
    expect(result.kills).toBeGreaterThanOrEqual(killsMin);
    expect(result.interrupted).toBeGreaterThanOrEqual(killsMin / 2);
    expect(result.committedUnheard).toBeGreaterThan(0);
  });

  const { noKeyCheck, noCompareAndSwap, splitTransaction, answerBeforeCommit } = MUTANTS;
  test.each([noKeyCheck, noCompareAndSwap, splitTransaction, answerBeforeCommit])(
    'catches: $name',
    async (mutant) => {
      const campaign = startCampaign(`R1 without a guard: ${mutant.name}`);
      const { violations, result } = await killingField({ size: MUTANT_SIZE, mutant });
      campaign.report({
        kills: result.kills,
        violations: violations.length,
        first: (violations[0] ?? '').slice(0, 120),
      });
      expect(violations).not.toEqual([]);
    },
  );
});

interface FieldParams {
  readonly size: Size;
  readonly mutant?: Mutant;
}

async function killingField({
  size,
  mutant,
}: FieldParams): Promise<{ violations: readonly string[]; result: KillingFieldResult }> {
  const build = await buildFaulty({ entry: 'program', mutant });
  const scratch = await createScratch();
  try {
    await scratch.writeWorkflow(SORTING_OFFICE, sortingOfficeFiles);
    const result = await runKillingField({
      ...size,
      serverFile: build.serverFile,
      env: { ...scratch.env, USE_STUB_AI_CLIENT: 'true' },
      cwd: scratch.folder,
      random: createRandom(SEED),
      prepare: mutant?.sql === undefined ? undefined : () => execute(scratch.databasePath, mutant.sql),
    });
    const { engine, close } = await openEngine({ databasePath: scratch.databasePath });
    const found = await consultOracle({
      databasePath: scratch.databasePath,
      acknowledged: result.acknowledged,
      decisionFrom: sortingOfficeDecision,
      engine,
    });
    await close();
    return { violations: [...result.problems, ...found], result };
  } finally {
    await scratch.dispose();
    await build.dispose();
  }
}

function execute(databasePath: string, sql = ''): void {
  const database = new Database(databasePath, { timeout: 5_000 });
  database.exec(sql);
  database.close();
}

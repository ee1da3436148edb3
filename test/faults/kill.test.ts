import { describe, expect, test } from 'vitest';
import { createRandom, SEED, startCampaign } from '../support/campaign.ts';
import { withFaultyServers } from '../support/faulty-servers.ts';
import {
  type KillingFieldParams,
  type KillingFieldResult,
  runKillingField,
} from '../support/killing-field.ts';
import { MUTANTS, type Mutant } from '../support/mutants.ts';
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

async function killingField({ size, mutant }: FieldParams) {
  let result: KillingFieldResult | undefined;
  const violations = await withFaultyServers({
    mutant,
    decisionFrom: sortingOfficeDecision,
    async work(servers) {
      const { scratch, serverFile, acknowledged, problems } = servers;
      await scratch.writeWorkflow(SORTING_OFFICE, sortingOfficeFiles);
      result = await runKillingField({
        ...size,
        serverFile,
        env: { ...scratch.env, USE_STUB_AI_CLIENT: 'true' },
        cwd: scratch.folder,
        random: createRandom(SEED),
        prepare: servers.exposeDefect,
      });
      acknowledged.push(...result.acknowledged);
      problems.push(...result.problems);
    },
  });
  if (result === undefined) throw new Error('The campaign did not run.');
  return { violations, result };
}

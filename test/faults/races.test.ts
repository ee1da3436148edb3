import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import { createRandom, SEED, startCampaign } from '../support/campaign.ts';
import { withFaultyServers } from '../support/faulty-servers.ts';
import type { WireFailure } from '../support/mcp-clients.ts';
import { MUTANTS, type Mutant } from '../support/mutants.ts';
import {
  SORTING_OFFICE,
  sortingOfficeDecision,
  sortingOfficeFiles,
  sortingOfficeStart,
  sortingOfficeUpdates,
} from '../support/sorting-office.ts';

const CLIENTS_MAX = 8;

describe('R3: different reports about one position at once', () => {
  test('one wins, the others hear where the run stands', async () => {
    const campaign = startCampaign('R3 races');
    const { violations, rounds, reports, wins } = await races(campaign.times(100, 2_000));
    campaign.report({ rounds, reports, wins_by_server: wins.join('/'), violations: violations.length });
    expect(violations).toEqual([]);
    expect(rounds).toBe(campaign.times(100, 2_000));
    expect(wins.filter((won) => won > 0).length, 'not always the same one wins').toBeGreaterThan(1);
  });

  const { noCompareAndSwap, answerBeforeCommit } = MUTANTS;
  test.each([noCompareAndSwap, answerBeforeCommit])('catches: $name', async (mutant) => {
    const campaign = startCampaign(`R3 without a guard: ${mutant.name}`);
    const { violations } = await races(30, mutant);
    campaign.report({ violations: violations.length, first: violations[0]?.slice(0, 120) });
    expect(violations).not.toEqual([]);
  });
});

async function races(roundsWanted: number, mutant?: Mutant) {
  const random = createRandom(SEED);
  const wins = Array.from({ length: CLIENTS_MAX }, () => 0);
  let rounds = 0;
  let reports = 0;
  const violations = await withFaultyServers({
    mutant,
    decisionFrom: sortingOfficeDecision,
    async work(running) {
      const { scratch, problems, acknowledged } = running;
      await scratch.writeWorkflow(SORTING_OFFICE, sortingOfficeFiles);
      const servers = await Promise.all(
        Array.from({ length: CLIENTS_MAX }, () =>
          // Held up between decision and commit, so that all of them decide before one has committed.
          running.start({ USE_STUB_AI_CLIENT: 'true', FAILPOINT_STALL: 'decision_made:2' }),
        ),
      );
      let position: Answer | undefined;
      for (; rounds < roundsWanted && problems.length === 0; rounds++) {
        if (rounds % 500 === 0) {
          const start = { workflow_name: SORTING_OFFICE, context: sortingOfficeStart };
          position = (await servers[0]?.callTool('start_workflow', start))?.body as Answer;
          if (rounds === 0) running.exposeDefect();
        }
        if (position === undefined) throw new Error('The run did not start.');
        const { instance_id, step_token, revision } = position;
        const first = random.below(CLIENTS_MAX);
        const racers = Array.from(
          { length: 2 + random.below(CLIENTS_MAX - 1) },
          (_, index) => (first + index) % CLIENTS_MAX,
        );
        reports += racers.length;
        const outcomes = await Promise.all(
          racers.map(async (racer) => {
            const call = `${rounds}/${racer}`;
            const outcome = await servers[racer]?.callTool('advance_workflow', {
              instance_id,
              step_token,
              report: { status: random.pick(['success', 'failure']), result: { call } },
              context_updates: sortingOfficeUpdates(revision, random.below(100)),
            });
            return { racer, call, isError: outcome?.isError, body: outcome?.body };
          }),
        );
        const winners = outcomes.filter(({ isError }) => isError === false);
        const [winner] = winners;
        if (winner === undefined || winners.length > 1) {
          problems.push(`Round ${rounds}: ${winners.length} of ${racers.length} reports won.`);
          continue;
        }
        const won = winner.body as Answer;
        wins[winner.racer] = (wins[winner.racer] ?? 0) + 1;
        acknowledged.push({ instanceId: instance_id, call: winner.call, answer: won });
        for (const { isError, body } of outcomes) {
          if (isError === false) continue;
          const { error_code, details } = body as WireFailure;
          const told =
            error_code === 'STALE_STEP' &&
            details?.current_step === won.next_step.step_name &&
            details.step_token === won.step_token &&
            details.revision === won.revision;
          if (!told) problems.push(`Round ${rounds}: a loser heard ${JSON.stringify(body)}`);
        }
        position = won;
      }
    },
  });
  return { violations, rounds, reports, wins };
}

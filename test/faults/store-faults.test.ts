import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../src/domain/errors.ts';
import type { AdvanceParams } from '../../src/engine/advance.ts';
import type { Answer } from '../../src/engine/answer.ts';
import { createRandom, SEED, startCampaign } from '../support/campaign.ts';
import { withFaultyEngines } from '../support/faulty-engines.ts';
import { createFaultyStore } from '../support/faulty-store.ts';
import { MUTANTS, type Mutant } from '../support/mutants.ts';
import {
  SORTING_OFFICE,
  sortingOfficeDecision,
  sortingOfficeDefinitions,
  sortingOfficeStart,
  sortingOfficeUpdates,
} from '../support/sorting-office.ts';

const PROBABILITY = 0.05;
const ENGINES = 3;
const ATTEMPTS_MAX = 100;

describe('R6: a store that fails at one verb in twenty', () => {
  test('every call is answered in the end, once, and what was answered is there', async () => {
    const campaign = startCampaign('R6 store faults');
    const { violations, injected, midway, advances } = await storeFaults(campaign.times(1_500, 20_000));
    campaign.report({ advances, ...injected, midway, violations: violations.length });
    expect(violations).toEqual([]);
    for (const fault of ['busy', 'io_error', 'full', 'timed_out_after'])
      expect(injected[fault], fault).toBeGreaterThan(10);
    expect(midway).toBeGreaterThan(10);
  });

  const { noKeyCheck, noCompareAndSwap, splitTransaction, answerBeforeCommit } = MUTANTS;
  test.each([noKeyCheck, noCompareAndSwap, splitTransaction, answerBeforeCommit])(
    'catches: $name',
    async (mutant) => {
      const campaign = startCampaign(`R6 without a guard: ${mutant.name}`);
      const { violations } = await storeFaults(300, mutant);
      campaign.report({ violations: violations.length, first: violations[0]?.slice(0, 120) });
      expect(violations).not.toEqual([]);
    },
  );
});

async function storeFaults(advancesWanted: number, mutant?: Mutant) {
  const random = createRandom(SEED);
  const injected: Record<string, number> = {};
  let midway = 0;
  let advances = 0;
  const violations = await withFaultyEngines({
    mutant,
    decisionFrom: sortingOfficeDecision,
    async work({ room, open, acknowledged, problems }) {
      const engines = await Promise.all(
        Array.from({ length: ENGINES }, () =>
          open({
            definitions: sortingOfficeDefinitions(),
            decorate: (store) =>
              createFaultyStore({
                store,
                fault: room.Fault,
                random,
                probability: PROBABILITY,
                onInjected(fault) {
                  injected[fault] = (injected[fault] ?? 0) + 1;
                },
              }),
          }),
        ),
      );
      // The disk may also fill up between two rows of one transaction.
      room.armFailpoints((place) => {
        if (place !== 'commit_half_written' || !random.chance(PROBABILITY)) return;
        midway++;
        throw new room.Fault('STORAGE_FULL', 'Injected: no room is left for the second row.');
      });

      async function persist(what: string, call: () => Promise<Answer>): Promise<Answer> {
        for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
          try {
            return await call();
          } catch (error) {
            const { code } = error as Partial<Fault>;
            if (!code?.startsWith('STORAGE_')) throw new Error(`${what}: ${String(error)}`);
          }
        }
        throw new Error(`${what} was never answered.`);
      }
      const anyEngine = () => random.pick(engines).engine;

      async function walk(run: number, length: number): Promise<void> {
        const start = {
          workflowName: SORTING_OFFICE,
          context: sortingOfficeStart,
          requestId: `start-${run}`,
        };
        let position = await persist(start.requestId, () => anyEngine().start(start));
        for (let index = 0; index < length; index++) {
          const call = `${run}/${index}`;
          const params: AdvanceParams = {
            instanceId: position.instance_id,
            ...random.pick([{ requestId: call }, { stepToken: position.step_token }]),
            report: {
              status: random.pick(['success', 'failure']),
              step_id: position.next_step.step_name,
              result: { call },
            },
            contextUpdates: sortingOfficeUpdates(position.revision, random.below(100)),
          };
          const copies = random.chance(0.1) ? 2 : 1;
          const answers = await Promise.all(
            Array.from({ length: copies }, () => persist(call, () => anyEngine().advance(params))),
          );
          for (const answer of answers) {
            acknowledged.push({ instanceId: answer.instance_id, call, answer });
            if (!isDeepStrictEqual({ ...answer, replayed: 0 }, { ...answers[0], replayed: 0 }))
              problems.push(`${call} got two answers.`);
          }
          const [answer] = answers;
          if (answer?.revision !== position.revision + 1)
            throw new Error(`${call} led from revision ${position.revision} to ${answer?.revision}.`);
          position = answer;
          advances++;
        }
      }

      const runs = 20;
      await Promise.all(
        Array.from({ length: runs }, (_, run) =>
          walk(run, advancesWanted / runs).catch((error: Error) => problems.push(error.message)),
        ),
      );
    },
  });
  return { violations, injected, midway, advances };
}

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FAILPOINTS, type Failpoint } from '../../src/domain/failpoint.ts';
import type { AdvanceParams } from '../../src/engine/advance.ts';
import type { Answer } from '../../src/engine/answer.ts';
import { SEED, startCampaign } from '../support/campaign.ts';
import type { EngineOnFile } from '../support/engine-on-file.ts';
import { type FaultyEngines, withFaultyEngines } from '../support/faulty-engines.ts';
import { MUTANTS, type Mutant } from '../support/mutants.ts';
import {
  type OneDefinition,
  SORTING_OFFICE,
  sortingOffice,
  sortingOfficeDecision,
  sortingOfficeDefinitions,
  sortingOfficeStart,
  sortingOfficeUpdates,
} from '../support/sorting-office.ts';

const COMMANDS_MAX = 40;
const DOORS = 2;

/** What a client may do, or what may befall it. `pick` chooses one of what there is by then. */
const command = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('start'), keyed: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('advance'),
      pick: fc.nat(),
      door: fc.nat(DOORS - 1),
      key: fc.constantFrom('request', 'token', 'both'),
      fails: fc.boolean(),
      value: fc.nat(9),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('repeat'),
      pick: fc.nat(),
      back: fc.nat(3),
      door: fc.nat(DOORS - 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reuse'), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('stale'), pick: fc.nat(), back: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('resume'), pick: fc.nat(), lost: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('edit'), text: fc.constantFrom('one', 'two', undefined) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('crash'),
      pick: fc.nat(),
      place: fc.constantFrom(...FAILPOINTS),
      value: fc.nat(9),
    }),
  },
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

describe('R4: any order of calls, edits and crashes', () => {
  test('the engine does what a model of a page of code says', async () => {
    const campaign = startCampaign('R4 model');
    const runs = campaign.times(50, 2_000);
    const { violations, counterexample, counts } = await check(runs);
    campaign.report({ runs, ...counts, counterexamples: counterexample === undefined ? 0 : 1 });
    expect(counterexample).toBeUndefined();
    expect(violations).toEqual([]);
    for (const kind of ['start', 'advance', 'repeat', 'reuse', 'stale', 'resume', 'edit', 'crash'])
      expect(counts[kind], kind).toBeGreaterThan(0);
    expect(counts.crashed_before_commit).toBeGreaterThan(0);
    expect(counts.crashed_after_commit).toBeGreaterThan(0);
  });

  const { noKeyCheck, splitTransaction, answerBeforeCommit } = MUTANTS;
  test.each([noKeyCheck, splitTransaction, answerBeforeCommit])('catches: $name', async (mutant) => {
    const campaign = startCampaign(`R4 without a guard: ${mutant.name}`);
    const { counterexample } = await check(100, mutant);
    campaign.report({ counterexample: counterexample?.slice(0, 200) });
    expect(counterexample).toBeDefined();
  });
});

async function check(runs: number, mutant?: Mutant) {
  const counts: Record<string, number> = {};
  let counterexample: string | undefined;
  const violations = await withFaultyEngines({
    mutant,
    decisionFrom: sortingOfficeDecision,
    async work(engines) {
      const doors = await openDoors(engines);
      const property = fc.asyncProperty(
        fc.array(command, { maxLength: COMMANDS_MAX, size: 'max' }),
        async (commands) => {
          doors.definitions.current = sortingOffice;
          const run = await createRun({ engines, doors, counts });
          for (const each of commands) {
            counts[each.kind] = (counts[each.kind] ?? 0) + 1;
            await run.execute(each);
          }
        },
      );
      const details = await fc.check(property, {
        numRuns: runs,
        seed: SEED,
        endOnFailure: mutant !== undefined,
      });
      if (!details.failed) return;
      const { message } = details.errorInstance as Error;
      counterexample = `${message} ${JSON.stringify(details.counterexample)} path ${details.counterexamplePath}`;
    },
  }).catch((error: unknown) => {
    if (counterexample === undefined) throw error;
    return [String(error)];
  });
  return { violations, counterexample, counts };
}

/** What the model knows of one instance. */
interface Known {
  readonly instanceId: string;
  position: Answer;
  /** Calls that moved it, with what was answered: the last one last. */
  readonly moves: { readonly params: AdvanceParams; readonly before: Answer; readonly answer: Answer }[];
}

class ModelError extends Error {}

function agree(what: string, actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected))
    throw new ModelError(`${what}: ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
}

let calls = 0;

/** Two engines on one file, as two processes would be; opened again after a crash. */
async function openDoors(engines: FaultyEngines) {
  const definitions: OneDefinition = sortingOfficeDefinitions();
  const open = () => Promise.all(Array.from({ length: DOORS }, () => engines.open({ definitions })));
  let doors: EngineOnFile[] = await open();
  return {
    definitions,
    at: (door: number) => doors[door % DOORS],
    async reopen() {
      await Promise.all(doors.map((door) => door.close()));
      doors = await open();
    },
  };
}

interface RunParams {
  readonly engines: FaultyEngines;
  readonly doors: Awaited<ReturnType<typeof openDoors>>;
  readonly counts: Record<string, number>;
}

async function createRun({ engines, doors, counts }: RunParams) {
  const { room, acknowledged } = engines;
  const { definitions } = doors;
  const engineAt = (door: number) => {
    const found = doors.at(door);
    if (found === undefined) throw new Error('There is no such door.');
    return found.engine;
  };
  const instances: Known[] = [];

  function callOn({ position }: Known, key: string, value: number, fails = false): AdvanceParams {
    const call = `model/${++calls}`;
    return {
      instanceId: position.instance_id,
      ...(key !== 'token' && { requestId: call }),
      ...(key !== 'request' && { stepToken: position.step_token }),
      report: {
        status: fails ? 'failure' : 'success',
        step_id: position.next_step.step_name,
        result: { call },
      },
      contextUpdates: sortingOfficeUpdates(position.revision, value),
    };
  }

  /** What the call must lead to, said without the engine. */
  function expectedAnswer({ position }: Known, { report, contextUpdates }: AdvanceParams) {
    const context = { ...position.current_context, ...contextUpdates };
    const stepName = position.next_step.step_name;
    return {
      status: 'RUNNING',
      revision: position.revision + 1,
      step: sortingOfficeDecision({ stepName, report, context, visits: {} }),
      context,
    };
  }

  const seen = ({ status, revision, next_step, current_context }: Answer) => ({
    status,
    revision,
    step: next_step.step_name,
    context: current_context,
  });

  function moved(known: Known, params: AdvanceParams, answer: Answer): void {
    agree('advance', seen(answer), expectedAnswer(known, params));
    known.moves.push({ params, before: known.position, answer: { ...answer, replayed: undefined } });
    known.position = answer;
    const call = (params.report.result as { readonly call: string }).call;
    acknowledged.push({ instanceId: known.instanceId, call, answer });
  }

  async function refused(what: string, work: Promise<Answer>, expected: string): Promise<void> {
    const outcome = await work.then(
      () => 'an answer',
      (error: { readonly code?: string }) => error.code ?? String(error),
    );
    agree(what, outcome, expected);
  }

  async function crash(known: Known, place: Failpoint, value: number): Promise<void> {
    const params = callOn(known, 'both', value);
    class Crash extends Error {}
    let reached = false;
    room.armFailpoints((passed) => {
      if (passed !== place || reached) return;
      reached = true;
      throw new Crash();
    });
    const answered = await engineAt(0)
      .advance(params)
      .then(
        () => true,
        () => false,
      );
    room.armFailpoints(undefined);
    agree(`crashed at ${place}`, { reached, answered }, { reached: true, answered: false });
    await doors.reopen();
    const found = await engineAt(1).status({ instanceId: known.instanceId });
    const committed = place === 'commit_done';
    const outcome = committed ? 'crashed_after_commit' : 'crashed_before_commit';
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    agree(
      `after a crash at ${place}`,
      seen(found),
      committed ? expectedAnswer(known, params) : seen(known.position),
    );
    const again = await engineAt(0).advance(params);
    agree('replayed', again.replayed ?? false, committed);
    moved(known, params, again);
  }

  async function start(keyed: boolean): Promise<void> {
    // On the files as they were: what is edited under an instance is to mean nothing to it.
    const edited = definitions.current;
    definitions.current = sortingOffice;
    const requestId = keyed ? `start/${++calls}` : undefined;
    const params = { workflowName: SORTING_OFFICE, context: sortingOfficeStart, requestId };
    const position = await engineAt(0).start(params);
    if (keyed) agree('start again', await engineAt(1).start(params), { ...position, replayed: true });
    definitions.current = edited;
    instances.push({ instanceId: position.instance_id, position, moves: [] });
  }

  async function execute(next: Command): Promise<void> {
    if (next.kind === 'start') return start('keyed' in next && next.keyed);
    if (next.kind === 'edit') {
      const goal = 'text' in next ? next.text : undefined;
      definitions.current =
        goal === undefined ? undefined : { ...sortingOffice, goal, steps: sortingOffice.steps.slice(0, 1) };
      return;
    }
    const known = 'pick' in next ? instances[next.pick % Math.max(1, instances.length)] : undefined;
    if (known === undefined) return;
    const { instanceId, position, moves } = known;
    switch (next.kind) {
      case 'advance': {
        if (!('key' in next)) return;
        const params = callOn(known, next.key, next.value, next.fails);
        return moved(known, params, await engineAt(next.door).advance(params));
      }
      case 'repeat': {
        if (!('back' in next && 'door' in next)) return;
        const move = moves.at(-1 - next.back);
        // Only a key answers for a call however long ago it was.
        if (move === undefined || (next.back > 0 && move.params.requestId === undefined)) return;
        const again = await engineAt(next.door).advance(move.params);
        return agree('repeat', { ...again, replayed: undefined }, move.answer);
      }
      case 'reuse': {
        const move = moves.findLast(({ params }) => params.requestId !== undefined);
        if (move === undefined) return;
        const report = { ...move.params.report, status: 'other' };
        return refused('reuse', engineAt(0).advance({ ...move.params, report }), 'REQUEST_ID_REUSED');
      }
      case 'stale': {
        const move = 'back' in next ? moves.at(-1 - next.back) : undefined;
        if (move === undefined) return;
        const { step_token: stepToken } = move.before;
        const report = { status: 'success', result: { call: `stale/${++calls}` } };
        return refused('stale', engineAt(0).advance({ instanceId, stepToken, report }), 'STALE_STEP');
      }
      case 'resume': {
        const lost = 'lost' in next && next.lost ? moves.at(-1) : undefined;
        const believed = (lost?.before ?? position).next_step.step_name;
        const resumed = await engineAt(0).resume({ instanceId, assumedCurrentStepName: believed });
        const verdict = lost === undefined ? 'in_sync' : 'answer_lost';
        agree(
          'resume',
          { ...seen(resumed), verdict: resumed.reconciliation?.verdict },
          { ...seen(position), verdict },
        );
        return agree('token', resumed.step_token, position.step_token);
      }
      case 'crash':
        if ('place' in next) await crash(known, next.place, next.value);
    }
  }

  await start(true);
  return { execute };
}

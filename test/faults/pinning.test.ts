import { mkdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../src/domain/errors.ts';
import { silentLogger } from '../../src/domain/logger.ts';
import type { Answer } from '../../src/engine/answer.ts';
import { createRandom, SEED, startCampaign } from '../support/campaign.ts';
import { withFaultyEngines } from '../support/faulty-engines.ts';
import { MUTANTS, type Mutant } from '../support/mutants.ts';
import { relayFiles } from '../support/workflow-files.ts';

const STEPS = ['cut', 'sew', 'iron', 'fold', 'pack', 'send'];
const WORKFLOWS = ['SHIRTS', 'TROUSERS', 'SOCKS'];
const IN_FLIGHT = 12;

describe('R10: files that change under runs', () => {
  test('every run ends on the version that it began with', async () => {
    const campaign = startCampaign('R10 pinning');
    const { violations, counts } = await pinning(campaign.times(80, 1_000));
    campaign.report({ ...counts, violations: violations.length });
    expect(violations).toEqual([]);
    expect(counts.edits).toBe(campaign.times(80, 1_000));
    expect(counts.outlived, 'runs that ended on a version that was gone').toBeGreaterThan(20);
    expect(counts.refused_starts).toBeGreaterThan(0);
  });

  test.each([MUTANTS.unpinned])('catches: $name', async (mutant) => {
    const campaign = startCampaign(`R10 without a guard: ${mutant.name}`);
    const { violations } = await pinning(60, mutant);
    campaign.report({ violations: violations.length, first: violations[0]?.slice(0, 120) });
    expect(violations).not.toEqual([]);
  });
});

/** What is on disk under one name; undefined: nothing that could be started. */
interface Version {
  readonly number: number;
  /** The steps in their order. */
  readonly order: readonly string[];
}

interface Flight {
  readonly workflow: string;
  readonly version: Version;
  position: Answer;
  taken: number;
}

async function pinning(edits: number, mutant?: Mutant) {
  const random = createRandom(SEED);
  const counts = { edits: 0, finished: 0, outlived: 0, refused_starts: 0 };
  const violations = await withFaultyEngines({
    mutant,
    async work({ room, folder, open, acknowledged, problems }) {
      const root = join(folder, 'workflows');
      await mkdir(root);
      const definitions = room.createDefinitions({
        roots: [root],
        limits: room.DEFAULT_LIMITS,
        logger: silentLogger,
      });
      const { engine } = await open({ definitions });
      const onDisk = new Map<string, Version | undefined>();
      const flights: Flight[] = [];
      let versions = 0;
      let calls = 0;

      async function write(workflow: string): Promise<void> {
        const order = [...STEPS];
        for (let index = order.length - 1; index > 0; index--) {
          const other = random.below(index + 1);
          [order[index], order[other]] = [order[other] as string, order[index] as string];
        }
        const version = { number: ++versions, order };
        const files = relayFiles(order);
        for (const [path, text] of Object.entries(files)) {
          const file = join(root, workflow, path);
          await mkdir(dirname(file), { recursive: true });
          await writeFile(file, text.replace(/Do (\w+)\./, `Do $1 as version ${version.number} says.`));
        }
        onDisk.set(workflow, version);
      }

      async function edit(): Promise<void> {
        counts.edits++;
        const workflow = random.pick(WORKFLOWS);
        const there = onDisk.get(workflow) !== undefined;
        const stepFile = join(root, workflow, 'steps', `${random.pick(STEPS)}.md`);
        const kind = there
          ? random.pick(['rewrite', 'rewrite', 'drop', 'break', 'rename', 'delete'])
          : 'rewrite';
        if (kind === 'rewrite') return write(workflow);
        onDisk.set(workflow, undefined);
        if (kind === 'drop') return unlink(stepFile);
        if (kind === 'break') return writeFile(stepFile, '---\ntransitions: 7\n---\n');
        if (kind === 'delete') return rm(join(root, workflow), { recursive: true });
        return rename(join(root, workflow), join(root, `${workflow}_${++versions}`));
      }

      async function start(): Promise<void> {
        const workflow = random.pick(WORKFLOWS);
        const version = onDisk.get(workflow);
        try {
          const position = await engine.start({ workflowName: workflow });
          if (version === undefined) problems.push(`${workflow} was started, and is not to be found.`);
          else flights.push({ workflow, version, position, taken: 0 });
        } catch (error) {
          const { code } = error as Fault;
          if (version === undefined && (code === 'WORKFLOW_INVALID' || code === 'WORKFLOW_NOT_FOUND'))
            counts.refused_starts++;
          else problems.push(`${workflow} was not started: ${String(error)}`);
        }
      }

      async function advance(flight: Flight): Promise<void> {
        const { version, position, taken } = flight;
        const expected = version.order[taken];
        const { step_name, instructions } = position.next_step;
        if (step_name !== expected || !instructions.includes(`version ${version.number} says`))
          problems.push(
            `Version ${version.number} has ${expected}; handed out was ${step_name}: ${instructions}`,
          );
        const call = `pinning/${++calls}`;
        flight.position = await engine.advance({
          instanceId: position.instance_id,
          stepToken: position.step_token,
          report: { status: 'success', result: { call } },
        });
        acknowledged.push({ instanceId: position.instance_id, call, answer: flight.position });
        flight.taken++;
        const { definition_changed } = await engine.status({ instanceId: position.instance_id });
        const changed = onDisk.get(flight.workflow) !== version;
        if (flight.taken < STEPS.length) {
          if (definition_changed !== changed && !editing)
            problems.push(`definition_changed is ${definition_changed}, and should be ${changed}.`);
          return;
        }
        if (flight.position.status !== 'COMPLETED')
          problems.push(`A run did not end after ${STEPS.length} steps.`);
        flights.splice(flights.indexOf(flight), 1);
        counts.finished++;
        if (changed) counts.outlived++;
      }

      let editing = false;
      const fail = (error: unknown) => void problems.push(String(error));
      while (counts.edits < edits && problems.length < 10) {
        while (flights.length < IN_FLIGHT && random.chance(0.8)) await start();
        const moving = flights.filter(() => random.chance(0.3));
        editing = true;
        await Promise.all([edit(), ...moving.map((flight) => advance(flight).catch(fail))]);
        editing = false;
        const next = flights[0];
        if (next !== undefined) await advance(next).catch(fail);
      }
      while (flights[0] !== undefined && problems.length < 10) await advance(flights[0]).catch(fail);
      await definitions.close();
    },
  });
  return { violations, counts };
}

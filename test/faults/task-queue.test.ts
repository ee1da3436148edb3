import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TASK_ATTEMPTS_MAX } from '../../src/domain/task.ts';
import { createRandom, SEED, startCampaign } from '../support/campaign.ts';
import { withFaultyServers } from '../support/faulty-servers.ts';
import type { Mutant } from '../support/mutants.ts';
import {
  type LabourParams,
  labour,
  labourScript,
  POST_OFFICE,
  postOfficeDecision,
  postOfficeFiles,
} from '../support/post-office.ts';
import { addAuditedTasks } from '../support/task-audit.ts';
import { TASK_MUTANTS } from '../support/task-mutants.ts';
import { consultTaskOracle, type TaskFindings } from '../support/task-oracle.ts';
import { runWorkerField, type WorkerFieldParams, type WorkerFieldResult } from '../support/worker-field.ts';

/** Beyond a lease: the time in which a task has to be in other hands, whatever happened to its worker. */
const RECLAIM_MS = 5_000;
/** The same while other tests take the processors from the workers. */
const SHORT_FORM_RECLAIM_MS = 15_000;

interface Size
  extends LabourParams,
    Pick<WorkerFieldParams, 'workers' | 'doomed' | 'tasksPerLife' | 'fates' | 'stopPlaces'> {
  readonly leaseMs: number;
  readonly slowMs: number;
}

/** Small and quick, and with more of what the defects need: workers that come back when others have their task. */
const MUTANT_SIZE: Size = {
  tasks: 12,
  fragile: 4,
  slow: 0,
  sturdyAttempts: 30,
  workers: 4,
  doomed: 4,
  tasksPerLife: 2,
  fates: ['killed', 'stopped', 'stopped'],
  leaseMs: 1_000,
  slowMs: 4_000,
};

const { tokenStays, claimWithoutLock, attemptsNotCounted, startsOver } = TASK_MUTANTS;
const { noFencing, noHeartbeat, leaseForEver } = TASK_MUTANTS;
const MUTANTS: readonly (readonly [Mutant, Size])[] = [
  [tokenStays, MUTANT_SIZE],
  // All workers are there, and claim at the same time.
  [claimWithoutLock, { ...MUTANT_SIZE, tasks: 40, doomed: 0, tasksPerLife: 100 }],
  [attemptsNotCounted, MUTANT_SIZE],
  [startsOver, MUTANT_SIZE],
  // Whoever comes back has a result in hand.
  [
    noFencing,
    {
      ...MUTANT_SIZE,
      tasks: 8,
      doomed: 0,
      tasksPerLife: 1,
      fates: ['stopped'],
      stopPlaces: ['task_executed', 'task_verified'],
    },
  ],
  // Nothing happens to the workers, and still they lose what takes them longer than a lease.
  [
    noHeartbeat,
    { ...MUTANT_SIZE, tasks: 2, fragile: 0, slow: 2, sturdyAttempts: 2, doomed: 0, tasksPerLife: 100 },
  ],
  [leaseForEver, { ...MUTANT_SIZE, tasks: 8 }],
];

describe('R11: workers that are killed, stopped and ended', () => {
  test('every task is completed once, by whoever held it; none is lost, none is tried too often', async () => {
    const campaign = startCampaign('R11 workers');
    const size: Size = {
      tasks: campaign.times(60, 1_000),
      fragile: campaign.times(8, 60),
      slow: campaign.times(1, 8),
      sturdyAttempts: TASK_ATTEMPTS_MAX.max,
      workers: 4,
      doomed: 4,
      tasksPerLife: campaign.times(2, 4),
      fates: ['killed', 'killed', 'killed', 'killed', 'killed', 'stopped', 'ended'],
      leaseMs: 2_000,
      slowMs: 5_000,
    };
    const { violations, result, found } = await drain(size);
    const slowestReclaimMs = Math.max(...found.reclaimsMs);
    campaign.report({
      tasks: size.tasks,
      completed: found.completed,
      failed: found.failed,
      claims: found.claims,
      kills: result.kills,
      ...result.killsByPlace,
      zombies: result.zombies,
      ended: result.ended,
      leases_ended: found.expired,
      released: found.released,
      runs_continued: found.continued,
      slowest_reclaim_ms: slowestReclaimMs,
      violations: violations.length,
    });
    expect(violations).toEqual([]);
    expect(found.completed + found.failed).toBe(size.tasks);
    expect(found.failed, 'what may be tried only once, and was killed').toBeGreaterThan(0);
    expect(found.handedBack, 'attempts that came to nothing by themselves').toBe(0);
    expect(result.kills).toBeGreaterThanOrEqual(campaign.times(10, 150));
    expect(result.zombies).toBeGreaterThanOrEqual(campaign.times(1, 20));
    const reclaimMs = campaign.times(SHORT_FORM_RECLAIM_MS, RECLAIM_MS);
    expect(slowestReclaimMs).toBeLessThanOrEqual(size.leaseMs + reclaimMs);
  });

  // They wait more than they work: for leases to end, and for workers that do not come back.
  test.concurrent.each(MUTANTS.map(([mutant, size]) => ({ name: mutant.name, mutant, size })))(
    'catches: $name',
    async ({ mutant, size }) => {
      const campaign = startCampaign(`R11 without a guard: ${mutant.name}`);
      const { violations, result } = await drain(size, mutant);
      campaign.report({
        kills: result.kills,
        zombies: result.zombies,
        violations: violations.length,
        first: violations[0]?.slice(0, 120),
      });
      expect(violations).not.toEqual([]);
    },
  );
});

async function drain(size: Size, mutant?: Mutant) {
  const { leaseMs, slowMs } = size;
  let result: WorkerFieldResult | undefined;
  let found: TaskFindings | undefined;
  const violations = await withFaultyServers({
    mutant,
    decisionFrom: postOfficeDecision,
    async work({ scratch, serverFile, problems }) {
      const { databasePath, folder } = scratch;
      await scratch.writeWorkflow(POST_OFFICE, postOfficeFiles);
      const script = labourScript({ workMs: 10, againMs: leaseMs / 2, slowMs });
      const scriptFile = join(folder, 'script.json');
      await writeFile(scriptFile, JSON.stringify(script));
      await addAuditedTasks(databasePath, labour(size));
      result = await runWorkerField({
        ...size,
        serverFile,
        databasePath,
        cwd: folder,
        env: {
          ...scratch.env,
          USE_STUB_AI_CLIENT: 'true',
          STUB_AI_SCRIPT: scriptFile,
          TASK_LEASE_SECONDS: String(leaseMs / 1_000),
        },
        random: createRandom(SEED),
      });
      found = consultTaskOracle(databasePath);
      problems.push(...result.problems, ...found.problems);
      if (found.failed > size.fragile)
        problems.push(`${found.failed} tasks failed, and only ${size.fragile} could by kills alone.`);
    },
  });
  if (result === undefined || found === undefined) throw new Error('The campaign did not run.');
  return { violations, result, found };
}

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startCampaign } from '../support/campaign.ts';
import type { ContenderOrders, ContenderResult } from '../support/contender.ts';
import { openEngine } from '../support/engine-on-file.ts';
import { buildFaulty } from '../support/faulty-build.ts';
import { MUTANTS, type Mutant } from '../support/mutants.ts';
import { consultOracle } from '../support/oracle.ts';
import { sortingOfficeDecision } from '../support/sorting-office.ts';

const PROCESSES = 4;

describe('R5: four processes on one file', () => {
  test.each([
    { how: 'saturated', thinkMs: 0, short: 150, full: 1_000 },
    { how: 'with 10 ms to think', thinkMs: 10, short: 60, full: 500 },
  ])('$how: no client hears of a lock', async ({ how, thinkMs, short, full }) => {
    const campaign = startCampaign(`R5 contention, ${how}`);
    const advances = campaign.times(short, full);
    const { violations, results } = await contention({ advances, thinkMs });
    const latenciesMs = results.flatMap((result) => result.latenciesMs).sort((one, other) => one - other);
    campaign.report({
      advances: latenciesMs.length,
      busy: sum(results, 'busy'),
      p50_ms: latenciesMs[Math.floor(latenciesMs.length / 2)]?.toFixed(1),
      p99_ms: latenciesMs[Math.floor(latenciesMs.length * 0.99)]?.toFixed(1),
      stall_ms: Math.max(...results.map(({ stallMs }) => stallMs)).toFixed(1),
      violations: violations.length,
    });
    expect(violations).toEqual([]);
    expect(sum(results, 'busy')).toBe(0);
    expect(latenciesMs).toHaveLength(PROCESSES * advances);
  });

  // Without a second try every conflict comes to light, and what kind it is.
  // Held up between reading and writing, so that others would come in between if they could.
  const conflicts = { advances: 60, thinkMs: 0, busyBudgetMs: 0, stall: 'commit_begun:2' };

  test('who has read for a commit holds the lock: nobody can have written since', async () => {
    const campaign = startCampaign('R5 conflicts');
    const { violations, results } = await contention(conflicts);
    const snapshotConflicts = sum(results, 'snapshotConflicts');
    campaign.report({ busy: sum(results, 'busy'), snapshot_conflicts: snapshotConflicts });
    expect(violations).toEqual([]);
    expect(snapshotConflicts).toBe(0);
  });

  test.each([MUTANTS.deferred])('catches: $name', async (mutant) => {
    const campaign = startCampaign(`R5 without a guard: ${mutant.name}`);
    const { results } = await contention({ ...conflicts, mutant });
    const snapshotConflicts = sum(results, 'snapshotConflicts');
    campaign.report({ busy: sum(results, 'busy'), snapshot_conflicts: snapshotConflicts });
    expect(snapshotConflicts).toBeGreaterThan(0);
  });

  test.each([MUTANTS.answerBeforeCommit])('catches: $name', async (mutant) => {
    const campaign = startCampaign(`R5 without a guard: ${mutant.name}`);
    const { violations } = await contention({ advances: 50, thinkMs: 0, busyBudgetMs: 0, mutant });
    campaign.report({ violations: violations.length, first: violations[0]?.slice(0, 120) });
    expect(violations).not.toEqual([]);
  });
});

interface ContentionParams extends Pick<ContenderOrders, 'advances' | 'thinkMs' | 'busyBudgetMs'> {
  readonly mutant?: Mutant;
  /** As in `FAILPOINT_STALL`. */
  readonly stall?: string;
}

async function contention({ mutant, stall = '', ...orders }: ContentionParams) {
  const build = await buildFaulty({ entry: 'contender', mutant });
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-contention-'));
  const databasePath = join(folder, 'workflows.sqlite');
  await (await openEngine({ databasePath })).close();
  const children = Array.from({ length: PROCESSES }, () =>
    fork(build.serverFile, {
      env: { ...process.env, FAILPOINT_STALL: stall },
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    }),
  );
  try {
    // All of them are up before the first begins.
    await Promise.all(children.map((child) => once(child, 'message')));
    const results = await Promise.all(
      children.map(async (child, number): Promise<ContenderResult> => {
        const answered = once(child, 'message');
        child.send({ ...orders, name: `process ${number}`, databasePath } satisfies ContenderOrders);
        return ((await answered) as [ContenderResult])[0];
      }),
    );
    const { engine, close } = await openEngine({ databasePath });
    const found = await consultOracle({
      databasePath,
      acknowledged: results.flatMap(({ acknowledged }) => acknowledged),
      decisionFrom: sortingOfficeDecision,
      engine,
    });
    await close();
    return { results, violations: [...results.flatMap(({ problems }) => problems), ...found] };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
    await build.dispose();
  }
}

function sum(results: readonly ContenderResult[], member: 'busy' | 'snapshotConflicts'): number {
  return results.reduce((total, result) => total + result[member], 0);
}

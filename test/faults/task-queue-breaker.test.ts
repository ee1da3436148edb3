import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { ScriptEntry } from '../../src/ai/stub/script-entry.ts';
import { type BreakerFindings, consultBreakerOracle } from '../support/breaker-oracle.ts';
import { reportFigures, startCampaign } from '../support/campaign.ts';
import { CampaignOver, type FaultyServers, withFaultyServers } from '../support/faulty-servers.ts';
import type { Mutant } from '../support/mutants.ts';
import { sampleTask } from '../support/sample-tasks.ts';
import { addAuditedTasks, type BreakerWrite, openAuditTrail, type Write } from '../support/task-audit.ts';
import { TASK_MUTANTS } from '../support/task-mutants.ts';
import { consultTaskOracle } from '../support/task-oracle.ts';
import { runWorker, startWorker, type WorkerProcess } from '../support/worker-process.ts';

const WORKERS = 4;
const TASKS = 20;
const FAILURES_IN_ROW = 5;
const COOLDOWN_MS = 2_000;
const LEASE_MS = 1_000;
/** No write for so long, and nothing more will come: a cool-down, a lost trial, a look at the queue, beside other tests. */
const QUIET_MS = COOLDOWN_MS + LEASE_MS + 8_000;
/** So many failures without an open breaker, and nobody will open it: more than those that are under way when it opens. */
const FAILURES_MAX = 15;

const RULES = { workers: WORKERS, cooldownMs: COOLDOWN_MS };

const ALWAYS = 1_000_000;
const FAILING: ScriptEntry = {
  times: ALWAYS,
  delay_ms: 20,
  outcome: { status: 'failure', error: 'No luck.' },
};
/** Longer than a lease: all others ask meanwhile, and the trial is renewed. */
const FAILING_SLOWLY: ScriptEntry = { ...FAILING, delay_ms: 1.5 * LEASE_MS };
const SUCCEEDING: ScriptEntry = {
  times: ALWAYS,
  delay_ms: 200,
  outcome: { status: 'success', result: 'Luck.' },
};

const { breakerInMemory, trialForAll, trialForEver, noCooldown } = TASK_MUTANTS;

describe('R11: the circuit breaker between processes and across restarts', () => {
  test('opened by one it is closed to all, also after kill -9; each trial is one attempt, and a lost one passes', async () => {
    const campaign = startCampaign('R11 circuit breaker');
    const { violations, found, lostTrialMs } = await breakAndMend({ trials: campaign.times(1, 8) });
    const { openings, trials, stragglers } = found;
    campaign.report({
      openings,
      trials,
      stragglers,
      lost_trial_ms: lostTrialMs,
      violations: violations.length,
    });
    expect(violations).toEqual([]);
    expect(trials).toBeGreaterThan(1);
  });

  test.each([breakerInMemory, trialForAll, trialForEver, noCooldown])('catches: $name', async (mutant) => {
    const { violations } = await breakAndMend({ trials: 1, mutant });
    const first = violations[0]?.slice(0, 120);
    reportFigures(`R11 without a guard: ${mutant.name}`, { violations: violations.length, first });
    expect(violations).not.toEqual([]);
  });
});

interface BreakParams {
  /** That fail, one after the other. */
  readonly trials: number;
  readonly mutant?: Mutant;
}

/** Generations of workers, each killed with kill -9: all they know of each other is in the database. */
async function breakAndMend({ trials, mutant }: BreakParams) {
  let found: BreakerFindings | undefined;
  let lostTrialMs: number | undefined;
  const violations = await withFaultyServers({
    mutant,
    async work(servers) {
      const { scratch, problems } = servers;
      const { databasePath } = scratch;
      const tasks = Array.from({ length: TASKS }, (_, index) =>
        sampleTask({ description: `Try ${index}`, maxAttempts: 100 }),
      );
      await addAuditedTasks(databasePath, tasks);
      const field = openField(servers);
      try {
        lostTrialMs = await play(field, { trials, problems });
      } finally {
        await field.killAll();
        const writes = field.writes();
        field.close();
        found = consultBreakerOracle(writes, RULES);
        problems.push(...found.problems);
      }
      problems.push(...consultTaskOracle(databasePath).problems);
    },
  });
  if (found === undefined) throw new Error('The campaign did not run.');
  return { violations, found, lostTrialMs };
}

/** Returns how long a trial was waited for whose worker had been killed. */
async function play(
  field: Field,
  { trials, problems }: { trials: number; problems: string[] },
): Promise<number> {
  await field.start(FAILING);
  await field.until(
    'the breaker is open',
    (writes) => lastOpening(writes) !== undefined || claimsIn(writes) > FAILURES_MAX,
  );
  await field.killAll();
  if (lastOpening(field.writes()) === undefined) {
    problems.push(`${FAILURES_MAX} attempts failed, and the breaker never opened.`);
    throw new CampaignOver();
  }

  const single = await field.runOne();
  const opened = Date.parse(lastOpening(field.writes())?.after?.openedAt ?? '');
  if (Date.now() < opened + COOLDOWN_MS && single.stopped_by !== 'breaker_open')
    problems.push(`A run that begins while the breaker is open ends with ${single.stopped_by}.`);

  const before = trialsIn(field.writes());
  await field.start(FAILING_SLOWLY);
  // The one after them has only begun when this generation is killed: nobody hears what comes of it.
  await field.until(`${trials} trials fail`, (writes) => trialsIn(writes) >= before + trials + 1);
  await field.killAll();

  const lostBefore = trialsIn(field.writes());
  await field.start(SUCCEEDING, { FAILPOINT_KILL: 'task_claimed:1' });
  await field.until('a trial is lost', (writes) => trialsIn(writes) > lostBefore);
  const lostAt = performance.now();
  await field.until('the lost trial passes', (writes) => trialsIn(writes) > lostBefore + 1);
  const lostTrialMs = Math.round(performance.now() - lostAt);
  await field.killAll();

  await field.start(SUCCEEDING);
  await field.until('all is done', (_, left) => left === 0);
  return lostTrialMs;
}

interface Field {
  /** Workers that do this, and wait for more. */
  start(script: ScriptEntry, env?: Readonly<Record<string, string>>): Promise<void>;
  runOne(): ReturnType<typeof runWorker>;
  killAll(): Promise<void>;
  writes(): readonly Write[];
  /** Waits for what has to come; throws {@link CampaignOver} where it does not. */
  until(what: string, isSo: (writes: readonly Write[], left: number) => boolean): Promise<void>;
  close(): void;
}

function openField({ scratch, serverFile, problems }: FaultyServers): Field {
  const trail = openAuditTrail(scratch.databasePath);
  const workers = new Set<WorkerProcess>();
  const scriptFile = join(scratch.folder, 'script.json');
  const params = {
    serverFile,
    cwd: scratch.folder,
    env: {
      ...scratch.env,
      USE_STUB_AI_CLIENT: 'true',
      STUB_AI_SCRIPT: scriptFile,
      TASK_FAILURES_IN_ROW_MAX: String(FAILURES_IN_ROW),
      TASK_BREAKER_COOLDOWN_SECONDS: String(COOLDOWN_MS / 1_000),
      TASK_LEASE_SECONDS: String(LEASE_MS / 1_000),
    },
  };
  return {
    async start(script, env) {
      await writeFile(scriptFile, JSON.stringify([script]));
      for (let worker = 0; worker < WORKERS; worker++)
        workers.add(startWorker({ ...params, env: { ...params.env, ...env }, flags: ['--wait'] }));
    },
    // Bounded, in case that it is let through again and again.
    runOne: () => runWorker({ ...params, env: { ...params.env, TASK_RUN_ITERATIONS_MAX: '3' } }),
    async killAll() {
      for (const worker of workers) worker.kill('SIGKILL');
      await Promise.all([...workers].map(({ exited }) => exited));
      workers.clear();
    },
    writes: () => trail.read(),
    async until(what, isSo) {
      let length = -1;
      let movedAt = performance.now();
      while (performance.now() - movedAt < QUIET_MS) {
        const now = trail.length();
        if (now !== length) {
          length = now;
          movedAt = performance.now();
          if (isSo(trail.read(), trail.unfinished().length)) return;
        }
        await sleep(10);
      }
      problems.push(`It never happened that ${what}.`);
      throw new CampaignOver();
    },
    close: trail.close,
  };
}

function lastOpening(writes: readonly Write[]): BreakerWrite | undefined {
  return writes.filter((write) => write.what === 'breaker').findLast(({ after }) => after?.state === 'open');
}

function claimsIn(writes: readonly Write[]): number {
  return writes.filter(({ what, before, after }) => {
    return what === 'task' && before?.status === 'pending' && after?.status === 'in_progress';
  }).length;
}

function trialsIn(writes: readonly Write[]): number {
  return consultBreakerOracle(writes, RULES).trials;
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { taskId } from '../../src/domain/task.ts';
import type { RunResult } from '../../src/queue/run.ts';
import { startBabblingProvider } from '../support/babbling-provider.ts';
import { createRandom, reportFigures, SEED, startCampaign } from '../support/campaign.ts';
import { type FaultyServers, withFaultyServers } from '../support/faulty-servers.ts';
import { accepts, writeMoodyJudge } from '../support/moody-judge.ts';
import type { Mutant } from '../support/mutants.ts';
import { labourScript } from '../support/post-office.ts';
import { sampleTask } from '../support/sample-tasks.ts';
import { addAuditedTasks } from '../support/task-audit.ts';
import { TASK_MUTANTS } from '../support/task-mutants.ts';
import { consultTaskOracle } from '../support/task-oracle.ts';
import { runWorker } from '../support/worker-process.ts';

const ATTEMPTS = 3;
/** Of one judgement: the first, two retries and one repair. */
const REQUESTS_MAX = 4;
/** Attempts that do not count, because the model is out of order. */
const OUTAGES_MAX = 5;

const { judgementIgnored, noJudgementAccepts, noJudgementRefunds, garbageAccepts } = TASK_MUTANTS;

describe('R11: verifiers that say anything at all', () => {
  test('a command: what it did not accept is not completed, and is tried as often as it may be', async () => {
    const campaign = startCampaign('R11 verifying command');
    const { violations, result } = await judgeByCommand({
      tasks: campaign.times(12, 200),
      hangs: campaign.times(1, 5),
    });
    campaign.report({ ...result, violations: violations.length });
    expect(violations).toEqual([]);
    expect(result.completed).toBeGreaterThan(0);
    expect(result.failed).toBeGreaterThan(0);
  });

  test.each([judgementIgnored, noJudgementAccepts, noJudgementRefunds])(
    'a command catches: $name',
    async (mutant) => {
      const { violations } = await judgeByCommand({ tasks: 12, hangs: 0, mutant });
      reportMutant(mutant, violations);
      expect(violations).not.toEqual([]);
    },
  );

  test('a model: what it did not accept is not completed, and is tried as often as it may be', async () => {
    const campaign = startCampaign('R11 judging model');
    const { violations, result, judgementsMax } = await judgeByModel({ tasks: campaign.times(40, 500) });
    campaign.report({ ...result, judgements_per_attempt_max: judgementsMax, violations: violations.length });
    expect(violations).toEqual([]);
    expect(result.completed).toBeGreaterThan(0);
    expect(result.failed).toBeGreaterThan(0);
    expect(judgementsMax).toBeLessThanOrEqual(REQUESTS_MAX);
  });

  test.each([judgementIgnored, noJudgementAccepts, noJudgementRefunds, garbageAccepts])(
    'a model catches: $name',
    async (mutant) => {
      const { violations } = await judgeByModel({ tasks: 20, mutant });
      reportMutant(mutant, violations);
      expect(violations).not.toEqual([]);
    },
  );

  test('one that never works: the circuit breaker ends the run, and the next one too', async () => {
    const failuresInRow = 4;
    const violations = await withFaultyServers({
      async work(servers) {
        const { problems } = servers;
        await addAuditedTasks(servers.scratch.databasePath, tasksOf(3));
        // It is there, so that nothing is wrong with it before it is to judge.
        const judge = join(servers.scratch.folder, 'judge');
        await writeFile(judge, '#!/nowhere/node\n', { mode: 0o755 });
        const env = {
          USE_STUB_AI_CLIENT: 'true',
          TASK_VERIFY_COMMAND: judge,
          TASK_FAILURES_IN_ROW_MAX: String(failuresInRow),
        };
        const first = await work({ servers, env, tasks: 3 });
        if (first.stopped_by !== 'failures_in_row' || first.attempts !== failuresInRow)
          problems.push(`The first run made ${first.attempts} attempts (${first.stopped_by}).`);
        const second = await work({ servers, env, tasks: 3 });
        if (second.stopped_by !== 'breaker_open' || second.attempts !== 0)
          problems.push(`The second run made ${second.attempts} attempts (${second.stopped_by}).`);
      },
    });
    expect(violations).toEqual([]);
  });
});

function reportMutant({ name }: Mutant, violations: readonly string[]): void {
  const first = violations[0]?.slice(0, 120);
  reportFigures(`R11 without a guard: ${name}`, { violations: violations.length, first });
}

interface JudgedParams {
  readonly tasks: number;
  readonly mutant?: Mutant;
}

async function judgeByCommand({ tasks, hangs, mutant }: JudgedParams & { readonly hangs: number }) {
  let result: RunResult | undefined;
  const violations = await withFaultyServers({
    mutant,
    async work(servers) {
      const { scratch, problems } = servers;
      const { folder } = scratch;
      const taskIds = tasksOf(tasks).map((_, index) => taskId(index + 1));
      const judge = await writeMoodyJudge({
        folder,
        random: createRandom(SEED),
        taskIds,
        attempts: ATTEMPTS,
        hangs,
      });
      const script = join(folder, 'script.json');
      await writeFile(script, JSON.stringify(labourScript({ workMs: 0, againMs: 0, slowMs: 0 })));
      await addAuditedTasks(scratch.databasePath, tasksOf(tasks));
      const env = {
        USE_STUB_AI_CLIENT: 'true',
        STUB_AI_SCRIPT: script,
        TASK_VERIFY_COMMAND: judge.command,
        TASK_VERIFY_TIMEOUT_SECONDS: '5',
      };
      result = await work({ servers, env, tasks });
      problems.push(...wrongEnds(servers, (id, attempt) => accepts(judge.conductAt(id, attempt))));
    },
  });
  if (result === undefined) throw new Error('The campaign did not run.');
  return { violations, result };
}

async function judgeByModel({ tasks, mutant }: JudgedParams) {
  const provider = await startBabblingProvider({ random: createRandom(SEED), outagesMax: OUTAGES_MAX });
  let result: RunResult | undefined;
  try {
    const violations = await withFaultyServers({
      mutant,
      async work(servers) {
        await addAuditedTasks(servers.scratch.databasePath, tasksOf(tasks));
        result = await work({ servers, env: provider.env, tasks, refunds: OUTAGES_MAX });
        servers.problems.push(...wrongEnds(servers, provider.accepted));
        const counted = attemptsIn(servers) + provider.outages();
        if (provider.executions() > counted)
          servers.problems.push(`Of ${provider.executions()} attempts, ${counted} count.`);
      },
    });
    if (result === undefined) throw new Error('The campaign did not run.');
    return { violations, result, judgementsMax: provider.judgementsMax() };
  } finally {
    await provider.close();
  }
}

function tasksOf(count: number) {
  return Array.from({ length: count }, (_, index) =>
    sampleTask({ description: `Piece ${index}`, maxAttempts: ATTEMPTS }),
  );
}

interface WorkParams {
  readonly servers: FaultyServers;
  readonly env: Readonly<Record<string, string>>;
  readonly tasks: number;
  /** Attempts that may be made beyond those that count. */
  readonly refunds?: number;
}

/** One run of a worker over all tasks. More attempts than they have together would be a loop, and are cut short. */
async function work({ servers, env, tasks, refunds = 0 }: WorkParams): Promise<RunResult> {
  const { scratch, serverFile, problems } = servers;
  const iterations = tasks * ATTEMPTS + refunds + 1;
  const result = await runWorker({
    serverFile,
    cwd: scratch.folder,
    env: {
      TASK_FAILURES_IN_ROW_MAX: '1000',
      TASK_RUN_ITERATIONS_MAX: String(iterations),
      ...scratch.env,
      ...env,
    },
    flags: ['--max-tasks', String(tasks)],
  });
  if (result.attempts >= iterations)
    problems.push(`The run made ${result.attempts} attempts, and would go on.`);
  return result;
}

function attemptsIn({ scratch }: FaultyServers): number {
  return scratch.query<{ attempts: number }>('SELECT sum(attempts) AS attempts FROM tasks')[0]?.attempts ?? 0;
}

interface End {
  readonly taskNumber: number;
  readonly status: string;
  readonly attempts: number;
}

/** Each task ended as the verifier's words say, and in no other way. */
function wrongEnds(
  { scratch }: FaultyServers,
  isAccepted: (taskId: string, attempt: number) => boolean,
): readonly string[] {
  const ends = scratch.query<End>('SELECT task_number AS taskNumber, status, attempts FROM tasks');
  const wrong = ends.flatMap(({ taskNumber, status, attempts }) => {
    const id = taskId(taskNumber);
    const made = Array.from({ length: attempts }, (_, index) => isAccepted(id, index + 1));
    const expected = made.at(-1) === true ? 'completed' : attempts === ATTEMPTS ? 'failed' : 'pending';
    const problems = made.slice(0, -1).includes(true) ? [`${id} was tried again after it was accepted.`] : [];
    if (status !== expected)
      problems.push(`${id} is ${status} after ${attempts} attempts (${made.join(', ')}).`);
    return problems;
  });
  return [...wrong, ...consultTaskOracle(scratch.databasePath).problems];
}

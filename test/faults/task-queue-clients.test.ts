import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/domain/json.ts';
import type { HeldTask } from '../../src/queue/task-item.ts';
import type { TaskAnswer } from '../../src/queue/task-queue.ts';
import { createRandom, FULL, reportFigures, SEED, startCampaign } from '../support/campaign.ts';
import { type FaultyServers, withFaultyServers } from '../support/faulty-servers.ts';
import type { ToolOutcome, WireFailure } from '../support/mcp-clients.ts';
import type { Mutant } from '../support/mutants.ts';
import type { RawServer } from '../support/raw-server.ts';
import { sampleTask } from '../support/sample-tasks.ts';
import { addAuditedTasks } from '../support/task-audit.ts';
import { TASK_MUTANTS } from '../support/task-mutants.ts';
import { consultTaskOracle, type TaskFindings } from '../support/task-oracle.ts';

const SERVERS = 2;
const CLIENTS = 6;
const LEASE_SECONDS = 1;
const LEASE_MS = LEASE_SECONDS * 1_000;
/** Of completions, that something is done to; each of it. In the short form there are few, and more that is done. */
const MISCHIEF = FULL ? 0.05 : 0.15;
/** So many calls with nothing to claim, and nobody will ever give back what is left. */
const EMPTY_MAX = 200;
const PROBLEMS_MAX = 10;

const { noFencing, claimWithoutLock, noRepeats } = TASK_MUTANTS;

describe('R11: MCP clients as workers', () => {
  test('each task is completed once, whatever is sent twice, late, or with a token of before', async () => {
    const campaign = startCampaign('R11 clients');
    const { violations, found, count } = await drain(campaign.times(80, 2_000));
    campaign.report({
      completed: found.completed,
      claims: found.claims,
      leases_ended: found.expired,
      ...count,
      violations: violations.length,
    });
    expect(violations).toEqual([]);
    for (const [what, times] of Object.entries(count)) expect(times, what).toBeGreaterThan(0);
  });

  test.each([noFencing, claimWithoutLock, noRepeats])('catches: $name', async (mutant) => {
    const { violations } = await drain(80, mutant);
    const first = violations[0]?.slice(0, 120);
    reportFigures(`R11 without a guard: ${mutant.name}`, { violations: violations.length, first });
    expect(violations).not.toEqual([]);
  });
});

async function drain(tasks: number, mutant?: Mutant) {
  let found: TaskFindings | undefined;
  const count = { doubled: 0, repeated: 0, forged: 0, late: 0, refused_late: 0, renewed: 0, kills: 0 };
  const violations = await withFaultyServers({
    mutant,
    async work(servers) {
      const { scratch, problems } = servers;
      await addAuditedTasks(
        scratch.databasePath,
        Array.from({ length: tasks }, (_, index) =>
          sampleTask({ description: `Piece ${index}`, maxAttempts: 100 }),
        ),
      );
      const work = createWork(servers, count);
      await Promise.all(Array.from({ length: CLIENTS }, () => work()));
      found = consultTaskOracle(scratch.databasePath);
      problems.push(...found.problems);
    },
  });
  if (found === undefined) throw new Error('The campaign did not run.');
  return { violations, found, count };
}

/** What one client does: it claims, and completes, until there is nothing left. */
function createWork(servers: FaultyServers, count: Record<string, number>): () => Promise<void> {
  const { problems } = servers;
  const random = createRandom(SEED);
  const slots = Array.from({ length: SERVERS }, () => createSlot(servers));
  /** Whoever was given a task under a token, of all who ever were. */
  const holders = new Set<string>();
  const tally = (what: string) => {
    count[what] = (count[what] ?? 0) + 1;
  };

  /** Sends a call until it is answered; now and then the server is killed while it has it. */
  async function persist(tool: string, args: object): Promise<ToolOutcome> {
    for (;;) {
      const kills = random.chance(MISCHIEF / 4);
      if (kills) tally('kills');
      const outcome = await random.pick(slots)(tool, args, kills);
      if (outcome !== 'died') return outcome;
    }
  }

  async function claim(): Promise<Held | undefined> {
    const askedMs = performance.now();
    const { body } = await persist('claim_next_task', { lease_seconds: LEASE_SECONDS });
    const { task } = body as { readonly task?: HeldTask };
    if (task === undefined) return undefined;
    const { id: task_id, fencing_token, attempts: attempt } = task;
    const holder = `${task_id} under fencing token ${fencing_token}`;
    if (holders.has(holder)) problems.push(`Two claims were given ${holder}.`);
    holders.add(holder);
    const result = { attempt, token: fencing_token };
    return {
      args: { task_id, fencing_token, result },
      mayBeLost: () => performance.now() - askedMs >= LEASE_MS,
    };
  }

  async function complete(held: Held): Promise<void> {
    const { args } = held;
    if (random.chance(MISCHIEF)) await forge(held);
    if (random.chance(MISCHIEF)) await renew(held);
    if (random.chance(MISCHIEF)) {
      tally('late');
      await sleep(1.5 * LEASE_MS);
    }
    const copies = random.chance(MISCHIEF) ? 2 : 1;
    if (copies === 2) tally('doubled');
    const outcomes = await Promise.all(Array.from({ length: copies }, () => persist('complete_task', args)));
    const taken = outcomes.map((outcome) => isTaken(outcome, held));
    if (!taken.every(Boolean) || !random.chance(MISCHIEF)) return;
    tally('repeated');
    const again = await persist('complete_task', args);
    if (isTaken(again, held) && (again.body as TaskAnswer).replayed !== true)
      problems.push(`${args.task_id}: the repeat passed for a new call.`);
  }

  /** Whoever has lost a task is told so; anybody else has completed it, with the result that is kept. */
  function isTaken({ isError, body }: ToolOutcome, { args: { task_id, result }, mayBeLost }: Held): boolean {
    if (isError) {
      if (mayBeLost() && (body as WireFailure).error_code === 'LEASE_LOST') tally('refused_late');
      else problems.push(`${task_id}: its holder was told ${JSON.stringify(body)}.`);
      return false;
    }
    const { task } = body as TaskAnswer;
    if (task.status !== 'completed' || !isDeepStrictEqual(task.result, result))
      problems.push(`${task_id}: it is ${task.status} with ${JSON.stringify(task.result)}.`);
    return true;
  }

  /** Nobody ends a task without the token that holds it. */
  async function forge({ args: { task_id, fencing_token, result }, mayBeLost }: Held): Promise<void> {
    tally('forged');
    const [tool, call] = random.pick([
      ['complete_task', { task_id, fencing_token: fencing_token - 1, result }],
      ['complete_task', { task_id, fencing_token: fencing_token + 1, result }],
      ['complete_task', { task_id, result }],
      ['fail_task', { task_id, fencing_token: fencing_token - 1, reason: 'No.' }],
      ['fail_task', { task_id, reason: 'No.' }],
      ['start_task', { task_id, fencing_token: fencing_token - 1, lease_seconds: LEASE_SECONDS }],
      ['start_task', { task_id, lease_seconds: LEASE_SECONDS }],
    ] as const);
    const { isError, body } = await persist(tool, call);
    // What is not held any more, anybody may start.
    if (isError || (tool === 'start_task' && mayBeLost())) return;
    problems.push(`${task_id}: ${tool} took ${JSON.stringify(call)}: ${JSON.stringify(body)}.`);
  }

  async function renew({ args: { task_id, fencing_token }, mayBeLost }: Held): Promise<void> {
    tally('renewed');
    const call = { task_id, fencing_token, lease_seconds: LEASE_SECONDS };
    const { isError, body } = await persist('start_task', call);
    if (isError && !mayBeLost())
      problems.push(`${task_id}: its holder cannot renew it: ${JSON.stringify(body)}.`);
  }

  return async () => {
    for (let empty = 0; empty < EMPTY_MAX && problems.length < PROBLEMS_MAX; ) {
      const held = await claim();
      if (held !== undefined) {
        empty = 0;
        await complete(held);
        continue;
      }
      if (isAllDone()) return;
      empty++;
      await sleep(25);
    }
  };

  function isAllDone(): boolean {
    const unfinished = `SELECT count(*) AS left FROM tasks WHERE status IN ('pending', 'in_progress')`;
    return servers.scratch.query<{ left: number }>(unfinished)[0]?.left === 0;
  }
}

/** A task in the hands of a client. */
interface Held {
  readonly args: CompleteArgs;
  /** Whether the lease may have ended by now; then somebody else may have the task. */
  mayBeLost(): boolean;
}

interface CompleteArgs {
  readonly task_id: string;
  readonly fencing_token: number;
  readonly result: JsonObject;
}

type Call = (tool: string, args: object, kill: boolean) => Promise<ToolOutcome | 'died'>;

/** A place for a server, which is filled again when the server is killed. */
function createSlot(servers: FaultyServers): Call {
  let life: Promise<RawServer> | undefined;
  return async (tool, args, kill) => {
    life ??= servers.start({ ORCHESTRATOR_TOOLSETS: 'tasks', USE_STUB_AI_CLIENT: 'true' });
    const mine = life;
    const server = await mine;
    try {
      const answer = server.callTool(tool, args);
      answer.catch(() => {});
      if (kill) server.kill('SIGKILL');
      return await answer;
    } catch {
      if (life === mine) life = undefined;
      return 'died';
    }
  };
}

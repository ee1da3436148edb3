import { spawn } from 'node:child_process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { FAILPOINTS } from '../../src/domain/failpoint.ts';
import type { Answer } from '../../src/engine/answer.ts';
import type { Random } from './campaign.ts';
import { serverEnv, type ToolOutcome, type WireFailure } from './mcp-clients.ts';
import type { Acknowledged } from './oracle.ts';
import { attachRawServer, type RawServer } from './raw-server.ts';
import { SORTING_OFFICE, sortingOfficeStart, sortingOfficeUpdates } from './sorting-office.ts';

export interface KillingFieldParams {
  readonly serverFile: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly random: Random;
  readonly servers: number;
  readonly instances: number;
  readonly advances: number;
  /** Of calls that are sent to two servers at once. */
  readonly doubled: number;
  /** How many calls a server takes on average before it is killed. */
  readonly callsPerLife: number;
  /** Runs once the first server has made the database. */
  readonly prepare: () => void;
}

export interface KillingFieldResult {
  readonly acknowledged: readonly Acknowledged[];
  /** What clients saw that they never should. */
  readonly problems: readonly string[];
  readonly kills: number;
  /** Kills by the place in the program, or in its client's view, at which they hit. */
  readonly killsByPlace: Readonly<Record<string, number>>;
  /** Calls whose server died before it answered. */
  readonly interrupted: number;
  /** Interrupted calls that turned out to be committed when they were sent again. */
  readonly committedUnheard: number;
  readonly doubledCalls: number;
}

/** More deaths in a row than any call meets by chance. */
const ATTEMPTS_MAX = 200;
/** Enough to see what is wrong. */
const PROBLEMS_MAX = 10;
const CONCURRENT_RUNS_PER_SERVER = 3;

/**
 * Clients advance many instances through several servers on one file, while the servers are killed: at a
 * failpoint, right after a call was sent, or at the moment of an answer; by count, never by a timer. Whoever
 * hears nothing sends the same call again, to whichever server.
 */
export async function runKillingField(params: KillingFieldParams): Promise<KillingFieldResult> {
  const { random } = params;
  const acknowledged: Acknowledged[] = [];
  const problems: string[] = [];
  const killsByPlace: Record<string, number> = {};
  const count = { interrupted: 0, committedUnheard: 0, doubledCalls: 0 };
  const slots = Array.from({ length: params.servers }, () => createSlot(params, killsByPlace));

  /** Sends a call until it is answered. */
  async function persist(tool: string, args: object): Promise<{ outcome: ToolOutcome; deaths: number }> {
    for (let deaths = 0; deaths < ATTEMPTS_MAX; deaths++) {
      const outcome = await random.pick(slots).call(tool, args);
      if (outcome === 'died') {
        count.interrupted++;
        continue;
      }
      if (outcome.isError && (outcome.body as WireFailure).retryable) continue;
      return { outcome, deaths };
    }
    throw new Error(`${tool} was not answered in ${ATTEMPTS_MAX} attempts.`);
  }

  async function walk(number: number, advances: number): Promise<void> {
    const start = {
      workflow_name: SORTING_OFFICE,
      context: sortingOfficeStart,
      request_id: `start-${number}`,
    };
    let position = (await persist('start_workflow', start)).outcome.body as Answer;
    for (let index = 0; index < advances && problems.length < PROBLEMS_MAX; index++) {
      const call = `${number}/${index}`;
      const args = advanceCall({ position, call, random });
      const copies = random.chance(params.doubled) ? 2 : 1;
      if (copies === 2) count.doubledCalls++;
      const results = await Promise.all(
        Array.from({ length: copies }, () => persist('advance_workflow', args)),
      );
      const bodies: unknown[] = [];
      for (const { outcome, deaths } of results) {
        if (outcome.isError) {
          problems.push(`Call ${call} failed: ${JSON.stringify(outcome.body)}`);
          return;
        }
        const answer = outcome.body as Answer;
        if (copies === 1 && deaths > 0 && answer.replayed) count.committedUnheard++;
        if (answer.revision !== position.revision + 1)
          problems.push(`Call ${call} led from revision ${position.revision} to ${answer.revision}.`);
        acknowledged.push({ instanceId: answer.instance_id, call, answer });
        bodies.push({ ...answer, replayed: undefined });
      }
      if (copies === 2 && !isDeepStrictEqual(bodies[0], bodies[1]))
        problems.push(`Call ${call} got two answers: ${JSON.stringify(bodies)}`);
      position = results[0]?.outcome.body as Answer;
    }
  }

  try {
    await persist('list_instances', {});
    params.prepare();
    const each = Math.ceil(params.advances / params.instances);
    const waiting = Array.from({ length: params.instances }, (_, number) => number);
    const walkers = Array.from({ length: params.servers * CONCURRENT_RUNS_PER_SERVER }, async () => {
      for (let number = waiting.shift(); number !== undefined; number = waiting.shift())
        await walk(number, each).catch((error: unknown) => problems.push(`Run ${number}: ${String(error)}`));
    });
    await Promise.all(walkers);
  } finally {
    await Promise.all(slots.map((slot) => slot.close()));
  }
  const kills = Object.values(killsByPlace).reduce((sum, kill) => sum + kill, 0);
  return { acknowledged, problems, kills, killsByPlace, ...count };
}

interface AdvanceCallParams {
  readonly position: Answer;
  readonly call: string;
  readonly random: Random;
}

/** One of the ways in which a client may make its call safe to repeat. */
function advanceCall({ position, call, random }: AdvanceCallParams): object {
  const keys = random.pick([
    { step_token: position.step_token },
    { step_token: position.step_token, request_id: call },
    { request_id: call },
    {},
  ]);
  return {
    instance_id: position.instance_id,
    ...keys,
    report: {
      status: random.pick(['success', 'failure']),
      result: { call },
      ...(!('step_token' in keys) && { step_id: position.next_step.step_name }),
    },
    context_updates: sortingOfficeUpdates(position.revision, random.below(100)),
  };
}

interface Slot {
  call(tool: string, args: object): Promise<ToolOutcome | 'died'>;
  close(): Promise<void>;
}

/** How a server will end. */
type Death =
  | { readonly place: (typeof FAILPOINTS)[number]; readonly passes: number }
  | { readonly place: 'sent' | 'answered'; readonly calls: number; readonly turns: number };

/** A place for a server, which is filled again when the server is killed. */
function createSlot(params: KillingFieldParams, kills: Record<string, number>): Slot {
  let life: { readonly server: RawServer; readonly ready: Promise<void>; calls: number } | undefined;
  let death: Death;
  let closing = false;

  function living() {
    if (life !== undefined) return life;
    death = drawDeath(params);
    const child = spawn(process.execPath, [params.serverFile], {
      cwd: params.cwd,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: serverEnv({
        ...params.env,
        FAILPOINT_STALL: 'decision_made:2',
        ...('passes' in death && { FAILPOINT_KILL: `${death.place}:${death.passes}` }),
      }),
    });
    const server = attachRawServer(child);
    const born = { server, ready: server.initialize(), calls: 0 };
    born.ready.catch(() => {});
    life = born;
    const { place } = death;
    void server.exited.then(({ signal }) => {
      if (closing) return;
      const how = signal === 'SIGKILL' ? place : `ended by itself (${signal})`;
      kills[how] = (kills[how] ?? 0) + 1;
      if (life === born) life = undefined;
    });
    return born;
  }

  return {
    async call(tool, args) {
      const { server, ready } = living();
      const mine = life;
      try {
        await ready;
        if (mine === undefined) return 'died';
        mine.calls++;
        const due = 'calls' in death && mine === life && mine.calls === death.calls ? death : undefined;
        const answer = server.callTool(tool, args);
        answer.catch(() => {});
        if (due?.place === 'sent') {
          for (let turn = 0; turn < due.turns; turn++) await nextTurn();
          server.kill('SIGKILL');
        }
        const outcome = await answer;
        if (due?.place === 'answered') server.kill('SIGKILL');
        return outcome;
      } catch {
        await server.exited;
        return 'died';
      }
    },
    async close() {
      closing = true;
      life?.server.kill('SIGKILL');
      await life?.server.exited;
    },
  };
}

function drawDeath({ random, callsPerLife }: KillingFieldParams): Death {
  const count = 1 + random.below(2 * callsPerLife - 1);
  const place = random.pick([...FAILPOINTS, 'sent', 'sent', 'answered'] as const);
  return place === 'sent' || place === 'answered'
    ? { place, calls: count, turns: random.below(60) }
    : { place, passes: count };
}

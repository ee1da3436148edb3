import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Campaign, startCampaign } from '../support/campaign.ts';
import { sailFleet } from '../support/downstream-fleet.ts';
import { buildFaulty, type FaultyBuild } from '../support/faulty-build.ts';
import { answerByHand, serveHttp } from '../support/http-servers.ts';
import type { SystemHubParams } from '../support/hub-process.ts';
import { childrenOf, processesWith } from '../support/marked-processes.ts';
import { moody } from '../support/moody-servers.ts';
import type { Mutant } from '../support/mutants.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** In the environment of every server of one run. */
const VARIABLE = 'R12_CAMPAIGN';
/** How long what is left behind may take to be gone. */
const GONE_MS = 5_000;
const JSON_TYPE = { 'content-type': 'application/json' };

const MUTANTS = {
  noDeadline: {
    name: 'no deadline',
    patches: [
      {
        file: 'hub/deadline.ts',
        replace: 'exceeded = limit;\n      ended.abort();',
        by: 'exceeded = undefined;',
      },
    ],
  },
  noMessageBound: {
    name: 'no bound on a message',
    patches: [
      {
        file: 'hub/newline-framing.ts',
        replace: 'if (bytes <= limits.messageBytesMax) return undefined;',
        by: 'if (bytes >= 0) return undefined;',
      },
    ],
  },
  noMarkLookedFor: {
    name: 'only the process group is ended',
    patches: [
      { file: 'hub/process-tree.ts', replace: '  await killMarked(mark);', by: '  void [killMarked, mark];' },
    ],
  },
  noEndOfTurn: {
    name: 'a start that hangs keeps its turn',
    patches: [
      {
        file: 'hub/start-queue.ts',
        replace: 'timers.start(turnMs, endTurn)',
        by: 'timers.start(turnMs, () => {})',
      },
    ],
  },
  noGuardian: {
    name: 'no guardian',
    patches: [
      {
        file: 'hub/supervisor.ts',
        replace: 'guardian = startGuardian({ mark, env: childEnv, logger });',
        by: 'void startGuardian;',
      },
    ],
  },
  noReaping: {
    name: 'no record is read',
    patches: [
      {
        file: 'hub/create-hub.ts',
        replace: 'stateFolder === undefined ? undefined : reapOrphans({ folder: stateFolder, logger })',
        by: '[stateFolder].length > 1 ? reapOrphans({ folder: "", logger }) : undefined',
      },
    ],
  },
} as const satisfies Record<string, Mutant>;

// Everything is looked for in /proc.
describe.skipIf(process.platform !== 'linux')('R12: downstream servers', () => {
  let sound: FaultyBuild;

  beforeAll(async () => {
    sound = await buildFaulty({ entry: 'hub-process' });
  });

  afterAll(() => sound.dispose());

  describe('that hang, die, send garbage or 50 MB', () => {
    test('every call ends by its deadline with a code, others are unaffected, nothing is left', async () => {
      const campaign = startCampaign('R12 misbehaviour');
      const total = { misbehaviours: 0, good_calls: 0, slowest_good_ms: 0, latest_ms: -Infinity };
      const faults: Record<string, number> = {};
      const violations: string[] = [];
      for (let round = 0; round < campaign.times(1, 20); round++) {
        const result = await fleet(sound);
        violations.push(...result.violations);
        for (const [code, count] of Object.entries(result.faults)) faults[code] = (faults[code] ?? 0) + count;
        total.misbehaviours += Object.values(result.faults).reduce((sum, count) => sum + count, 0);
        total.good_calls += result.goodCalls;
        total.slowest_good_ms = Math.max(total.slowest_good_ms, result.slowestGoodMs);
        total.latest_ms = Math.max(total.latest_ms, Math.round(result.latestMs));
      }
      campaign.report({ ...total, ...faults, violations: violations.length });
      expect(violations).toEqual([]);
      expect(total.good_calls).toBeGreaterThan(campaign.times(20, 400));
      expect(Object.keys(faults).sort()).toEqual([
        'SERVER_TIMEOUT',
        'SERVER_UNAVAILABLE',
        'TOOL_FAILED',
        'TOO_LARGE',
      ]);
    });

    const { noDeadline, noMessageBound, noMarkLookedFor } = MUTANTS;
    test.each([
      { ...noDeadline, only: 'hangsInCall' },
      { ...noMessageBound, only: 'fiftyMegabytes' },
      { ...noMarkLookedFor, only: 'leaves' },
    ])('catches: $name', async ({ only, ...mutant }) => {
      await expectCaught(mutant, async (build) => (await fleet(build, only)).violations);
    });
  });

  describe('that hang while they start', () => {
    test('let others start', async () => {
      const campaign = startCampaign('R12 starts');
      const { violations, startedMs } = await startBesideHanging(sound);
      campaign.report({ hanging: 8, started_ms: startedMs, violations: violations.length });
      expect(violations).toEqual([]);
    });

    test(`catches: ${MUTANTS.noEndOfTurn.name}`, async () => {
      await expectCaught(MUTANTS.noEndOfTurn, async (build) => (await startBesideHanging(build)).violations);
    });
  });

  describe('when we are killed', () => {
    test('none is left soon after, without a start of ours', async () => {
      const campaign = startCampaign('R12 kill -9');
      const result = await killAgainAndAgain({
        build: sound,
        campaign,
        kills: campaign.times(6, 100),
        withGuardian: false,
      });
      campaign.report(figuresOf(result));
      expect(result.violations).toEqual([]);
      expect(result.interrupted).toBeGreaterThan(campaign.times(10, 300));
    });

    test('with the guardian, none is left after the next start of ours', async () => {
      const campaign = startCampaign('R12 kill -9 of both');
      const result = await killAgainAndAgain({
        build: sound,
        campaign,
        kills: campaign.times(2, 30),
        withGuardian: true,
      });
      campaign.report(figuresOf(result));
      expect(result.violations).toEqual([]);
      expect(result.interrupted).toBeGreaterThan(campaign.times(4, 60));
    });

    test.each([
      [MUTANTS.noGuardian, false],
      [MUTANTS.noReaping, true],
    ])('catches: $name', async (mutant, withGuardian) => {
      await expectCaught(mutant, async (build, campaign) => {
        const { violations } = await killAgainAndAgain({ build, campaign, kills: 1, withGuardian });
        return violations;
      });
    });
  });
});

/** A campaign against a build with a defect has to find something. */
async function expectCaught(
  mutant: Mutant,
  work: (build: FaultyBuild, campaign: Campaign) => Promise<readonly string[]>,
): Promise<void> {
  const campaign = startCampaign(`R12 without a guard: ${mutant.name}`);
  const build = await buildFaulty({ entry: 'hub-process', mutant });
  try {
    const violations = await work(build, campaign);
    campaign.report({ violations: violations.length, first: (violations[0] ?? '').slice(0, 120) });
    expect(violations).not.toEqual([]);
  } finally {
    await build.dispose();
  }
}

async function fleet(build: FaultyBuild, only?: string) {
  const { openSystemHub, Fault } = await build.hubProcess();
  const run = createRun();
  const big = JSON.stringify({ jsonrpc: '2.0', id: 0, result: { text: 'x'.repeat(50 * 1024 * 1024) } });
  const result = await sailFleet({
    only,
    openHub: openSystemHub,
    folder: temporaryFolder(),
    env: run.env,
    urls: {
      hangs: await serveHttp(() => new Promise<never>(() => {})),
      big: await serveHttp(answerByHand({ 'tools/call': () => new Response(big, { headers: JSON_TYPE }) })),
      garbage: await serveHttp(() => new Response('<html>', { headers: JSON_TYPE })),
    },
    isFault: (error) => error instanceof Fault,
  });
  const left = await run.left();
  return { ...result, violations: [...result.violations, ...left.violations] };
}

async function startBesideHanging(build: FaultyBuild) {
  const { openSystemHub } = await build.hubProcess();
  const run = createRun();
  const hanging = Array.from({ length: 8 }, (_, index) => [
    `hanging-${index}`,
    { ...moody('hangs-on-start'), env: run.env },
  ]);
  const hub = openSystemHub({
    servers: { ...Object.fromEntries(hanging), good: { ...moody(), env: run.env } },
    stateFolder: temporaryFolder(),
    limits: { startTurnMs: 200 },
  });
  for (const { name } of hub.statuses()) if (name !== 'good') hub.start(name).catch(() => {});
  const beganMs = performance.now();
  const outcome = await Promise.race([
    hub.start('good').then(() => 'started'),
    new Promise((resolve) => setTimeout(resolve, 5_000, 'not started within 5 s')),
  ]);
  const startedMs = Math.round(performance.now() - beganMs);
  await hub.close();
  return {
    startedMs,
    violations: [...(outcome === 'started' ? [] : [`good: ${outcome}`]), ...(await run.left()).violations],
  };
}

/** What marks the servers of one run of a campaign. */
function createRun() {
  const id = randomUUID();
  const present = () => processesWith(`${VARIABLE}=${id}`);
  // Whatever a defect leaves behind must not outlive the test.
  onTestFinished(() => {
    for (const pid of present()) process.kill(pid, 'SIGKILL');
  });
  return {
    env: { [VARIABLE]: id },
    present,
    left: () => whatIsLeft(present),
  };
}

interface Leftovers {
  /** Who was still there when everybody should have been gone. */
  readonly violations: readonly string[];
  readonly goneAfterMs: number;
}

async function whatIsLeft(present: () => readonly number[]): Promise<Leftovers> {
  const startedMs = performance.now();
  while (present().length > 0 && performance.now() - startedMs < GONE_MS)
    await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    violations: present().map((pid) => `process ${pid} was left behind`),
    goneAfterMs: Math.round(performance.now() - startedMs),
  };
}

interface KillParams {
  readonly build: FaultyBuild;
  readonly campaign: Campaign;
  readonly kills: number;
  /** Kill the guardian in the same moment; then the next start has to clean up. */
  readonly withGuardian: boolean;
}

interface KillResult {
  readonly violations: readonly string[];
  readonly kills: number;
  /** Processes that were there in the moment of the kill. */
  readonly interrupted: number;
  readonly slowestMs: number;
}

function figuresOf({ violations, kills, interrupted, slowestMs }: KillResult) {
  return {
    kills,
    interrupted_processes: interrupted,
    gone_after_ms_max: slowestMs,
    violations: violations.length,
  };
}

/** Half of the kills hit a hub that is ready, the others one that is starting its servers. */
async function killAgainAndAgain({ build, campaign, kills, withGuardian }: KillParams): Promise<KillResult> {
  const violations: string[] = [];
  let interrupted = 0;
  let slowestMs = 0;
  for (let kill = 0; kill < kills; kill++) {
    const run = createRun();
    const moods = ['good', 'stubborn', 'hangs-on-start', 'chatty'] as const;
    const params: SystemHubParams = {
      servers: Object.fromEntries(moods.map((mood) => [mood, { ...moody(mood), env: run.env }])),
      stateFolder: join(temporaryFolder(), 'state'),
      limits: { connectMs: 2_000 },
    };
    const child = startHubProcess(build, params);
    if (kill % 2 === 0) await firstLine(child);
    else {
      await untilPresent(run.present);
      await new Promise((resolve) => setTimeout(resolve, campaign.random() * 500));
    }
    interrupted += run.present().length;
    const guardians = withGuardian
      ? childrenOf(child.pid ?? 0).filter((pid) => !run.present().includes(pid))
      : [];
    for (const pid of [...guardians, child.pid ?? 0]) process.kill(pid, 'SIGKILL');
    if (withGuardian) {
      await new Promise((resolve) => child.once('exit', resolve));
      const { openSystemHub } = await build.hubProcess();
      await openSystemHub({ ...params, servers: {} }).close();
    }
    const left = await run.left();
    slowestMs = Math.max(slowestMs, left.goneAfterMs);
    violations.push(...left.violations);
  }
  return { violations, kills, interrupted, slowestMs };
}

function startHubProcess({ serverFile }: FaultyBuild, params: SystemHubParams): ChildProcess {
  const child = spawn(process.execPath, [serverFile, 'wait-to-be-killed', JSON.stringify(params)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

function firstLine({ stdout }: ChildProcess): Promise<void> {
  return new Promise((resolve) => stdout?.once('data', () => resolve()));
}

async function untilPresent(present: () => readonly number[]): Promise<void> {
  while (present().length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
}

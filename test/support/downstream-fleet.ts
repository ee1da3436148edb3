import { join } from 'node:path';
import type { JsonObject } from '../../src/domain/json.ts';
import type { CallToolParams, Hub, ServerSpec } from '../../src/hub/hub.ts';
import type { HubLimits } from '../../src/hub/limits.ts';
import type { Fault, openSystemHub } from './hub-process.ts';
import { type Mood, moody, SLOPPY_SERVER } from './moody-servers.ts';

/** Of what is going to exceed it, and of what is not, however busy the machine is. */
const HASTY = { connectMs: 2_000, callMs: 1_500 } as const;
const PATIENT = { connectMs: 60_000, callMs: 60_000 } as const;
const COMMON = { callStretchMax: 2, startTurnMs: 300, pingMs: 500 } as const satisfies Partial<HubLimits>;

/** Something that a server does, and what its caller has to be told. */
interface Misbehaviour {
  readonly spec: ServerSpec;
  readonly call: Omit<CallToolParams, 'server'>;
  /** The code of the fault; undefined where the call succeeds all the same. */
  readonly code?: string;
  /** It does not even shake hands. */
  readonly hangsAtStart?: true;
}

export interface FleetParams {
  /** The misbehaviour that matters; left out: all of them. */
  readonly only?: string | undefined;
  readonly openHub: typeof openSystemHub;
  readonly folder: string;
  /** Is in the environment of all servers, so that a campaign finds them again. */
  readonly env: Readonly<Record<string, string>>;
  /** Where a server over HTTP hangs, sends 50 MB, and sends garbage. */
  readonly urls: { readonly hangs: string; readonly big: string; readonly garbage: string };
  readonly isFault: (error: unknown) => error is Fault;
}

export interface FleetResult {
  readonly violations: readonly string[];
  readonly faults: Readonly<Record<string, number>>;
  /** Calls of the servers that do nothing wrong meanwhile. */
  readonly goodCalls: number;
  readonly slowestGoodMs: number;
  /** By how much the latest fault missed its deadline; negative: it did not. */
  readonly latestMs: number;
}

const MIB = 1024 * 1024;
/** What a loaded machine may add to a deadline. */
const SLACK_MS = 3_000;

/** All misbehaviours at once, each of a server of its own, while others do what they should. */
export async function sailFleet(params: FleetParams): Promise<FleetResult> {
  const { openHub, folder, env, isFault, only } = params;
  const misbehaviours = Object.entries(misbehavioursOf(params)).filter(([name]) => (only ?? name) === name);
  const marked = (spec: ServerSpec): ServerSpec =>
    'url' in spec ? spec : { ...spec, env: { ...spec.env, ...env } };
  const open = (limits: Partial<HubLimits>, servers: Readonly<Record<string, ServerSpec>>) =>
    openHub({ servers, stateFolder: join(folder, 'state'), limits: { ...COMMON, ...limits } });
  const specsOf = (areHasty: boolean) =>
    Object.fromEntries(
      misbehaviours
        .filter(([, { hangsAtStart }]) => (hangsAtStart === true) === areHasty)
        .map(([name, { spec }]) => [name, marked(spec)]),
    );
  const hastyHub = open(HASTY, specsOf(true));
  const hub = open(PATIENT, {
    ...specsOf(false),
    good: { ...moody(), env },
    sloppy: { ...SLOPPY_SERVER, env },
  });
  const violations: string[] = [];
  const faults: Record<string, number> = {};
  let latestMs = Number.NEGATIVE_INFINITY;

  async function misbehave(name: string, { call, code, hangsAtStart }: Misbehaviour): Promise<void> {
    const isHasty = code === 'SERVER_TIMEOUT';
    // How long a start takes says nothing about the deadline of a call.
    if (isHasty && !hangsAtStart) await hub.start(name);
    const { connectMs, callMs } = isHasty ? HASTY : PATIENT;
    const deadlineMs = hangsAtStart ? connectMs : callMs * COMMON.callStretchMax;
    const startedMs = performance.now();
    const used = hangsAtStart ? hastyHub : hub;
    const outcome = untilRetriesEnd(used, { ...call, server: name, timeoutMs: callMs }, isFault);
    const error = await giveUpAfter(deadlineMs + SLACK_MS, outcome);
    latestMs = Math.max(latestMs, performance.now() - startedMs - deadlineMs);
    if (error === LATE) violations.push(`${name}: nothing was said by the deadline`);
    else if (error !== undefined && !isFault(error)) violations.push(`${name}: ${error}`);
    else if (error?.code !== code)
      violations.push(`${name}: ${error?.code ?? 'success'} instead of ${code ?? 'success'}`);
    if (isFault(error)) faults[error.code] = (faults[error.code] ?? 0) + 1;
  }

  const meanwhile = callMeanwhile(hub, violations);
  await Promise.all(misbehaviours.map(([name, misbehaviour]) => misbehave(name, misbehaviour)));
  const { goodCalls, slowestGoodMs } = await meanwhile.stop();
  await Promise.all([hub.close(), hastyHub.close()]);
  return { violations, faults, goodCalls, slowestGoodMs, latestMs };
}

function misbehavioursOf({ folder, urls }: FleetParams): Readonly<Record<string, Misbehaviour>> {
  const call = (tool = 'echo', args: JsonObject = {}) => ({ tool, args });
  const stdio = (mood: Mood, code?: string, argument?: string): Misbehaviour => ({
    spec: moody(mood, argument),
    call: call(),
    ...(code !== undefined && { code }),
  });
  const inCall = (tool: string, args: JsonObject, code?: string): Misbehaviour => ({
    spec: moody(),
    call: call(tool, args),
    ...(code !== undefined && { code }),
  });
  const overHttp = (url: string, code: string): Misbehaviour => ({ spec: { url }, call: call(), code });
  return {
    missing: { spec: { command: '/nowhere/nonesuch' }, call: call(), code: 'SERVER_UNAVAILABLE' },
    ends: stdio('ends-on-start', 'SERVER_UNAVAILABLE'),
    hangs: { ...stdio('hangs-on-start', 'SERVER_TIMEOUT'), hangsAtStart: true },
    floods: stdio('floods', 'SERVER_UNAVAILABLE'),
    lineless: stdio('endless-line', 'SERVER_UNAVAILABLE'),
    deaf: stdio('deaf', 'SERVER_TIMEOUT'),
    chatty: stdio('chatty'),
    endlessPages: stdio('endless-pages'),
    thirdTime: stdio('third-time', undefined, join(folder, `attempts-${Math.random()}`)),
    hangsInCall: inCall('hang', {}, 'SERVER_TIMEOUT'),
    neverDone: inCall('slow', { steps: 50, total: 51 }, 'SERVER_TIMEOUT'),
    dies: inCall('die', {}, 'SERVER_UNAVAILABLE'),
    fiftyMegabytes: inCall('big', { bytes: 50 * MIB }, 'TOO_LARGE'),
    eightyMegabytes: inCall('big', { bytes: 80 * MIB, idFirst: true }, 'SERVER_UNAVAILABLE'),
    nested: inCall('deep', { levels: 100_000 }, 'TOO_LARGE'),
    garbage: inCall('garbage', { lines: 100 }),
    fails: inCall('fail', { words: 'No.' }, 'TOOL_FAILED'),
    refuses: inCall('refuse', { code: -32603, message: 'No.' }, 'TOOL_FAILED'),
    leaves: inCall('leave', { detached: true }),
    stubborn: { ...stdio('stubborn'), call: call('leave', { detached: false }) },
    hangsOverHttp: { ...overHttp(urls.hangs, 'SERVER_TIMEOUT'), hangsAtStart: true },
    bigOverHttp: overHttp(urls.big, 'TOO_LARGE'),
    garbageOverHttp: overHttp(urls.garbage, 'SERVER_UNAVAILABLE'),
  };
}

const LATE = Symbol('late');

function giveUpAfter<Value>(ms: number, work: Promise<Value>): Promise<Value | typeof LATE> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(LATE), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Calls a tool, and again as often as a server may need three tries. Undefined: it succeeded. */
async function untilRetriesEnd(
  hub: Hub,
  call: CallToolParams,
  isFault: FleetParams['isFault'],
): Promise<unknown> {
  for (let tries = 1; ; tries++) {
    try {
      await hub.callTool(call);
      return undefined;
    } catch (error) {
      if (call.server !== 'thirdTime' || tries === 3 || !isFault(error)) return error;
      await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs));
    }
  }
}

/** One call after the other of servers that do nothing wrong. */
function callMeanwhile(hub: Hub, violations: string[]) {
  const calls: readonly CallToolParams[] = [
    { server: 'good', tool: 'echo', args: {} },
    { server: 'sloppy', tool: 'add', args: { a: 1, b: 2 } },
  ];
  let isOver = false;
  let goodCalls = 0;
  let slowestGoodMs = 0;
  const work = Promise.all(
    calls.map(async (call) => {
      await hub.start(call.server);
      while (!isOver) {
        const startedMs = performance.now();
        await hub.callTool(call);
        goodCalls += 1;
        slowestGoodMs = Math.max(slowestGoodMs, performance.now() - startedMs);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }),
  ).catch((error: unknown) => violations.push(`A server that does nothing wrong: ${error}`));
  return {
    async stop() {
      isOver = true;
      await work;
      return { goodCalls, slowestGoodMs: Math.round(slowestGoodMs) };
    },
  };
}

import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '../../src/domain/logger.ts';
import {
  DEFAULT_SCRIPT_LIMITS,
  type GuestCall,
  SCRIPT_STATUSES,
  type ScriptLimits,
  type ScriptOutcome,
  type ScriptRunner,
} from '../../src/sandbox/runner.ts';
import type { Mutant } from '../support/mutants.ts';
import { startStallWatch } from '../support/stall-watch.ts';
import { ESCAPES, FORGED, SABOTAGES } from './sandbox-escapes.ts';
import { type SandboxRoom, sandboxRoom, startCampaign } from './subject.ts';

// A11: a script gets nothing but its functions, stops when it has to, and holds up nobody else.

const campaign = startCampaign('A11 sandbox');

/** Past its limit, a script is gone after this. */
const STOP_MS_MAX = 250;
/** The host's event loop may stand still for this long. */
const STALL_MS_MAX = 50;
/** Other programs on the machine only ever add to a time, so the best of so many counts. */
const TRIES = 6;
/** What the process may grow by, while scripts of 64 MB ask for gigabytes. */
const GROWTH_BYTES_MAX = 200 * 1024 * 1024;

type Part = 'escapes' | 'endless' | 'memory' | 'calls' | 'stalls';

const MUTANTS: readonly (Mutant & { readonly part: Part })[] = [
  {
    name: 'the bridge looks for JSON when it needs it',
    part: 'escapes',
    patches: [
      {
        file: 'sandbox/guest/prelude.ts',
        replace: 'return stringify(value, plain);',
        by: 'return JSON.stringify(value, plain);',
      },
    ],
  },
  {
    name: 'scripts see the call sites of errors',
    part: 'escapes',
    patches: [{ file: 'sandbox/guest/prelude.ts', replace: 'delete Error.prepareStackTrace;', by: '' }],
  },
  {
    name: 'the bridge is left where scripts find it, and believes them',
    part: 'escapes',
    patches: [
      {
        file: 'sandbox/guest/prelude.ts',
        replace: 'const timers = { __proto__: null };',
        by: 'const timers = { __proto__: null }; globalThis.hostCall = call;',
      },
      {
        file: 'sandbox/guest/call-desk.ts',
        replace: '!names.has(call.name) ||',
        by: '',
      },
    ],
  },
  {
    name: 'what waits is kept in an object like any other',
    part: 'escapes',
    patches: [
      {
        file: 'sandbox/guest/prelude.ts',
        replace: 'const waiting = { __proto__: null };',
        by: 'const waiting = {};',
      },
    ],
  },
  {
    name: 'nobody looks at a thread that does not look itself',
    part: 'endless',
    patches: [
      { file: 'sandbox/thread-run.ts', replace: '< limits.cpuMs + GRACE_MS', by: '< limits.cpuMs + 2_000' },
    ],
  },
  {
    name: 'a script is asked to stop, and not made to',
    part: 'endless',
    patches: [
      {
        file: 'sandbox/thread-run.ts',
        replace: 'finish(why, false), GRACE_MS);',
        by: 'finish(why, false), 2_000);',
      },
    ],
  },
  {
    name: 'the engine has all the memory that it wants',
    part: 'memory',
    patches: [
      { file: 'sandbox/guest/virtual-machine.ts', replace: 'memoryLimit: params.memoryBytes,', by: '' },
    ],
  },
  {
    name: 'calls that wait are not counted as memory',
    part: 'memory',
    patches: [
      {
        file: 'sandbox/guest/call-desk.ts',
        replace: "if (queuedBytes > limits.memoryBytes) return { limit: 'memoryBytes' };",
        by: '',
      },
    ],
  },
  {
    name: 'one call too many',
    part: 'calls',
    patches: [
      {
        file: 'sandbox/guest/call-desk.ts',
        replace: 'seq > limits.callsMax',
        by: 'seq > limits.callsMax + 1',
      },
    ],
  },
  {
    name: 'all calls are handed on in one turn',
    part: 'stalls',
    patches: [
      { file: 'sandbox/call-answers.ts', replace: 'const TURN_MS = 2;', by: 'const TURN_MS = 5_000;' },
    ],
  },
];

let room: SandboxRoom;
beforeAll(async () => {
  process.env.A11_CANARY = CANARY;
  room = await sandboxRoom();
});
afterAll(() => {
  delete process.env.A11_CANARY;
});

describe('A11: scripts', () => {
  test('get nothing that leads out', async () => {
    const found = await withRunner(room, attackBySabotage);
    campaign.report({
      escapes: ESCAPES.length,
      combined: found.combined,
      violations: found.violations.length,
    });
    expect(found.violations).toEqual([]);
    expect(ESCAPES.length).toBeGreaterThanOrEqual(40);
  });

  test('that do not end are ended', async () => {
    const found = await withRunner(room, runEndless);
    campaign.report({
      endless: COMPUTING.length + WAITING.length,
      slowest_stop_ms: found.slowestMs,
      violations: found.violations.length,
    });
    expect(found.violations).toEqual([]);
  });

  test('that want all memory do not get it', async () => {
    const found = await withRunner(room, exhaustMemory);
    campaign.report({
      memory: GREEDY.length,
      growth_mb: found.growthMb,
      violations: found.violations.length,
    });
    expect(found.violations).toEqual([]);
  });

  test('that call without end are counted', async () => {
    const found = await withRunner(room, callOften);
    campaign.report({ calls: found.calls, violations: found.violations.length });
    expect(found.violations).toEqual([]);
  });

  test('hold up nobody', async () => {
    const found = await withRunner(room, stallHost);
    campaign.report({ worst_stall_ms: found.worstMs, violations: found.violations.length });
    expect(found.violations).toEqual([]);
  });

  const parts: Readonly<Record<Part, (subject: Subject) => Promise<Found>>> = {
    escapes: attackBySabotage,
    endless: runEndless,
    memory: exhaustMemory,
    calls: callOften,
    stalls: stallHost,
  };
  test.each(MUTANTS)('caught: $name', async (mutant) => {
    const planted = await sandboxRoom(mutant);
    expect((await withRunner({ ...planted, isPlanted: true }, parts[mutant.part])).violations).not.toEqual(
      [],
    );
  });
});

function sample<Item>(items: readonly Item[], count: number): readonly Item[] {
  return Array.from({ length: count }, () => campaign.random.pick(items));
}

const CANARY = 'canary-of-the-host';
const NAMES = ['echo', 'fail'];

interface Subject {
  /** How often something is tried that takes too long. */
  readonly tries: number;
  /** Against a planted defect, one violation is enough. */
  isEnough(violations: readonly string[]): boolean;
  run(source: string, options?: RunOptions): Promise<Run>;
}

interface RunOptions {
  readonly limits?: Partial<ScriptLimits>;
  readonly signal?: AbortSignal;
  readonly onCall?: (call: GuestCall) => Promise<void>;
}

interface Run {
  readonly outcome: ScriptOutcome;
  readonly ms: number;
  /** What the host saw that it must not see. */
  readonly violations: readonly string[];
}

interface Found {
  readonly violations: readonly string[];
}

async function withRunner<Figures extends Found>(
  at: SandboxRoom & { readonly isPlanted?: boolean },
  attack: (subject: Subject) => Promise<Figures>,
): Promise<Figures> {
  const runner = at.createQuickjsRunner({ workerFile: at.workerFile, logger: silentLogger, workersMax: 2 });
  try {
    return await attack({
      run: (source, options) => runWatched(runner, source, options),
      tries: at.isPlanted ? 2 : TRIES,
      isEnough: (violations) => at.isPlanted === true && violations.length > 0,
    });
  } finally {
    await runner.close();
  }
}

/** Runs a script, and looks at all that it does to the host. */
async function runWatched(runner: ScriptRunner, source: string, options: RunOptions = {}): Promise<Run> {
  const violations: string[] = [];
  const numbers = new Set<number>();
  const before = performance.now();
  const outcome = await runner
    .run({
      source,
      functionNames: NAMES,
      now: () => 0,
      randomSeed: 1,
      limits: { ...DEFAULT_SCRIPT_LIMITS, wallMs: 20_000, ...options.limits },
      signal: options.signal,
      onCall: async (call) => {
        if (!(call.seq > 0) || numbers.has(call.seq)) violations.push(`call ${call.seq} again`);
        numbers.add(call.seq);
        if (![...NAMES, 'sleep'].includes(call.name)) violations.push(`a call of ${call.name}`);
        if (!Array.isArray(call.args)) violations.push(`arguments ${typeof call.args}`);
        // Its text, not its value: to inspect large values would hold up the host whose stalls are measured.
        if (`${call.name} ${call.argsJson}`.includes(FORGED)) violations.push('a forged call');
        if (call.line !== undefined && !(Number.isInteger(call.line) && call.line > 0 && call.line < 1_000))
          violations.push(`line ${call.line}`);
        await options.onCall?.(call);
        return call.name === 'fail'
          ? { ok: false, message: 'It failed.', fields: { server: 'x' } }
          : { ok: true, value: call.args[0] ?? null };
      },
    })
    .catch((error: unknown) => {
      violations.push(`the run was rejected: ${String(error)}`);
    });
  const ms = performance.now() - before;
  const polluted = Object.keys(Object.prototype).concat(
    Object.keys(Array.prototype),
    Object.keys(Function.prototype),
  );
  if (polluted.length > 0 || 'polluted' in {}) violations.push(`prototypes of the host: ${polluted.join()}`);
  if (outcome === undefined) throw new Error(violations.join());
  if (Math.max(0, ...numbers) > outcome.calls) violations.push('more calls than are told');
  if (!SCRIPT_STATUSES.includes(outcome.status)) violations.push(`status ${outcome.status}`);
  if (outcome.output.includes(FORGED)) violations.push(outcome.output);
  if (JSON.stringify(outcome).includes(CANARY)) violations.push('the environment of the host');
  return { outcome, ms, violations };
}

/** Each attempt alone, then sabotages in front of ordinary work and of other attempts. After each, all is as it was. */
async function attackBySabotage({ run, isEnough }: Subject) {
  const violations: string[] = [];
  const limits = { cpuMs: 2_000, wallMs: 10_000 };
  const check = async (name: string, source: string, isCombined: boolean) => {
    const { outcome, violations: seen } = await run(source, { limits });
    violations.push(...seen.map((violation) => `${name}: ${violation}`));
    // Where an attempt is combined with others, these may have changed what it returns.
    if (!isCombined && outcome.status === 'completed' && outcome.result)
      violations.push(`${name}: ${JSON.stringify(outcome.result)}`);
    if (existsSync('/tmp/a11-escaped')) violations.push(`${name}: a file was written`);
  };
  for (const { name, source } of ESCAPES) {
    await check(name, source, false);
    if (isEnough(violations)) break;
  }
  const combined = campaign.times(150, 5_000);
  for (let round = 0; round < combined && !isEnough(violations); round += 1) {
    const sabotages = Array.from({ length: 1 + campaign.random.below(3) }, () =>
      campaign.random.pick(SABOTAGES),
    );
    const { name, source } = campaign.random.pick(ESCAPES);
    await check(`${sabotages.join('\n')}\n${name}`, `${sabotages.join('\n')}\n${source}`, true);
    if (round % 10 === 0) {
      const { outcome } = await run(
        'const own = await echo({ a: [1] }); return [own, typeof polluted, Object.keys({}).length, JSON.stringify([1])]',
      );
      if (JSON.stringify(outcome.result) !== '[{"a":[1]},"undefined",0,"[1]"]')
        violations.push('a later script is not as it should be');
    }
  }
  return { violations, combined };
}

/** Never ends of itself: computes, in ways that the engine notices and in ways that it does not, ... */
const COMPUTING: readonly string[] = [
  "'a'.repeat(2e6).includes('a'.repeat(1e6) + 'b')",
  'while (true) {}',
  'for (;;) try { for (;;); } catch {} finally { for (;;); }',
  'const f = () => Promise.resolve().then(f); f(); await new Promise(() => {})',
  'for (;;) await null',
  '(function f() { queueMicrotask(f) })(); await new Promise(() => {})',
  'async function* f() { for (;;) yield 1 } for await (const _ of f());',
  "/^(a+)+$/.test('a'.repeat(50) + 'b')",
  "/^(?:.*?,){25}x/.test('a,'.repeat(60))",
  "'x'.replace(/x/, () => { for (;;); })",
  '[2, 1].sort(() => { for (;;); })',
  'class A { static { for (;;); } }',
  'JSON.stringify({ toJSON() { for (;;); } })',
  'return { toJSON() { for (;;); } }',
  'throw { get message() { for (;;); } }',
  'console.log({ toString() { for (;;); }, toJSON() { for (;;); } })',
  'new Proxy({}, { get() { for (;;); } }).x',
  'await { then() { for (;;); } }',
  "eval('for (;;);')",
  "'a'.repeat(1e6).split('').join('').lastIndexOf('a'.repeat(5e5) + 'b'); for (;;);",
  'new Array(2 ** 32 - 1).includes(1)',
  'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)',
  'let n = 3n; for (let i = 0; i < 30; i++) n = n * n; for (;;);',
  `async <T>(${'async <T>('.repeat(40)}`,
  'Array.from({ length: 2 ** 32 })',
];

/** ... or waits. */
const WAITING: readonly string[] = [
  'for (;;) await echo(1)',
  'for (;;) await sleep(0)',
  '(function f() { setTimeout(f, 0) })(); await new Promise(() => {})',
  "await Promise.all([echo('for ever'), echo('for ever')])",
];

/** Stops at its limit, or when it is cancelled. */
async function runEndless({ run, tries, isEnough }: Subject) {
  const violations: string[] = [];
  let slowestMs = 0;
  /** `attempt` returns how late the script stopped. */
  const measure = async (name: string, attempt: () => Promise<number>) => {
    if (isEnough(violations)) return;
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < tries && best > STOP_MS_MAX; round += 1) {
      // The first one of a thread waits until that is there.
      await run('return 1');
      best = Math.min(best, await attempt());
    }
    slowestMs = Math.max(slowestMs, Math.round(best));
    if (best > STOP_MS_MAX) violations.push(`${name}: ${Math.round(best)} ms late`);
  };
  const onCall = ({ args }: GuestCall) =>
    args[0] === 'for ever' ? new Promise<void>(() => {}) : Promise.resolve();
  const runLimited = async (source: string, limit: 'cpuMs' | 'wallMs', limits: Partial<ScriptLimits>) => {
    const {
      outcome,
      ms,
      violations: seen,
    } = await run(source, { limits: { callsMax: 1e6, ...limits }, onCall });
    violations.push(...seen.map((violation) => `${source}: ${violation}`));
    // Some are refused before they begin to compute for ever.
    if (outcome.status === 'failed') return 0;
    if (outcome.error?.limit !== limit)
      violations.push(`${source}: ${JSON.stringify(outcome).slice(0, 300)}`);
    return ms - (limits[limit] ?? 0);
  };
  const runCancelled = async (source: string) => {
    let cancelledAt = Number.NaN;
    const cancelling = new AbortController();
    const timer = setTimeout(() => {
      cancelledAt = performance.now();
      cancelling.abort();
    }, 60);
    const { violations: seen } = await run(source, {
      signal: cancelling.signal,
      limits: { callsMax: 1e6 },
      onCall,
    });
    clearTimeout(timer);
    violations.push(...seen.map((violation) => `${source}: ${violation}`));
    return Number.isNaN(cancelledAt) ? 0 : performance.now() - cancelledAt;
  };
  for (const source of COMPUTING) {
    await measure(`limited: ${source}`, () => runLimited(source, 'cpuMs', { cpuMs: 150, wallMs: 20_000 }));
    await measure(`cancelled: ${source}`, () => runCancelled(source));
  }
  for (const source of WAITING) {
    await measure(`limited: ${source}`, () => runLimited(source, 'wallMs', { wallMs: 200 }));
    await measure(`cancelled: ${source}`, () => runCancelled(source));
  }
  return { violations, slowestMs };
}

/** Asks for a gigabyte and more. */
const HOARDING = "for (;;) echo('x'.repeat(1e6))";
const GREEDY_ALWAYS: readonly string[] = [
  'const all = []; for (;;) all.push(new ArrayBuffer(2 ** 20))',
  HOARDING,
];
const GREEDY: readonly string[] = [
  'const all = []; for (;;) all.push(new Array(1000).fill(1))',
  'const all = []; for (;;) all.push({ a: all.length })',
  "const all = []; for (;;) all.push('x'.repeat(1e6) + all.length)",
  "let text = 'x'; for (;;) { text += text; text.charCodeAt(1e9) }",
  "let text = 'x'.repeat(1e6); const all = []; for (;;) all.push(text.split(''))",
  'new ArrayBuffer(2 ** 30)',
  'const all = []; for (;;) all.push(new SharedArrayBuffer(2 ** 20))',
  'const all = []; for (;;) all.push(new ArrayBuffer(1, { maxByteLength: 2 ** 28 }).resize(2 ** 28))',
  'new Float64Array(2 ** 27)',
  'const all = new Map(); for (;;) all.set({}, all.size)',
  'const all = new Set(); for (let i = 0; ; i++) all.add(i + 0.5)',
  "for (let i = 0; ; i++) globalThis['key' + i] = i",
  "const all = []; for (let i = 0; ; i++) all.push(Symbol('x'.repeat(1000) + i))",
  'let deep = []; for (;;) deep = [deep]',
  "const bytes = new TextEncoder(); const all = []; for (;;) all.push(bytes.encode('x'.repeat(1e6)))",
  'const all = [new Array(1e5).fill(1)]; for (;;) all.push(structuredClone(all[0]))',
  "const all = []; for (;;) all.push(JSON.parse('[' + '1,'.repeat(1e5) + '1]'))",
  "const all = []; for (let i = 0; ; i++) all.push(new RegExp('(a|b)'.repeat(100) + i))",
  "const all = []; for (let i = 0; ; i++) all.push(new Function('return ' + '1 + '.repeat(1000) + i))",
  'const all = []; for (;;) all.push(new Promise(() => {}))',
  'for (;;) Promise.reject(new Error())',
  "for (;;) echo('x'.repeat(1e4))",
  'for (;;) setTimeout(() => {}, 1e6, new Array(1000).fill(1))',
  "for (;;) console.log('x'.repeat(1e6))",
  "return 'x'.repeat(5e7)",
  "throw new Error('x'.repeat(5e7))",
  "await echo('x'.repeat(5e7))",
  "console.log('é'.repeat(2e7)); return 1",
  'function* endless() { for (;;) yield 1 } return [...endless()]',
  'const f = () => f() + 1; f()',
  'const nested = () => JSON.stringify({ toJSON: nested }); nested()',
  "JSON.parse('['.repeat(1e7))",
  "new RegExp('('.repeat(1e6) + ')'.repeat(1e6))",
  "eval('('.repeat(1e6))",
  "const s = 'x'.repeat(2 ** 25); s.replaceAll('x', s)",
  "'x'.padEnd(2 ** 30 - 2)",
  'new Array(2 ** 32 - 1).fill(0)',
  'BigInt(2) ** BigInt(2 ** 30)',
  'Object.fromEntries(Array.from({ length: 1e7 }, (_, i) => [i, i]))',
];

async function exhaustMemory({ run, isEnough }: Subject) {
  const violations: string[] = [];
  const before = process.memoryUsage().rss;
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 5);
  const greedy = campaign.times(0, 1) === 1 ? GREEDY : sample(GREEDY, 12);
  for (const source of [...GREEDY_ALWAYS, ...greedy]) {
    if (isEnough(violations)) break;
    if (peak - before > GROWTH_BYTES_MAX) break;
    const { outcome, violations: seen } = await run(source, {
      limits: source === HOARDING ? { memoryBytes: 16e6 } : { cpuMs: 1_500, callsMax: 1e6 },
      onCall: () => new Promise(() => {}),
    });
    violations.push(...seen.map((violation) => `${source}: ${violation}`));
    if (source === HOARDING && outcome.calls > 20) violations.push(`${outcome.calls} MB of calls that wait`);
    const isStopped = ['limit_exceeded', 'failed'].includes(outcome.status) || source.includes('return 1');
    if (!isStopped) violations.push(`${source}: ${outcome.status}`);
    if (outcome.error?.name === 'InternalError' && /sandbox/.test(outcome.error.message))
      violations.push(`${source}: the thread broke down`);
  }
  clearInterval(watch);
  const growth = peak - before;
  if (growth > GROWTH_BYTES_MAX) violations.push(`the process grew by ${growth} bytes`);
  return { violations, scripts: GREEDY_ALWAYS.length + greedy.length, growthMb: Math.round(growth / 1e6) };
}

async function callOften({ run, isEnough }: Subject) {
  const violations: string[] = [];
  const ways = {
    'one by one': (calls: number) => `for (let i = 0; i < ${calls}; i++) await echo(i)`,
    'all at once': (calls: number) =>
      `await Promise.all(Array.from({ length: ${calls} }, (_, i) => echo(i)))`,
    'as sleeps': (calls: number) => `await Promise.all(Array.from({ length: ${calls} }, () => sleep(1)))`,
    'not waited for': (calls: number) => `for (let i = 0; i < ${calls}; i++) void echo(i); await sleep(0)`,
  };
  let calls = 0;
  for (const [name, way] of Object.entries(ways)) {
    if (isEnough(violations)) break;
    const limits = { callsMax: 10_001, wallMs: 60_000, cpuMs: 30_000 };
    const fits = await run(`${way(10_000)}; return 'done'`, { limits });
    const exceeds = await run(`try { ${way(10_002)} } catch {} return 'done'`, { limits });
    calls += fits.outcome.calls + exceeds.outcome.calls;
    violations.push(...fits.violations, ...exceeds.violations);
    if (fits.outcome.result !== 'done') violations.push(`${name}: ${JSON.stringify(fits.outcome)}`);
    if (exceeds.outcome.error?.limit !== 'callsMax')
      violations.push(`${name}: ${JSON.stringify(exceeds.outcome)}`);
  }
  return { violations, calls };
}

/** What could keep the host from its other work. */
const BUSY: readonly string[] = [
  'while (true) {}',
  "'a'.repeat(2e6).includes('a'.repeat(1e6) + 'b')",
  'const all = []; for (;;) all.push(new Array(1000).fill(1))',
  'await Promise.all(Array.from({ length: 10_000 }, (_, i) => echo(i)))',
  // Long numbers are what takes longest to read.
  'const large = Array(19_990).fill(1.2345678901234567e-100); await Promise.all(Array.from({ length: 32 }, () => echo(large)))',
  // Many long texts are what takes longest to hand over.
  "const text = 'x'.repeat(1e6); await Promise.all(Array.from({ length: 32 }, () => echo(text)))",
  'const wide = {}; for (let i = 0; i < 19_990; i++) wide[i + "k"] = i; await Promise.all(Array.from({ length: 32 }, () => echo(wide)))',
  "for (let i = 0; i < 1e4; i++) console.log('x'.repeat(1e3))",
];

async function stallHost({ run, tries, isEnough }: Subject) {
  const violations: string[] = [];
  let worstMs = 0;
  for (const source of BUSY) {
    if (isEnough(violations)) break;
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < tries && best > STALL_MS_MAX; round += 1) {
      await run('return 1');
      const watch = startStallWatch();
      const { violations: seen } = await run(source, {
        limits: {
          cpuMs: source.includes('for (;;)') || source.startsWith('while') ? 500 : 10_000,
          callsMax: 10_000,
        },
      });
      best = Math.min(best, watch.stop());
      violations.push(...seen.map((violation) => `${source}: ${violation}`));
    }
    worstMs = Math.max(worstMs, Math.round(best));
    if (best > STALL_MS_MAX) violations.push(`${source}: the host stood still for ${Math.round(best)} ms`);
  }
  return { violations, worstMs };
}

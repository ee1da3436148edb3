import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { openBareSteps } from '../bare-steps.ts';
import { type BenchClient, CLIENTS, type Connect, ourProgram, STUB, startRun } from '../bench-client.ts';
import { DECLARED_LOOP, GUIDED_LOOP, LOOP_REPORT, writeLoopWorkflows } from '../loop-workflows.ts';
import { type BenchContext, type Measurement, type Row, reference } from '../measurement.ts';
import { type Call, type Contestant, type Outcome, race } from '../race.ts';
import { medianRatio } from '../statistics.ts';

const DECLARED = 'declared transitions';
const GUIDED = 'guided, the stub decides';
const IN_MEMORY = 'guided, database in memory';
const NO_OP = 'no-op, bundled';
const NO_OP_UNBUNDLED = 'no-op, unbundled';
const BARE = 'bare SQLite, no server';

const JUDGED = [DECLARED, GUIDED];
/** Where a commit waits for no disk: what is left is our own work. */
const MEMORY_FOLDER = '/dev/shm';

/** Durable advances against calls that do nothing, by the same clients over the same pipes, in turn. */
export const throughput: Measurement = {
  name: 'throughput',
  async run(context) {
    const rounds = context.quick ? 6 : 24;
    const callsPerRound = 160;
    const yardsticks = [NO_OP, BARE];
    const rows: Row[] = [];
    for (const [clientName, connect] of Object.entries(CLIENTS)) {
      const servers = await startServers(context, connect);
      for (const inFlight of [1, 16]) {
        const contestants = await contestantsOf(servers, inFlight);
        await race({ contestants, rounds: WARM_UP_ROUNDS, callsPerRound, yardsticks });
        const outcomes = await race({ contestants, rounds, callsPerRound, yardsticks });
        rows.push(...rowsOf({ group: `${clientName}, ${inFlight} in flight`, contestants, outcomes }));
      }
      await servers.close();
    }
    return {
      title: 'Durable advances over stdio: reports of 200 bytes, synchronous=FULL, stub decider',
      columns: [
        { title: 'calls/s', digits: 0, bar: 'advancesPerSecond' },
        { title: 'to no-op', digits: 2, bar: 'advancesToNoOpCalls' },
        { title: 'to unbundled', digits: 2 },
        { title: 'of attainable', digits: 2 },
        { title: 'p50 ms', digits: 2 },
        { title: 'p99 ms', digits: 2, bar: 'advanceP99Ms' },
        { title: 'server CPU µs', digits: 0 },
      ],
      rows,
      notes: [
        `Medians of the calmer half of ${rounds} rounds of ${callsPerRound} calls, all contestants in turn; the bundled ` +
          'no-op and the bare transaction tell how calm a round was.',
        'A no-op: a call of the hello-world server of the SDK, bundled as ours is or not, with arguments of the same size.',
        'Attainable: a no-op and a bare transaction in succession, the least that a durable call takes by itself.',
        'The processor time of the answering process is the figure that a busy machine leaves as it is.',
        'Calls in flight wait for each other, and their times are no measure of one advance: p99 is judged with one.',
      ],
    };
  },
};

/** Until what is hot is compiled. */
const WARM_UP_ROUNDS = 6;

interface Servers {
  readonly ours: BenchClient;
  /** Undefined where there is no such folder. */
  readonly inMemory: BenchClient | undefined;
  readonly hello: BenchClient;
  readonly unbundledHello: BenchClient;
  readonly bareStep: () => void;
  close(): Promise<void>;
}

async function startServers(context: BenchContext, connect: Connect): Promise<Servers> {
  const folder = await context.newFolder();
  const workflows = await writeLoopWorkflows(folder);
  const { bundled, unbundled } = await context.helloServers();
  const ours = ourProgram({ folder, workflows, env: STUB });
  const memory = existsSync(MEMORY_FOLDER) ? await mkdtemp(`${MEMORY_FOLDER}/bench-`) : undefined;
  const servers = {
    ours: await connect(ours),
    inMemory:
      memory === undefined ? undefined : await connect(ourProgram({ folder: memory, workflows, env: STUB })),
    hello: await connect({ ...ours, file: bundled }),
    unbundledHello: await connect({ ...ours, file: unbundled }),
  };
  return {
    ...servers,
    bareStep: openBareSteps(folder),
    async close() {
      for (const client of Object.values(servers)) await client?.close();
      if (memory !== undefined) await rm(memory, { recursive: true });
    },
  };
}

async function contestantsOf(servers: Servers, inFlight: number): Promise<readonly Contestant[]> {
  const lanes = (open: () => Call | Promise<Call>) => Promise.all(Array.from({ length: inFlight }, open));
  const advances = (client: BenchClient, workflow: string) => lanes(() => advanceCall(client, workflow));
  const { ours, inMemory, hello, unbundledHello, bareStep } = servers;
  return [
    { label: DECLARED, pid: ours.pid, lanes: await advances(ours, DECLARED_LOOP) },
    { label: GUIDED, pid: ours.pid, lanes: await advances(ours, GUIDED_LOOP) },
    ...(inMemory
      ? [{ label: IN_MEMORY, pid: inMemory.pid, lanes: await advances(inMemory, GUIDED_LOOP) }]
      : []),
    { label: NO_OP, pid: hello.pid, lanes: await lanes(() => noOpCall(hello)) },
    { label: NO_OP_UNBUNDLED, pid: unbundledHello.pid, lanes: await lanes(() => noOpCall(unbundledHello)) },
    // A process can have but one transaction at a time.
    { label: BARE, pid: process.pid, lanes: [bareStep] },
  ];
}

async function advanceCall(client: BenchClient, workflow: string): Promise<Call> {
  const run = await startRun(client, workflow);
  return () => run.advance({ report: LOOP_REPORT });
}

/** Has as many bytes to carry as an advance. */
function noOpCall(client: BenchClient): Call {
  const name = 'x'.repeat(JSON.stringify(ADVANCE_ARGS).length - JSON.stringify({ name: '' }).length);
  return () => client.call('greet', { name });
}

const ADVANCE_ARGS = {
  instance_id: '00000000-0000-4000-8000-000000000000',
  step_token: 'x'.repeat(22),
  report: LOOP_REPORT,
};

interface RowsParams {
  readonly group: string;
  readonly contestants: readonly Contestant[];
  /** In the order of the contestants. */
  readonly outcomes: readonly Outcome[];
}

function rowsOf({ group, contestants, outcomes }: RowsParams): readonly Row[] {
  const ratesOf = (label: string) =>
    outcomes[contestants.findIndex((one) => one.label === label)]?.rates ?? [];
  const attainable = inSuccession(ratesOf(NO_OP), ratesOf(BARE));
  return contestants.flatMap(({ label, lanes }, index): readonly Row[] => {
    const outcome = outcomes[index];
    if (outcome === undefined) return [];
    const { rates, rate, p50Ms, p99Ms, cpuUs } = outcome;
    const ratios = [ratesOf(NO_OP), ratesOf(NO_OP_UNBUNDLED), attainable].map((others) =>
      medianRatio(rates, others),
    );
    const cells = [rate, ...ratios, p50Ms, lanes.length === 1 ? p99Ms : reference(p99Ms), cpuUs];
    return [
      {
        label: `${group}: ${label}`,
        cells: JUDGED.includes(label)
          ? cells
          : cells.map((cell) => (typeof cell === 'number' ? reference(cell) : cell)),
      },
    ];
  });
}

/** How many times a second both can be done one after the other, round by round. */
function inSuccession(rates: readonly number[], others: readonly number[]): readonly number[] {
  return rates.map((rate, round) => 1 / (1 / rate + 1 / (others[round] ?? Number.NaN)));
}

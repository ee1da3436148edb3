import { cpuUsOf } from './process-usage.ts';
import { median, quantile, sum } from './statistics.ts';

export type Call = () => unknown;

/** Something that is called as fast as it answers. */
export interface Contestant {
  readonly label: string;
  /** One per call in flight: each waits for its own answer. */
  readonly lanes: readonly Call[];
  /** Of the process that answers. */
  readonly pid: number;
}

export interface Outcome {
  /** Calls per second, one figure a round; the same rounds for all contestants. */
  readonly rates: readonly number[];
  readonly rate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the answering process per call; undefined where the system does not tell. */
  readonly cpuUs: number | undefined;
}

export interface RaceParams {
  readonly contestants: readonly Contestant[];
  readonly rounds: number;
  /** Of each contestant, all its lanes together. */
  readonly callsPerRound: number;
  /** Contestants that tell how busy the machine is with other things: the rounds in which they were slow do not count. */
  readonly yardsticks: readonly string[];
}

/** All contestants in each round, so that whatever else the machine does meets them all. */
export async function race(params: RaceParams): Promise<readonly Outcome[]> {
  const { contestants, callsPerRound, yardsticks } = params;
  const rounds: Heat[][] = [];
  while (rounds.length < params.rounds) {
    const heats: Heat[] = [];
    for (const contestant of contestants) heats.push(await runHeat(contestant, callsPerRound));
    rounds.push(heats);
  }
  const secondsOfYardsticks = (heats: readonly Heat[]) =>
    sum(
      heats.map(({ rate }, index) => (yardsticks.includes(contestants[index]?.label ?? '') ? 1 / rate : 0)),
    );
  const calm = rounds
    .toSorted((one, other) => secondsOfYardsticks(one) - secondsOfYardsticks(other))
    .slice(0, Math.ceil(rounds.length / 2));
  return contestants.map((_, index) => outcomeOf(calm.flatMap((heats) => heats[index] ?? [])));
}

interface Heat {
  readonly rate: number;
  readonly latencies: readonly number[];
  readonly cpuUs: number | undefined;
}

async function runHeat({ lanes, pid }: Contestant, calls: number): Promise<Heat> {
  const latencies: number[] = [];
  const runLane = async (call: Call) => {
    for (let made = 0; made < calls / lanes.length; made++) {
      const begin = performance.now();
      await call();
      latencies.push(performance.now() - begin);
    }
  };
  const cpuBefore = cpuUsOf(pid);
  const begin = performance.now();
  await Promise.all(lanes.map(runLane));
  const rate = (calls / (performance.now() - begin)) * 1_000;
  const cpuAfter = cpuUsOf(pid);
  const cpuUs =
    cpuBefore === undefined || cpuAfter === undefined ? undefined : (cpuAfter - cpuBefore) / calls;
  return { rate, latencies, cpuUs };
}

function outcomeOf(heats: readonly Heat[]): Outcome {
  const rates = heats.map(({ rate }) => rate);
  const latencies = heats.flatMap((heat) => heat.latencies);
  const cpuUs = heats.flatMap((heat) => heat.cpuUs ?? []);
  return {
    rates,
    rate: median(rates),
    p50Ms: median(latencies),
    p99Ms: quantile(latencies, 0.99),
    // A mean: one heat is too short for the system's clock.
    cpuUs: cpuUs.length === 0 ? undefined : sum(cpuUs) / cpuUs.length,
  };
}

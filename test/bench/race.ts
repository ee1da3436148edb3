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
  /** Calls per second, one figure a round. */
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
}

/** All contestants in each round, so that whatever else the machine does meets them all. */
export async function race(params: RaceParams): Promise<readonly Outcome[]> {
  const { contestants, rounds, callsPerRound } = params;
  const heats: Heat[][] = contestants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      heats[index]?.push(await runHeat(contestant, callsPerRound));
    }
  }
  return heats.map(outcomeOf);
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

/** Medians of what each heat came to: one in which the machine was busy elsewhere tells nothing. */
function outcomeOf(heats: readonly Heat[]): Outcome {
  const rates = heats.map(({ rate }) => rate);
  const cpuUs = heats.flatMap((heat) => heat.cpuUs ?? []);
  return {
    rates,
    rate: median(rates),
    p50Ms: median(heats.map(({ latencies }) => median(latencies))),
    p99Ms: median(heats.map(({ latencies }) => quantile(latencies, 0.99))),
    // A mean: one heat is too short for the system's clock.
    cpuUs: cpuUs.length === 0 ? undefined : sum(cpuUs) / cpuUs.length,
  };
}

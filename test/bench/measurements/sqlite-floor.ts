import { openBareSteps } from '../bare-steps.ts';
import type { Measurement } from '../measurement.ts';
import { median, quantile } from '../statistics.ts';

/** What the disk allows: the least that a durable step can be, with nothing of ours around it. */
export const sqliteFloor: Measurement = {
  name: 'sqlite-floor',
  async run({ quick, newFolder }) {
    const step = openBareSteps(await newFolder());
    const rounds = quick ? 3 : 10;
    const rates: number[] = [];
    const latencies: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const begin = performance.now();
      for (let done = 0; done < STEPS_PER_ROUND; done++) {
        const before = performance.now();
        step();
        latencies.push(performance.now() - before);
      }
      rates.push((STEPS_PER_ROUND / (performance.now() - begin)) * 1_000);
    }
    return {
      title: 'The floor of the disk: raw better-sqlite3, one transaction a step, synchronous=FULL',
      columns: [
        { title: 'steps/s', digits: 0 },
        { title: 'p50 ms', digits: 2 },
        { title: 'p99 ms', digits: 2 },
      ],
      rows: [
        {
          label: 'one row inserted, one updated',
          cells: [median(rates), median(latencies), quantile(latencies, 0.99)],
        },
      ],
    };
  },
};

const STEPS_PER_ROUND = 500;

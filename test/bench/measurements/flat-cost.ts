import { DEFAULT_LIMITS } from '../../../src/domain/limits.ts';
import { type BenchClient, connectV2, ourProgram, type Run, STUB, startRun } from '../bench-client.ts';
import { GUIDED_LOOP, LOOP_REPORT, writeLoopWorkflows } from '../loop-workflows.ts';
import type { Measurement } from '../measurement.ts';
import { median } from '../statistics.ts';

/** Whether a step costs the same however long its run already is. */
export const flatCost: Measurement = {
  name: 'flat-cost',
  async run({ quick, newFolder }) {
    const folder = await newFolder();
    const workflows = await writeLoopWorkflows(folder);
    const client = await connectV2(ourProgram({ folder, workflows, env: STUB }));
    await advanceBy(await startRun(client, GUIDED_LOOP), WARM_UP_STEPS);

    const steps = quick ? 1_000 : DEFAULT_LIMITS.transitionsMax;
    const run = await startRun(client, GUIDED_LOOP);
    const latencies = await advanceBy(run, steps - COMPARED_STEPS);
    const { old, young } = await advanceBeside(client, run);
    latencies.push(...old);
    await client.close();

    const first = (count: number) => median(latencies.slice(0, count));
    const last = (count: number) => median(latencies.slice(-count));
    const figures = (count: number, early = first(count)) => [early, last(count), last(count) / early];
    return {
      title: `Flat cost: one run of ${steps.toLocaleString('en-US')} steps; medians`,
      columns: [
        { title: 'first ms', digits: 2 },
        { title: 'last ms', digits: 2 },
        { title: 'last to first', digits: 2, bar: 'lastToFirstSteps' },
      ],
      rows: [
        { label: 'last 10 against first 10', cells: figures(10) },
        { label: 'last 100 against first 100', cells: figures(100) },
        {
          label: 'last 100 against the first 100 of new runs, in turn',
          cells: figures(COMPARED_STEPS, median(young)),
        },
      ],
      notes: ['In turn: both at the same time, so that neither a warm server nor a busy machine tells.'],
    };
  },
};

/** Longer than it takes to compile what is hot: else the first steps would be the slow ones. */
const WARM_UP_STEPS = 1_000;
const COMPARED_STEPS = 100;

async function advanceBy(run: Run, steps: number): Promise<number[]> {
  const latencies: number[] = [];
  for (let step = 0; step < steps; step++) latencies.push(await timedAdvance(run));
  return latencies;
}

/** The last steps of an old run, each beside one of the first ten of a new run. */
async function advanceBeside(client: BenchClient, oldRun: Run) {
  const old: number[] = [];
  const young: number[] = [];
  let youngRun = await startRun(client, GUIDED_LOOP);
  for (let step = 0; step < COMPARED_STEPS; step++) {
    if (step % 10 === 0) youngRun = await startRun(client, GUIDED_LOOP);
    old.push(await timedAdvance(oldRun));
    young.push(await timedAdvance(youngRun));
  }
  return { old, young };
}

async function timedAdvance(run: Run): Promise<number> {
  const begin = performance.now();
  await run.advance({ report: LOOP_REPORT });
  return performance.now() - begin;
}

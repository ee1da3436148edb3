import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { SERVER_FILE } from '../../support/mcp-clients.ts';
import { openQueue } from '../../support/queue-on-file.ts';
import { sampleTask } from '../../support/sample-tasks.ts';
import { startWorker } from '../../support/worker-process.ts';
import { openBareSteps } from '../bare-steps.ts';
import { databaseIn, ourProgram, STUB } from '../bench-client.ts';
import type { BenchContext, Measurement } from '../measurement.ts';
import { median, medianRatio } from '../statistics.ts';

const CREWS = [1, 4] as const;

/** How many tasks workers get done whose work costs nothing: what is left is the queue. */
export const draining: Measurement = {
  name: 'draining',
  async run(context) {
    const rounds = context.quick ? 1 : 3;
    const tasks = context.quick ? 400 : 1_000;
    const bare: number[] = [];
    const drained = new Map<number, number[]>(CREWS.map((workers) => [workers, []]));
    for (let round = 0; round < rounds; round++) {
      bare.push(await bareRate(context));
      for (const workers of CREWS) drained.get(workers)?.push(await drainRate({ context, workers, tasks }));
    }
    const ratesOf = (workers: number) => drained.get(workers) ?? [];
    return {
      title: `Draining a queue of ${tasks.toLocaleString('en-US')} tasks with the stub, ${rounds} rounds in turn; medians`,
      columns: [
        { title: 'per second', digits: 0 },
        { title: 'to bare', digits: 2 },
      ],
      rows: [
        { label: 'bare SQLite, one transaction each', cells: [median(bare), 1] },
        ...CREWS.map((workers) => ({
          label: workers === 1 ? '1 worker' : `${workers} workers`,
          cells: [median(ratesOf(workers)), medianRatio(ratesOf(workers), bare)],
        })),
      ],
      notes: [
        'A task takes two durable transactions: its claim, and its completion.',
        'From the first tenth of the queue to the last, so that starting and ending the processes does not count.',
      ],
    };
  },
};

const BARE_STEPS = 1_000;

async function bareRate({ newFolder }: BenchContext): Promise<number> {
  const step = openBareSteps(await newFolder());
  const begin = performance.now();
  for (let done = 0; done < BARE_STEPS; done++) step();
  return (BARE_STEPS / (performance.now() - begin)) * 1_000;
}

interface DrainParams {
  readonly context: BenchContext;
  readonly workers: number;
  readonly tasks: number;
}

/** Tasks per second. */
async function drainRate({ context, workers, tasks }: DrainParams): Promise<number> {
  const folder = await context.newFolder();
  const queue = await openQueue({ folder });
  await queue.stores.tasks.addTasks({
    tasks: Array.from({ length: tasks }, (_, index) => sampleTask({ description: `Number ${index}` })),
  });
  await queue.close();
  const { cwd, env } = ourProgram({ folder, env: STUB });
  const crew = Array.from({ length: workers }, () =>
    startWorker({ serverFile: SERVER_FILE, cwd, env, flags: ['--wait'] }),
  );
  const database = new Database(databaseIn(folder), { readonly: true });
  const left = database.prepare<[], number>("SELECT count(*) FROM tasks WHERE status <> 'completed'").pluck();
  while ((left.get() ?? 0) > 0) {
    if (crew.every((worker) => !worker.isAlive())) throw new Error(`No worker is left: ${crew[0]?.stderr()}`);
    await sleep(20);
  }
  for (const worker of crew) worker.kill('SIGTERM');
  await Promise.all(crew.map(({ exited }) => exited));
  const ends = database
    .prepare<[], string>('SELECT completed_at FROM tasks ORDER BY completed_at')
    .pluck()
    .all()
    .map((end) => Date.parse(end));
  database.close();
  const [from, to] = [Math.floor(tasks * 0.1), Math.floor(tasks * 0.9)];
  return ((to - from) / ((ends[to] ?? Number.NaN) - (ends[from] ?? Number.NaN))) * 1_000;
}

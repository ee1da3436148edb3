import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { NewTask } from '../../../src/domain/task.ts';
import { openQueue, type QueueOnFile } from '../../support/queue-on-file.ts';
import { sampleTask } from '../../support/sample-tasks.ts';
import type { BenchContext, Measurement, Row } from '../measurement.ts';
import { median } from '../statistics.ts';

const FEW = 100;
const MANY = 100_000;
const TASKS_PER_FILLING = 5_000;
/** Where a commit waits for no disk: what is left is our own work. */
const MEMORY_FOLDER = '/dev/shm';

/** Whether it costs the same to take a task and to complete it, however long the queue is. */
export const claims: Measurement = {
  name: 'claims',
  async run(context) {
    const rows: Row[] = [];
    const onDisk = { where: 'on disk', newFolder: context.newFolder };
    const inMemory = { where: 'in memory', newFolder: () => mkdtemp(`${MEMORY_FOLDER}/bench-`) };
    for (const place of existsSync(MEMORY_FOLDER) ? [onDisk, inMemory] : [onDisk]) {
      for (const queue of QUEUES) rows.push(await measure({ context, place, queue }));
    }
    return {
      title: `A claim and its completion, by the length of the queue; medians of ${pairsIn(context)} of each, in turn`,
      columns: [
        { title: 'of 100, ms', digits: 3 },
        { title: 'of 100,000, ms', digits: 3 },
        { title: 'many to few', digits: 2, bar: 'claimsOfManyToFew' },
      ],
      rows,
      notes: ['The short queue has 100 pending tasks; after each pair, one is added to both.'],
    };
  },
};

interface LongQueue {
  readonly label: string;
  readonly pending: number;
  readonly completed: number;
}

const QUEUES: readonly LongQueue[] = [
  { label: '100,000 pending', pending: MANY, completed: 0 },
  { label: '100 pending, 100,000 completed', pending: FEW, completed: MANY },
];

interface Place {
  readonly where: string;
  readonly newFolder: () => Promise<string>;
}

interface MeasureParams {
  readonly context: BenchContext;
  readonly place: Place;
  readonly queue: LongQueue;
}

async function measure({
  context,
  place,
  queue: { label, pending, completed },
}: MeasureParams): Promise<Row> {
  const folders = [await place.newFolder(), await place.newFolder()] as const;
  const few = await openFilled(folders[0], { pending: FEW, completed: 0 });
  const many = await openFilled(folders[1], { pending, completed });
  const times = { few: [] as number[], many: [] as number[] };
  for (let pair = -WARM_UP_PAIRS; pair < pairsIn(context); pair++) {
    const taken = { few: await timePair(few), many: await timePair(many) };
    if (pair < 0) continue;
    times.few.push(taken.few);
    times.many.push(taken.many);
  }
  for (const queue of [few, many]) await queue.close();
  for (const folder of folders) await rm(folder, { recursive: true });
  const medians = [median(times.few), median(times.many)] as const;
  return { label: `${label}, ${place.where}`, cells: [...medians, medians[1] / medians[0]] };
}

const WARM_UP_PAIRS = 100;

function pairsIn({ quick }: BenchContext): number {
  return quick ? 300 : 1_000;
}

async function openFilled(
  folder: string,
  { pending, completed }: Omit<LongQueue, 'label'>,
): Promise<QueueOnFile> {
  const queue = await openQueue({ folder });
  await fill(queue, completed, { status: 'completed', result: 'Done.', attempts: 1, fencingToken: 1 });
  await fill(queue, pending, {});
  return queue;
}

async function fill({ stores }: QueueOnFile, count: number, changes: Partial<NewTask>): Promise<void> {
  for (let begin = 0; begin < count; begin += TASKS_PER_FILLING) {
    const tasks = Array.from({ length: Math.min(TASKS_PER_FILLING, count - begin) }, (_, index) =>
      sampleTask({ description: `Number ${begin + index}: ${'x'.repeat(100)}`, ...changes }),
    );
    await stores.tasks.addTasks({ tasks });
  }
}

/** Milliseconds of a claim and its completion. What was taken is put back at the end of the queue. */
async function timePair({ queue }: QueueOnFile): Promise<number> {
  const begin = performance.now();
  const task = await queue.claim({ leaseSeconds: 60 });
  if (task === undefined) throw new Error('The queue ran dry.');
  await queue.complete({ taskId: task.id, fencingToken: task.fencing_token, result: 'Done.' });
  const elapsedMs = performance.now() - begin;
  await queue.addTask({ description: 'One more.' });
  return elapsedMs;
}

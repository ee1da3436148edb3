import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowPage } from '../../../src/engine/listings.ts';
import { ourProgram } from '../bench-client.ts';
import type { Measurement } from '../measurement.ts';
import { bytesReadBy } from '../process-usage.ts';
import { callTool, openRaw, type RawConnection } from '../raw-connection.ts';
import { median } from '../statistics.ts';
import { indexText, type WorkflowFiles, writeWorkflow } from '../workflow-files.ts';

/** Whether many workflows slow down those who use one. */
export const manyWorkflows: Measurement = {
  name: 'many-workflows',
  async run({ quick, newFolder }) {
    const count = quick ? 1_000 : 10_000;
    const workflows = await newFolder();
    const bytesOfOne = await writeWorkflows(workflows, count);
    const program = ourProgram({ folder: await newFolder(), workflows });

    const begin = performance.now();
    const connection = await openRaw(program, 'legacy');
    await connection.request('tools/list');
    const readyMs = performance.now() - begin;
    await listWorkflows(connection);
    const firstListMs = performance.now() - begin;
    const warmLists: number[] = [];
    for (let call = 0; call < WARM_LISTS; call++)
      warmLists.push(await timed(() => listWorkflows(connection)));
    const { noticedMs, bytesRead } = await changeOne(connection, workflows);
    await connection.close();

    return {
      title: `${count.toLocaleString('en-US')} workflow folders`,
      columns: [
        { title: 'ready ms', digits: 0, bar: 'readyMs' },
        { title: 'first list ms', digits: 0, bar: 'readyMs' },
        { title: 'list_workflows ms', digits: 1, bar: 'listWorkflowsMs' },
        { title: 'change noticed ms', digits: 0 },
        { title: 'workflows read again', digits: 0, bar: 'workflowsReadAgain' },
      ],
      rows: [
        {
          label: 'one server',
          cells: [
            readyMs,
            firstListMs,
            median(warmLists),
            noticedMs,
            bytesRead && Math.round(bytesRead / bytesOfOne),
          ],
        },
      ],
      notes: [
        'Ready and first list: from the start of the process to the answers of tools/list, and of list_workflows. Read again: what the process read, by the system’s ' +
          'count, until a list shows that one file has changed; only Linux counts that.',
      ],
    };
  },
};

const WARM_LISTS = 20;
/** Listings show the first page, and this one is on it. */
const CHANGED = 'WORKFLOW_00007';
/** About as long as real steps are. */
const PROSE = 'Look at what is there, write down what you see, and say what is missing. '.repeat(10);

/** Returns the bytes of one of them. */
async function writeWorkflows(root: string, count: number): Promise<number> {
  for (let first = 0; first < count; first += WRITTEN_AT_ONCE) {
    const numbers = Array.from(
      { length: Math.min(WRITTEN_AT_ONCE, count - first) },
      (_, offset) => first + offset,
    );
    await Promise.all(numbers.map((number) => writeWorkflow(root, filesOf(number))));
  }
  const files = ['index.md', ...STEPS.map((name) => `steps/${name}.md`)];
  const texts = await Promise.all(files.map((file) => readFile(join(root, CHANGED, file))));
  return texts.reduce((bytes, text) => bytes + text.length, 0);
}

const WRITTEN_AT_ONCE = 100;
const STEPS = ['look', 'write'];

function filesOf(number: number): WorkflowFiles {
  return {
    name: `WORKFLOW_${String(number).padStart(5, '0')}`,
    goal: `Looks at thing ${number}.`,
    steps: STEPS.map((name) => ({ name, guidance: 'Proceed to the next step.', instructions: PROSE })),
  };
}

function listWorkflows(connection: RawConnection): Promise<WorkflowPage> {
  return callTool(connection, 'list_workflows', {}) as Promise<WorkflowPage>;
}

/** Edits one file, and lists until the list shows it. */
async function changeOne(connection: RawConnection, root: string) {
  const readBefore = bytesReadBy(connection.pid);
  const goal = 'Looks at something else altogether.';
  await writeFile(
    join(root, CHANGED, 'index.md'),
    indexText(
      goal,
      STEPS.map((name) => ({ name })),
    ),
  );
  const noticedMs = await timed(async () => {
    for (;;) {
      const { workflows } = await listWorkflows(connection);
      if (workflows.some(({ name, description }) => name === CHANGED && description === goal)) return;
    }
  });
  const readAfter = bytesReadBy(connection.pid);
  const bytesRead = readBefore === undefined || readAfter === undefined ? undefined : readAfter - readBefore;
  return { noticedMs, bytesRead };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

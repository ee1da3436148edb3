import Database from 'better-sqlite3';
import { connectV2, continueRun, databaseIn, ourProgram, STUB, startRun } from '../bench-client.ts';
import { DECLARED_LOOP, GUIDED_LOOP, LOOP_REPORT, writeLoopWorkflows } from '../loop-workflows.ts';
import type { BenchContext, Measurement, Row } from '../measurement.ts';

interface Case {
  readonly label: string;
  readonly workflow: string;
  readonly callArgs: (step: number) => { readonly context_updates?: object; readonly request_id?: string };
}

const CASES: readonly Case[] = [
  { label: 'declared transitions', workflow: DECLARED_LOOP, callArgs: () => ({}) },
  { label: 'the stub decides', workflow: GUIDED_LOOP, callArgs: () => ({}) },
  {
    label: 'the stub decides, with context updates and request ids',
    workflow: GUIDED_LOOP,
    callArgs: (step) => ({
      context_updates: { item: step, comment: 'y'.repeat(60) },
      request_id: `request-${step}`,
    }),
  },
];

/** How much a run of many steps takes on disk beyond what its client had to say. */
export const disk: Measurement = {
  name: 'disk',
  async run(context) {
    const rows: Row[] = [];
    for (const one of CASES) rows.push(await measure(one, context));
    return {
      title: `Disk: bytes of database per step, ${stepCount(context).toLocaleString('en-US')} steps, after a checkpoint`,
      columns: [
        { title: 'bytes/step', digits: 0 },
        { title: 'payload', digits: 0 },
        { title: 'over payload', digits: 0, bar: 'diskBytesOverPayload' },
      ],
      rows,
      notes: ['The payload is the JSON of the report and of the context updates.'],
    };
  },
};

/** The first steps are not counted: they pay for the pages that every database begins with. */
async function measure(one: Case, context: BenchContext): Promise<Row> {
  const folder = await context.newFolder();
  const workflows = await writeLoopWorkflows(folder);
  const steps = stepCount(context);
  const { instanceId } = await walk({ one, folder, workflows, from: 0, to: WARM_UP_STEPS });
  const bytesBefore = databaseBytes(folder);
  const { payloadBytes } = await walk({
    one,
    folder,
    workflows,
    from: WARM_UP_STEPS,
    to: WARM_UP_STEPS + steps,
    instanceId,
  });
  const perStep = (databaseBytes(folder) - bytesBefore) / steps;
  const payload = payloadBytes / steps;
  return { label: one.label, cells: [perStep, payload, perStep - payload] };
}

const WARM_UP_STEPS = 100;

function stepCount({ quick }: BenchContext): number {
  return quick ? 500 : 4_000;
}

interface WalkParams {
  readonly one: Case;
  readonly folder: string;
  readonly workflows: string;
  readonly from: number;
  readonly to: number;
  readonly instanceId?: string;
}

async function walk({ one, folder, workflows, from, to, instanceId }: WalkParams) {
  const client = await connectV2(ourProgram({ folder, workflows, env: STUB }));
  const run = await (instanceId === undefined
    ? startRun(client, one.workflow)
    : continueRun(client, instanceId));
  let payloadBytes = 0;
  for (let step = from; step < to; step++) {
    const args = { report: LOOP_REPORT, ...one.callArgs(step) };
    const { report, context_updates } = args;
    payloadBytes += jsonBytes(report) + (context_updates === undefined ? 0 : jsonBytes(context_updates));
    await run.advance(args);
  }
  await client.close();
  return { instanceId: run.instanceId, payloadBytes };
}

function jsonBytes(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** Of the file alone: what is in the log is moved into it first. */
function databaseBytes(folder: string): number {
  const db = new Database(databaseIn(folder), { fileMustExist: true });
  try {
    db.pragma('wal_checkpoint(TRUNCATE)');
    return (
      Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }))
    );
  } finally {
    db.close();
  }
}

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatTable } from './format-table.ts';
import { buildHelloServers, type HelloServers } from './hello-servers.ts';
import { type BenchContext, figureOf, type Table } from './measurement.ts';
import { claims } from './measurements/claims.ts';
import { coldStart } from './measurements/cold-start.ts';
import { disk } from './measurements/disk.ts';
import { draining } from './measurements/draining.ts';
import { flatCost } from './measurements/flat-cost.ts';
import { manyWorkflows } from './measurements/many-workflows.ts';
import { prompts } from './measurements/prompts.ts';
import { scriptCalls } from './measurements/script-calls.ts';
import { scriptRoundTrips } from './measurements/script-round-trips.ts';
import { scriptTimes } from './measurements/script-times.ts';
import { sqliteFloor } from './measurements/sqlite-floor.ts';
import { throughput } from './measurements/throughput.ts';
import { toolList } from './measurements/tool-list.ts';
import { toolsets } from './measurements/toolsets.ts';
import { type Verdict, verdictsOf } from './verdicts.ts';

const MEASUREMENTS = [
  sqliteFloor,
  throughput,
  flatCost,
  claims,
  draining,
  disk,
  coldStart,
  toolList,
  toolsets,
  prompts,
  manyWorkflows,
  scriptTimes,
  scriptCalls,
  scriptRoundTrips,
] as const;

const USAGE = `npm run bench [-- [--quick] [--json] [--only NAME]...]

Measures the built program, and prints what it reaches of what it promises. A bar that is missed is marked with ✗, and is
no failure: machines differ, and a busy one misses more.

  --only NAME  one of ${MEASUREMENTS.map(({ name }) => name).join(', ')}
  --quick      fewer rounds, smaller inputs
  --json       one JSON document, for programs
`;

/** On the disk of the project, and where the hello-world server finds its packages. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv);
  if (options === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  await mkdir(CACHE, { recursive: true });
  const scratch = await mkdtemp(join(CACHE, 'bench-'));
  try {
    const context = createContext(scratch, options.quick);
    const results: Result[] = [];
    for (const { name, run } of options.measurements) {
      process.stderr.write(`Measuring ${name} ...\n`);
      const table = await run(context);
      results.push({ name, table });
      if (!options.json) process.stdout.write(`\n${formatTable(table)}\n\n`);
    }
    process.stdout.write(
      options.json ? `${JSON.stringify(documentOf(results), null, 2)}\n` : summaryOf(results),
    );
    return 0;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Result {
  readonly name: string;
  readonly table: Table;
}

function readOptions(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        only: { type: 'string', multiple: true },
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    const names = values.only ?? MEASUREMENTS.map(({ name }) => name);
    const measurements = MEASUREMENTS.filter(({ name }) => names.includes(name));
    return measurements.length < new Set(names).size ? undefined : { ...values, measurements };
  } catch {
    return undefined;
  }
}

function createContext(scratch: string, quick: boolean): BenchContext {
  const newFolder = () => mkdtemp(join(scratch, 'run-'));
  let hello: Promise<HelloServers> | undefined;
  return {
    quick,
    newFolder,
    helloServers() {
      hello ??= newFolder().then(buildHelloServers);
      return hello;
    },
  };
}

function summaryOf(results: readonly Result[]): string {
  const verdicts = results.flatMap(({ table }) => verdictsOf(table));
  const missed = verdicts.filter(({ reached }) => !reached);
  const reached = `${verdicts.length - missed.length} of ${verdicts.length} figures reach their bar.\n`;
  return [reached, ...missed.map(missText)].join('');
}

function missText({ row, figure, value, bar }: Verdict): string {
  return `  missed: ${row}: ${figure} is ${value.toPrecision(3)}, and was to be ${bar.is} ${bar.value}\n`;
}

function documentOf(results: readonly Result[]) {
  return results.map(({ name, table }) => ({
    name,
    title: table.title,
    rows: table.rows.map(({ label, cells }) => ({
      label,
      figures: Object.fromEntries(table.columns.map(({ title }, index) => [title, figureOf(cells[index])])),
    })),
    verdicts: verdictsOf(table),
  }));
}

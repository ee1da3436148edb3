import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { serverEnv } from '../../support/mcp-clients.ts';
import { ourProgram, type Program } from '../bench-client.ts';
import { type BenchContext, type Measurement, type Row, reference } from '../measurement.ts';
import { callTool, type Era, openRaw, type RawConnection } from '../raw-connection.ts';
import { median, medianRatio } from '../statistics.ts';

const ERAS = { legacy: '2025 era', modern: '2026-07-28' } as const;
/** All others are compared with it. */
const HELLO = 'hello-world, unbundled';
const OURS = 'orchestrator-mcp';
const OURS_FIRST = 'orchestrator-mcp, its first start ever';

/** How long a client waits for its tools: each window that a user opens starts a server of its own. */
export const coldStart: Measurement = {
  name: 'cold-start',
  async run(context) {
    const rounds = context.quick ? 5 : 30;
    const contestants = await contestantsOf(context);
    const times = new Map<string, number[]>(contestants.map(({ label }) => [label, []]));
    // The first round fills the disk's cache.
    for (let round = -1; round < rounds; round++) {
      for (const { label, start } of contestants) {
        const elapsedMs = await start();
        if (round >= 0) times.get(label)?.push(elapsedMs);
      }
    }
    const timesOf = (label: string) => times.get(label) ?? [];
    return {
      title: `Cold start to the answer of tools/list, ${rounds} starts of each in turn`,
      columns: [
        { title: 'median ms', digits: 0 },
        { title: 'to hello-world', digits: 2, bar: 'coldStartToHello' },
      ],
      rows: contestants.map(({ label, hello, judged }): Row => {
        const ratio = hello === undefined ? undefined : medianRatio(timesOf(label), timesOf(hello));
        return {
          label,
          cells: [median(timesOf(label)), ratio === undefined || judged ? ratio : reference(ratio)],
        };
      }),
    };
  },
};

interface Contestant {
  readonly label: string;
  /** The label of the one to be compared with. */
  readonly hello?: string;
  readonly judged: boolean;
  /** Milliseconds from the start of the process to what it is wanted for. */
  start(): Promise<number>;
}

async function contestantsOf(context: BenchContext): Promise<readonly Contestant[]> {
  const { unbundled, bundled } = await context.helloServers();
  const cwd = await context.newFolder();
  const env = serverEnv({});
  const used = ourProgram({ folder: await context.newFolder() });
  const programs: Readonly<Record<string, () => Promise<Program>>> = {
    [HELLO]: async () => ({ file: unbundled, env, cwd }),
    'hello-world, bundled': async () => ({ file: bundled, env, cwd }),
    [OURS]: async () => used,
    [OURS_FIRST]: async () => ourProgram({ folder: await context.newFolder() }),
  };
  const servers = (Object.keys(ERAS) as Era[]).flatMap((era) =>
    Object.entries(programs).map(([name, program]) => ({
      label: `${name}, ${ERAS[era]}`,
      hello: `${HELLO}, ${ERAS[era]}`,
      judged: name === OURS || name === OURS_FIRST,
      start: async () => startToTools({ program: await program(), era }),
    })),
  );
  return [
    { label: 'node -e 0', judged: false, start: () => startNode(cwd) },
    ...servers,
    {
      label: `${OURS}, ${ERAS.legacy}, to the answer of list_workflows`,
      hello: `${HELLO}, ${ERAS.legacy}`,
      judged: false,
      start: () =>
        startToTools({
          program: used,
          era: 'legacy',
          use: (connection) => callTool(connection, 'list_workflows', {}),
        }),
    },
  ];
}

interface StartParams {
  readonly program: Program;
  readonly era: Era;
  /** What the tools are wanted for, to be waited for too. */
  readonly use?: (connection: RawConnection) => Promise<unknown>;
}

async function startToTools({ program, era, use = async () => {} }: StartParams): Promise<number> {
  const begin = performance.now();
  const connection = await openRaw(program, era);
  await connection.request('tools/list');
  await use(connection);
  const elapsedMs = performance.now() - begin;
  await connection.close();
  return elapsedMs;
}

/** What no JavaScript program can be faster than. */
async function startNode(cwd: string): Promise<number> {
  const begin = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { cwd, env: serverEnv({}), stdio: 'ignore' }), 'exit');
  return performance.now() - begin;
}

import type { BenchClient } from '../bench-client.ts';
import type { Measurement } from '../measurement.ts';
import { connectDirectly, connectWarm, execute, timed, writeScriptServers } from '../script-servers.ts';
import { median, medianRatio } from '../statistics.ts';

/** As many as a script may make. */
const CALLS = 1_000;
/** As many of them as a script may have under way. */
const AT_A_TIME = 32;

const ONE_BY_ONE = `for (let call = 0; call < ${CALLS}; call++) await everything__echo({ message: 'x' });`;
const AT_ONCE = `await Promise.all(Array.from({ length: ${CALLS} }, () => everything__echo({ message: 'x' })));`;

/** Calls of a downstream tool out of a script, journaled, against the same calls by a client of that server. */
export const scriptCalls: Measurement = {
  name: 'script-calls',
  async run(context) {
    const rounds = context.quick ? 3 : 15;
    const servers = await writeScriptServers(context);
    const ours = await connectWarm(servers.ours);
    const direct = await connectDirectly(servers.everything);
    const echo = () => direct.call('echo', { message: 'x' });
    const contestants = {
      'one by one': {
        direct: async () => {
          for (let call = 0; call < CALLS; call++) await echo();
        },
        script: ONE_BY_ONE,
      },
      [`${AT_A_TIME} at a time`]: {
        direct: async () => {
          let begun = 0;
          const goOn = async () => {
            while (begun++ < CALLS) await echo();
          };
          await Promise.all(Array.from({ length: AT_A_TIME }, goOn));
        },
        script: AT_ONCE,
      },
    };
    const rows = [];
    for (const [label, contestant] of Object.entries(contestants)) {
      const { directly, inScript } = await race({ ours, rounds, ...contestant });
      const ratio = medianRatio(inScript, directly);
      const ratios = label === 'one by one' ? [ratio, undefined] : [undefined, ratio];
      rows.push({ label, cells: [median(directly) / CALLS, median(inScript) / CALLS, ...ratios] });
    }
    await Promise.all([ours.close(), direct.close()]);
    return {
      title: `${CALLS.toLocaleString('en-US')} calls of one tool: a client of its server, and a script`,
      columns: [
        { title: 'client ms/call', digits: 3 },
        { title: 'script ms/call', digits: 3 },
        { title: 'in sequence, to client', digits: 2, bar: 'scriptCallsInSequence' },
        { title: 'in parallel, to client', digits: 2, bar: 'scriptCallsInParallel' },
      ],
      rows,
      notes: [
        `Medians of ${rounds} rounds, both in turn. The script is sent by a client too; its calls are in its journal.`,
      ],
    };
  },
};

interface RaceParams {
  readonly ours: BenchClient;
  readonly rounds: number;
  readonly direct: () => Promise<unknown>;
  readonly script: string;
}

async function race({ ours, rounds, direct, script }: RaceParams) {
  const directly: number[] = [];
  const inScript: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const times = [await timed(direct), await timed(() => execute(ours, script))] as const;
    // The first round compiles what is hot.
    if (round < 0) continue;
    directly.push(times[0]);
    inScript.push(times[1]);
  }
  return { directly, inScript };
}

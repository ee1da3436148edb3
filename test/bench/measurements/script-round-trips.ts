import type { BenchClient } from '../bench-client.ts';
import type { Measurement, Row } from '../measurement.ts';
import { connectWarm, timed, writeScriptServers } from '../script-servers.ts';
import { median } from '../statistics.ts';

const COUNTS = [5, 30, 100, 400];

/** The same calls by a client, each through us, and by one script: the table of the guide to scripts. */
export const scriptRoundTrips: Measurement = {
  name: 'script-round-trips',
  async run(context) {
    const rounds = context.quick ? 3 : 9;
    const { ours } = await writeScriptServers(context);
    const client = await connectWarm(ours);
    const rows: Row[] = [];
    for (const count of COUNTS) {
      const single: number[] = [];
      const composed: number[] = [];
      let bytes = { single: 0, composed: 0 };
      for (let round = 0; round < rounds; round++) {
        const one = await oneByOne(client, count);
        const script = await oneScript(client, count);
        single.push(one.ms);
        composed.push(script.ms);
        bytes = { single: one.bytes, composed: script.bytes };
      }
      rows.push({
        label: `${count} calls`,
        cells: [count, median(single), bytes.single / 1_000, 1, median(composed), bytes.composed / 1_000],
      });
    }
    await client.close();
    return {
      title:
        'N calls of a downstream tool by a client over stdio: one by one with call_tool, and in one script',
      columns: [
        { title: 'round trips', digits: 0 },
        { title: 'ms', digits: 1 },
        { title: 'kB sent and read', digits: 1 },
        { title: 'with a script', digits: 0 },
        { title: 'ms', digits: 1 },
        { title: 'kB sent and read', digits: 1 },
      ],
      rows,
      notes: [
        'No model takes part: in use, each round trip takes a turn of one besides, which is seconds.',
        'Sent and read: arguments and answers as JSON, which a model writes and reads.',
      ],
    };
  },
};

interface Cost {
  readonly ms: number;
  readonly bytes: number;
}

async function oneByOne(client: BenchClient, count: number): Promise<Cost> {
  let bytes = 0;
  const ms = await timed(async () => {
    for (let call = 0; call < count; call++) {
      const args = { name: 'everything', tool_name: 'get-sum', arguments: { a: call, b: 1 } };
      bytes += size(args) + size(await client.call('call_tool', args));
    }
  });
  return { ms, bytes };
}

async function oneScript(client: BenchClient, count: number): Promise<Cost> {
  const code = `
    const sums = [];
    for (let call = 0; call < ${count}; call++) sums.push(await everything__get_sum({ a: call, b: 1 }));
    return sums.length;`;
  let bytes = 0;
  const ms = await timed(async () => {
    bytes = size({ code }) + size(await client.call('execute_composed_code', { code }));
  });
  return { ms, bytes };
}

function size(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

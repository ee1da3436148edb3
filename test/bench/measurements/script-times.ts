import { rm, writeFile } from 'node:fs/promises';
import { readLedger } from '../../support/ledger.ts';
import { until } from '../../support/until.ts';
import { type BenchClient, connectV2 } from '../bench-client.ts';
import type { BenchContext, Measurement } from '../measurement.ts';
import { connectWarm, execute, timed, writeScriptServers } from '../script-servers.ts';
import { median } from '../statistics.ts';

const NOTHING = 'return 1;';
const REPLAYED_CALLS = 1_000;
/** Ends with a call that is held for as long as there is a certain file. */
const HELD = `
for (let call = 0; call < ${REPLAYED_CALLS - 1}; call++) await everything__echo({ message: 'x' });
await ledger__put({ hold: 'held' });`;
const ENDLESS = 'while (true) {}';
const ENDLESS_SECONDS = 2;

/** What one script costs besides its calls, and what others notice of it. */
export const scriptTimes: Measurement = {
  name: 'script-times',
  async run(context) {
    const rounds = context.quick ? 2 : 7;
    const first: number[] = [];
    const warm: number[] = [];
    const replay: number[] = [];
    const stall: number[] = [];
    for (let round = 0; round < rounds; round++) {
      first.push(await firstScript(context));
      warm.push(await warmScript(context));
      replay.push(await replayed(context));
      stall.push(await stalled(context));
    }
    return {
      title: `Scripts, from the call of a client to its answer, medians of ${rounds}`,
      columns: [
        { title: 'first ms', digits: 0, bar: 'firstScriptMs' },
        { title: 'warm ms', digits: 1, bar: 'warmScriptMs' },
        { title: 'replay ms', digits: 0, bar: 'replayMs' },
        { title: 'stall ms', digits: 0, bar: 'stallMs' },
      ],
      rows: [{ label: 'ms', cells: [median(first), median(warm), median(replay), median(stall)] }],
      notes: [
        'First: of a server that has listed its tools; the sandbox is loaded then. Warm: the next ones.',
        `Replay: a script that was cut off after ${REPLAYED_CALLS} calls goes on in another process that has run others.`,
        'Stall: the slowest answer to another call while a script runs in an endless loop.',
      ],
    };
  },
};

async function firstScript(context: BenchContext): Promise<number> {
  const { ours } = await writeScriptServers(context);
  const client = await connectV2(ours);
  // The database is opened once the tools are listed: a client shows them, and a model thinks, before it calls one.
  await client.call('list_servers', {});
  const ms = await timed(() => execute(client, NOTHING));
  await client.close();
  return ms;
}

async function warmScript(context: BenchContext): Promise<number> {
  const { ours } = await writeScriptServers(context);
  const client = await connectWarm(ours);
  const times: number[] = [];
  for (let script = 0; script < 20; script++) times.push(await timed(() => execute(client, NOTHING)));
  await client.close();
  return median(times);
}

async function replayed(context: BenchContext): Promise<number> {
  const { ours, ledger } = await writeScriptServers(context);
  const hold = `${ledger}.held`;
  await writeFile(hold, '');
  const doomed = await connectWarm(ours);
  execute(doomed, HELD, 'replayed').catch(() => {});
  await until(() => (readLedger(ledger).length > 0 ? true : undefined));
  await doomed.close();
  await rm(hold);
  const client = await connectWarm(ours);
  const ms = await timed(() => execute(client, HELD, 'replayed'));
  await client.close();
  return ms;
}

async function stalled(context: BenchContext): Promise<number> {
  const { ours } = await writeScriptServers(context);
  const client = await connectWarm(ours);
  for (let call = 0; call < 50; call++) await answerTime(client);
  let isOver = false;
  const endless = client
    .call('execute_composed_code', { code: ENDLESS, timeout: ENDLESS_SECONDS })
    .finally(() => {
      isOver = true;
    });
  const times: number[] = [];
  while (!isOver) times.push(await answerTime(client));
  await endless;
  await client.close();
  return Math.max(...times);
}

function answerTime(client: BenchClient): Promise<number> {
  return timed(() => client.call('list_servers', {}));
}

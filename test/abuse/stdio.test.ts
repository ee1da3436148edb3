import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { SERVER_FILE, serverEnv } from '../support/mcp-clients.ts';
import type { Mutant } from '../support/mutants.ts';
import { attachRawServer, type RawServer } from '../support/raw-server.ts';
import { createScratch, type Scratch } from '../support/scratch.ts';
import { workflowFiles } from '../support/workflow-files.ts';
import { plantedProgram, startCampaign } from './subject.ts';

// A10: whatever bytes arrive, stdout is JSON-RPC, the next valid request is answered, and the end is an end.

const campaign = startCampaign('A10 stdio');

/** Milliseconds that a server may take to end: idle, and in the middle of a call. */
const EXIT_IDLE_MS = 2_000;
const EXIT_IN_FLIGHT_MS = 5_000;

const MUTANTS: readonly (Mutant & { readonly part: 'lines' | 'ends' })[] = [
  {
    name: 'a line that is too long ends the process',
    part: 'lines',
    patches: [
      {
        file: 'mcp/stdio.ts',
        replace: 'new StdioServerTransport(guard)',
        by: 'new StdioServerTransport(process.stdin)',
      },
      { file: 'mcp/stdio.ts', replace: 'pipeline(process.stdin, guard, () => {});', by: '' },
    ],
  },
  {
    name: 'something else on stdout',
    part: 'lines',
    patches: [
      {
        file: 'mcp/stdio.ts',
        replace: "deps.logger.warn('A request was refused.', { error: fault, id });",
        by: "process.stdout.write('A request was refused.\\n');",
      },
    ],
  },
  {
    name: 'the rest of a line that is too long is taken for a line',
    part: 'lines',
    patches: [
      {
        file: 'mcp/request-guard.ts',
        replace: 'if (!isTooLarge()) line.append(piece);',
        by: 'if (isTooLarge()) { line.clear(); lineBytes = 0; } else line.append(piece);',
      },
    ],
  },
  {
    name: 'a call in flight keeps the process',
    part: 'ends',
    patches: [
      {
        file: 'mcp/stdio.ts',
        replace: 'else signal.addEventListener',
        by: 'else if (signal.reason) signal.addEventListener',
      },
    ],
  },
];

describe('A10: stdio', () => {
  test('garbage is survived, line by line', async () => {
    const found = await inScratch((scratch) => throwGarbage(scratch));
    campaign.report({ ...found, violations: found.violations.length });
    expect(found.violations).toEqual([]);
  });

  test('every end is an end, idle and in the middle of a call', async () => {
    const found = await inScratch((scratch) => endInEveryWay(scratch));
    campaign.report({ ...found, violations: found.violations.length });
    expect(found.violations).toEqual([]);
    expect(found.interrupted).toBe(found.ways);
  });

  test.each(MUTANTS)('caught: $name', async ({ part, ...mutant }) => {
    const serverFile = await plantedProgram(mutant);
    const found = await inScratch(
      async (scratch): Promise<{ readonly violations: readonly string[] }> =>
        part === 'lines' ? throwGarbage(scratch, serverFile) : endInEveryWay(scratch, serverFile),
    );
    expect(found.violations).not.toEqual([]);
  });
});

async function throwGarbage(scratch: Scratch, serverFile = SERVER_FILE) {
  const violations: string[] = [];
  const child = spawn(process.execPath, [serverFile], {
    cwd: scratch.folder,
    env: serverEnv({ ...scratch.env, LOG_LEVEL: 'warn' }),
  });
  const server = attachRawServer(child);
  scratch.onDispose(() => {
    server.kill('SIGKILL');
    return server.exited;
  });
  const writeBytes = (bytes: Uint8Array) => new Promise((resolve) => child.stdin.write(bytes, resolve));
  await server.initialize();
  let lines = 0;
  let answered = 0;
  const isAnswering = async (after: string) => {
    lines += 1;
    const answer = await server.answerTo(server.send('ping')).catch(() => undefined);
    if (answer?.result === undefined) violations.push(`no answer after ${after}`);
    else answered += 1;
  };
  const tooLong = (bytes: number, id: number) =>
    `{"method":"tools/call","params":{"name":"list_workflows","arguments":{"x":"${'x'.repeat(bytes)}"}},"jsonrpc":"2.0","id":${id}}\n`;
  for (const [position, megabytes] of [3, 11].entries()) {
    const id = 90_000 + position;
    await server.write(tooLong(megabytes * 1024 * 1024, id));
    await isAnswering(`a line of ${megabytes} MB`);
    const data = server.received(id)?.error?.data as { error_code?: string } | undefined;
    if (data?.error_code !== 'TOO_LARGE') violations.push(`a line of ${megabytes} MB was not refused`);
    if (violations.length > 0 && serverFile !== SERVER_FILE) break;
  }
  for (const [name, bytes] of known()) {
    await writeBytes(bytes);
    await isAnswering(name);
  }
  for (let round = 0; round < campaign.times(150, 2_000); round += 1) {
    const bytes = randomGarbage();
    for (let from = 0; from < bytes.length; ) {
      const length = 1 + campaign.random.below(campaign.random.chance(0.5) ? 3 : bytes.length);
      await writeBytes(bytes.subarray(from, from + length));
      from += length;
    }
    await isAnswering(`garbage ${round}`);
    if (violations.length > 5) break;
  }
  server.endInput();
  await server.exited;
  for (const line of server.lines) if (!isJsonRpc(line)) violations.push(`stdout has ${line.slice(0, 80)}`);
  return { lines, answered, violations };
}

/** Each is one line or several, and ends with the end of one. */
function known(): readonly (readonly [string, Uint8Array])[] {
  const line = (text: string) => Buffer.from(`${text}\n`);
  return [
    ['nothing', line('')],
    ['CRLF', Buffer.from('\r\n\r\n')],
    ['no JSON', line('not JSON')],
    ['half a JSON', line('{"jsonrpc": "2.0", "id": ')],
    ['a batch', line('[{"jsonrpc":"2.0","id":1,"method":"ping"}]')],
    ['null', line('null')],
    ['another version', line('{"jsonrpc":"1.0","id":5,"method":"ping"}')],
    ['an id that is an object', line('{"jsonrpc":"2.0","id":{},"method":"ping"}')],
    ['an answer to nothing', line('{"jsonrpc":"2.0","id":7777,"result":{}}')],
    ['an error about nothing', line('{"jsonrpc":"2.0","id":7777,"error":{"code":1,"message":"x"}}')],
    ['a second initialize', line('{"jsonrpc":"2.0","id":70001,"method":"initialize","params":{}}')],
    ['deep nesting', line('['.repeat(500_000))],
    ['closing brackets', line(']}'.repeat(50_000))],
    ['an open quote', line(`{"a":"${'\\'.repeat(99_999)}`)],
    ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe, 0xc0, 0xaf, 0x80, 0xed, 0xa0, 0x80, 0x0a])],
    ['NUL', Buffer.from([0, 0, 0, 0x0a])],
    ['a byte order mark', Buffer.from('\uFEFF{}\n')],
    ['a line in UTF-16', Buffer.concat([Buffer.from('{"jsonrpc":"2.0"}', 'utf16le'), Buffer.from('\n')])],
    [
      'a request with bytes that are no UTF-8',
      Buffer.concat([
        Buffer.from('{"jsonrpc":"2.0","id":70002,"method":"tools/call","params":{"name":"'),
        Buffer.from([0xff, 0x80]),
        Buffer.from('"}}\n'),
      ]),
    ],
    [
      'an own prototype',
      line('{"jsonrpc":"2.0","id":70003,"method":"ping","__proto__":{"method":"x"},"constructor":1}'),
    ],
    [
      'methods of objects',
      line(
        '{"jsonrpc":"2.0","id":70004,"method":"__proto__"}\n{"jsonrpc":"2.0","id":70005,"method":"constructor"}',
      ),
    ],
    [
      'tools of objects',
      line('{"jsonrpc":"2.0","id":70006,"method":"tools/call","params":{"name":"__proto__","arguments":{}}}'),
    ],
    ['many empty lines', Buffer.from('\n'.repeat(50_000))],
  ];
}

/** Valid requests, mangled: bytes lost, doubled, changed. Ends with the end of a line. */
function randomGarbage(): Uint8Array {
  const { random } = campaign;
  const requests = [
    '{"jsonrpc":"2.0","id":"g","method":"ping","params":{}}',
    '{"jsonrpc":"2.0","id":"g","method":"tools/call","params":{"name":"list_workflows","arguments":{"limit":5}}}',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"g","reason":"😀"}}',
    '{"jsonrpc":"2.0","id":"g","method":"resources/read","params":{"uri":"workflow://instances/x"}}',
  ];
  const bytes = [...Buffer.from(`${random.pick(requests)}\n`.repeat(1 + random.below(3)))];
  for (let change = random.below(8); change >= 0; change -= 1) {
    const at = random.below(bytes.length);
    if (random.chance(0.3)) bytes.splice(at, 1 + random.below(10));
    else if (random.chance(0.5)) bytes.splice(at, 0, random.below(256));
    else bytes[at] = random.below(256);
  }
  return Buffer.from([...bytes, 0x0a]);
}

function isJsonRpc(line: string): boolean {
  try {
    return (JSON.parse(line) as { jsonrpc?: unknown }).jsonrpc === '2.0';
  } catch {
    return false;
  }
}

const WAYS: Readonly<Record<string, (server: RawServer, closeStdout: () => void) => void>> = {
  EOF: (server) => server.endInput(),
  SIGTERM: (server) => server.kill('SIGTERM'),
  SIGINT: (server) => server.kill('SIGINT'),
  // The client is gone without a word: nobody reads what is written, and the next answer meets a broken pipe.
  EPIPE: (server, closeStdout) => {
    closeStdout();
    for (let count = 0; count < 3; count += 1) server.send('ping');
  },
  'EOF in the middle of a line': (server) =>
    void server.write('{"jsonrpc":"2.0","id":5,"method":').then(() => server.endInput()),
};

async function endInEveryWay(scratch: Scratch, serverFile = SERVER_FILE) {
  const violations: string[] = [];
  const provider = await startFakeProvider();
  scratch.onDispose(() => provider.close());
  let ways = 0;
  let interrupted = 0;
  let slowestMs = 0;
  for (const [way, end] of Object.entries(WAYS)) {
    for (const inFlight of [false, true]) {
      const { server, closeStdout } = await open(scratch, provider, serverFile);
      let asked: { readonly instanceId: string; readonly closedByCaller: Promise<void> } | undefined;
      if (inFlight) {
        ways += 1;
        asked = await askAndHang(server, provider);
        interrupted += 1;
      }
      const boundMs = inFlight ? EXIT_IN_FLIGHT_MS : EXIT_IDLE_MS;
      const startedMs = performance.now();
      end(server, closeStdout);
      // Twice the bound, and then by force: a process that stays must not stop the campaign.
      const force = setTimeout(() => server.kill('SIGKILL'), boundMs * 2);
      const { code, signal } = await server.exited;
      clearTimeout(force);
      const tookMs = performance.now() - startedMs;
      slowestMs = Math.max(slowestMs, tookMs);
      const where = `${way}, ${inFlight ? 'in flight' : 'idle'}`;
      if (signal === 'SIGKILL' || tookMs > boundMs)
        violations.push(`${where}: still there after ${tookMs} ms`);
      else if (code !== 0) violations.push(`${where}: ended with ${code ?? signal}`);
      for (const line of server.lines) if (!isJsonRpc(line)) violations.push(`${where}: stdout has ${line}`);
      if (asked !== undefined && signal !== 'SIGKILL') {
        await asked.closedByCaller;
        const rows = scratch.query(
          'SELECT revision FROM workflow_instances WHERE instance_id = ?',
          asked.instanceId,
        );
        if (JSON.stringify(rows) !== '[{"revision":0}]') violations.push(`${where}: the instance moved`);
      }
      if (violations.length > 0 && serverFile !== SERVER_FILE)
        return { ways, interrupted, slowestMs, violations };
    }
  }
  return { ways, interrupted, slowestMs: Math.round(slowestMs), violations };
}

async function open(scratch: Scratch, provider: FakeProvider, serverFile: string) {
  const child = spawn(process.execPath, [serverFile], {
    cwd: scratch.folder,
    env: serverEnv({
      ...scratch.env,
      AI_PROVIDER: 'openai',
      OPENAI_MODEL_NAME: 'test-model',
      AI_SERVICE_ENDPOINT: `${provider.origin}/v1`,
    }),
  });
  const server = attachRawServer(child);
  scratch.onDispose(() => {
    server.kill('SIGKILL');
    return server.exited;
  });
  await server.initialize();
  // So that the server is idle, and not still loading.
  await server.callTool('list_workflows', {});
  return { server, closeStdout: () => void child.stdout.destroy() };
}

/** A call that waits for a model which never answers. */
async function askAndHang(server: RawServer, provider: FakeProvider) {
  const { body } = await server.callTool('start_workflow', { workflow_name: 'CHOICE' });
  const { instance_id: instanceId } = body as Answer;
  provider.willReply('hang');
  const number = provider.requests.length + 1;
  server.send('tools/call', {
    name: 'advance_workflow',
    arguments: { instance_id: instanceId, report: { status: 'success' } },
  });
  const { closedByCaller } = await provider.request(number);
  return { instanceId, closedByCaller };
}

async function inScratch<Result>(run: (scratch: Scratch) => Promise<Result>): Promise<Result> {
  const scratch = await createScratch();
  try {
    await scratch.writeWorkflow('CHOICE', workflowFiles({ steps: { choose_way: {}, walk_on: {} } }));
    return await run(scratch);
  } finally {
    await scratch.dispose();
  }
}

import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ComposedResult } from '../../src/composer/composer.ts';
import { type Downstream, writeDownstream } from '../support/downstream-servers.ts';
import { readLedger } from '../support/ledger.ts';
import { type CallProgress, connectV1, type TestClient } from '../support/mcp-clients.ts';
import { until } from '../support/until.ts';
import { scenario, scenarioPerClient, scenarioPerProtocol } from './scenario.ts';

const PINNED_TOOLS = new URL('../pins/tools-composition.json', import.meta.url);

const execute = (client: TestClient, args: object) =>
  client.answer<ComposedResult>('execute_composed_code', args);

scenarioPerProtocol(
  'the toolset offers the pinned tools, and is explained in the instructions',
  ['scripts-compose', 'output-schemas', 'short-instructions'],
  async (scratch, open) => {
    const client = await scratch.connect(open, { ORCHESTRATOR_TOOLSETS: 'composition' });
    expect(await client.listTools()).toEqual(JSON.parse(await readFile(PINNED_TOOLS, 'utf8')));
    expect(client.instructions).toMatch(/search_tools[\s\S]*execute_composed_code/);
    expect(client.instructions?.split(/\s+/).length).toBeLessThan(150);
    const { text } = await client.callTool('execute_composed_code', { code: 'return 6 * 7;' });
    expect(JSON.parse(text)).toMatchObject({ status: 'completed', result: 42, calls: [] });
  },
);

/** TypeScript, on purpose: what a model writes. */
const TOUR = `
interface Note { path: string; words: number }
const notes: Note[] = [];
for (const [index, text] of ['one', 'two words', 'three more words'].entries()) {
  const path = folder + '/note-' + index + '.txt';
  await files__write_file({ path, content: text });
  const words = text.split(' ').length;
  if (words > 1) notes.push({ path, words });
}
const [sum, echo] = await Promise.all([
  everything__get_sum({ a: notes[0].words, b: notes[1].words }),
  everything__echo({ message: 'at the same time' }),
]);
await memory__create_entities({
  entities: notes.map(({ path, words }) => ({ name: path, entityType: 'note', observations: [String(words)] })),
});
let caught;
try {
  await files__read_text_file({ path: '/etc/hostname' });
} catch (error) {
  caught = { server: error.server, tool: error.tool, kind: error.kind, message: error.message };
}
console.log('wrote', notes.length, 'of 3');
const { entities } = await memory__read_graph({});
return { sum, echo, caught, names: entities.map(({ name }: { name: string }) => name) };
`;

scenarioPerClient(
  'one script uses three servers, with a loop, a condition, calls at the same time and an error that it catches',
  ['scripts-compose', 'both-eras'],
  async (scratch, connect) => {
    const { env, files } = await writeDownstream(scratch, 'composition');
    const client = await scratch.connect(connect, env);
    const code = `const folder = ${JSON.stringify(files)};${TOUR}`;
    const answer = await execute(client, { code, timeout: 60, run_id: 'tour' });
    expect(answer).toMatchObject({
      status: 'completed',
      run_id: 'tour',
      returncode: 0,
      output: 'wrote 2 of 3\n',
      result: {
        sum: 'The sum of 2 and 3 is 5.',
        echo: 'Echo: at the same time',
        caught: {
          server: 'files',
          tool: 'read_text_file',
          kind: 'tool_error',
          message: expect.stringContaining('Access denied'),
        },
        names: [join(files, 'note-1.txt'), join(files, 'note-2.txt')],
      },
    });
    expect(answer).not.toHaveProperty('error');
    expect(answer.calls.map(({ server, tool, ok }) => `${server} ${tool} ${ok}`)).toEqual([
      'files write_file true',
      'files write_file true',
      'files write_file true',
      'everything get-sum true',
      'everything echo true',
      'memory create_entities true',
      'files read_text_file false',
      'memory read_graph true',
    ]);
    expect(answer.calls.every(({ ms }) => ms > 0)).toBe(true);
    expect(await readFile(join(files, 'note-2.txt'), 'utf8')).toBe('three more words');
  },
);

interface ToolList {
  readonly tools: readonly { readonly name: string; readonly server: string; readonly policy?: string }[];
  readonly servers: readonly { readonly name: string; readonly state: string; readonly problem?: string }[];
}

scenarioPerClient(
  'what there is to call is listed, searched, documented and asked for anew; a broken server hides no other',
  ['scripts-documented'],
  async (scratch, connect) => {
    const { env, write } = await writeDownstream(scratch, 'composition');
    await write({
      ghost: { command: join(scratch.folder, 'no-such-program') },
      files: { orchestrator: { tools: { write_file: 'deny' } } },
    });
    const client = await scratch.connect(connect, env);
    const refreshed = await client.answer<ToolList>('refresh_tools');
    const { tools, servers } = await client.answer<ToolList>('list_available_tools');
    const names = tools.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'everything__get_sum',
        'files__write_file',
        'memory__read_graph',
        'sloppy__add',
      ]),
    );
    expect(new Set(names).size).toBe(names.length);
    expect(tools.find(({ name }) => name === 'files__write_file')).toMatchObject({
      server: 'files',
      tool: 'write_file',
      policy: 'deny',
    });
    expect(servers.find(({ name }) => name === 'ghost')).toMatchObject({
      state: 'failed',
      problem: expect.stringContaining('no-such-program'),
    });
    const found = await client.answer<ToolList>('search_tools', { query: 'sum of two numbers' });
    expect(found.tools[0]?.name).toBe('everything__get_sum');
    const { documentation } = await client.answer<{ documentation: string }>('get_api_documentation', {
      query: 'sum',
      detail: 'full',
    });
    expect(documentation).toMatch(/function everything__get_sum\(args: \{[^}]*a: number/);
    expect(refreshed.tools.map(({ name }) => name)).toEqual(names);
  },
);

scenarioPerClient(
  'a script that fails says why, where in it, and whose fault it was',
  ['scripts-fail-in-words'],
  async (scratch, connect) => {
    const { env } = await writeDownstream(scratch, 'composition');
    const client = await scratch.connect(connect, env);
    const errorOf = async (code: string) => {
      const { status, returncode, error } = await execute(client, { code });
      expect([status, returncode]).toEqual(['failed', 1]);
      return error;
    };
    expect(await errorOf('const sum = 1;\n\nawait everything__get_sum({ a: "one", b: 2 });')).toMatchObject({
      name: 'Error',
      line: 3,
      server: 'everything',
      tool: 'get-sum',
      message: expect.stringContaining('Invalid arguments'),
    });
    const died = await errorOf('await moody__die({});');
    expect(died).toMatchObject({ line: 1, server: 'moody', tool: 'die' });
    // The call may be, but the run has ended: it would only be told again.
    expect(died).not.toHaveProperty('retryable');
    expect(await errorOf('\nawait everything__get_summ({});')).toMatchObject({
      line: 2,
      message: expect.stringContaining('everything__get_sum'),
    });
    expect(await errorOf('const x: number = undefined!;\nreturn x.toFixed();')).toMatchObject({
      name: 'TypeError',
      line: 2,
    });
    expect(await client.failure('execute_composed_code', { code: 'return (1;' })).toMatchObject({
      error_code: 'INVALID_ARGUMENT',
    });
    for (const args of [
      { code: '' },
      { code: 'return 1;', timeout: 0 },
      { code: 'return 1;', run_id: '' },
      { code: 'return 1;', run_id: 'step:i:1' },
    ])
      expect(await client.failure('execute_composed_code', args)).toMatchObject({
        error_code: 'INVALID_ARGUMENT',
      });
  },
);

scenarioPerClient(
  'the same code under its run_id gives the stored result, other code is refused, and one executor has it at a time',
  ['scripts-repeat'],
  async (scratch, connect) => {
    const { env, ledger } = await writeDownstream(scratch, 'composition');
    const client = await scratch.connect(connect, env);
    const code = 'await ledger__post({ entry: "a" }); return Math.random();';
    const first = await execute(client, { code, run_id: 'once' });
    expect(await execute(client, { code, run_id: 'once' })).toEqual({ ...first, replayed: true });
    const other = await scratch.connect(connect, env);
    expect(await execute(other, { code, run_id: 'once' })).toEqual({ ...first, replayed: true });
    expect(readLedger(ledger)).toHaveLength(1);
    expect(await other.failure('execute_composed_code', { code: `${code} `, run_id: 'once' })).toMatchObject({
      error_code: 'RUN_ID_REUSED',
      retryable: false,
    });

    await writeFile(`${ledger}.held`, '');
    const held = { code: 'await ledger__put({ entry: "b", hold: "held" });', run_id: 'held' };
    const stop = new AbortController();
    const running = client.callTool('execute_composed_code', held, { signal: stop.signal }).catch(() => {});
    await until(() => (readLedger(ledger).length === 2 ? true : undefined));
    expect(await other.failure('execute_composed_code', held)).toMatchObject({
      error_code: 'RUN_IN_PROGRESS',
      retryable: true,
      retry_after_ms: expect.any(Number),
    });
    stop.abort();
    await running;
  },
);

/** Posts and puts, and is held at the fifth call by a file that the test removes. */
const HELD = `
const done = [];
for (const entry of ['a', 'b']) done.push((await ledger__post({ entry })).entry);
const luck = (await ledger__peek({})).luck;
done.push((await ledger__post({ entry: 'c' })).entry);
console.log('before');
done.push((await ledger__put({ entry: 'd', hold: 'held' })).entry);
console.log('after');
await Promise.all(['e', 'f', 'g'].map((entry) => ledger__post({ entry })));
return { done, luck, random: Math.random() };
`;

/** A client whose script has come to the call that is held. */
async function executeUntilHeld(
  client: TestClient,
  { ledger }: Downstream,
  args: { readonly code: string; readonly run_id: string },
): Promise<void> {
  await writeFile(`${ledger}.held`, '');
  client.callTool('execute_composed_code', args).catch(() => {});
  await until(() => (readLedger(ledger).some(({ args: { hold } }) => hold === 'held') ? true : undefined));
}

scenarioPerClient(
  'kill -9 in the middle of a script: another process goes on under its run_id, and repeats nothing',
  ['scripts-continue', 'survives-kill', 'no-process-left'],
  async (scratch, connect) => {
    const downstream = await writeDownstream(scratch, 'composition');
    const { env, ledger, gone } = downstream;
    const doomed = await scratch.connect(connect, env);
    const script = { code: HELD, run_id: 'cut off' };
    await executeUntilHeld(doomed, downstream, script);
    await doomed.kill();
    await gone();
    await rm(`${ledger}.held`);

    const client = await scratch.connect(connect, env);
    const answer = await until(async () => {
      const { isError, body } = await client.callTool('execute_composed_code', script);
      // The lease of the one that was killed has to end first.
      if (isError) expect(body).toMatchObject({ error_code: 'RUN_IN_PROGRESS', retryable: true });
      return isError ? undefined : (body as ComposedResult);
    });
    expect(answer).toMatchObject({
      status: 'completed',
      output: 'before\nafter\n',
      result: { done: ['a', 'b', 'c', 'd'] },
    });
    expect(answer.calls).toHaveLength(8);
    const entries = readLedger(ledger);
    const did = entries.filter(({ isRepeated }) => !isRepeated).map(({ args: { entry } }) => entry);
    expect(did.sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    // The call that was held is idempotent by what its tool says, and came twice under one key.
    expect(entries.filter(({ isRepeated }) => isRepeated)).toMatchObject([{ tool: 'put', key: 'cut off:5' }]);
    expect(await execute(client, script)).toEqual({ ...answer, replayed: true });
  },
);

scenario(
  'a call that may have happened is not made again where its tool does not say that it may be',
  ['scripts-in-doubt'],
  async (scratch) => {
    const downstream = await writeDownstream(scratch, 'composition');
    const { env, ledger } = downstream;
    const doomed = await scratch.connect(connectV1, env);
    const script = { code: 'return await ledger__post({ entry: "a", hold: "held" });', run_id: 'doubtful' };
    await executeUntilHeld(doomed, downstream, script);
    await doomed.kill();
    const client = await scratch.connect(connectV1, env);
    const answer = await until(async () => {
      const { isError, body } = await client.callTool('execute_composed_code', script);
      return isError ? undefined : (body as ComposedResult);
    });
    expect(answer).toMatchObject({
      status: 'in_doubt',
      returncode: 1,
      error: { server: 'ledger', tool: 'post', args: { entry: 'a', hold: 'held' } },
    });
    expect(readLedger(ledger)).toHaveLength(1);
  },
);

scenario(
  'SIGTERM in the middle of a script: it is left in order, and goes on at once elsewhere',
  ['scripts-continue', 'scripts-told-and-stopped', 'ends-with-its-client', 'no-process-left'],
  async (scratch) => {
    const downstream = await writeDownstream(scratch, 'composition');
    const { env, ledger, gone } = downstream;
    const server = scratch.startServer({ env });
    await server.initialize();
    const script = { code: HELD, run_id: 'told to end' };
    await writeFile(`${ledger}.held`, '');
    server.send('tools/call', { name: 'execute_composed_code', arguments: script });
    await until(() => (readLedger(ledger).length === 4 ? true : undefined));
    const beginMs = performance.now();
    server.kill('SIGTERM');
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - beginMs).toBeLessThan(5_000);
    await gone();
    await rm(`${ledger}.held`);
    const client = await scratch.connect(connectV1, env);
    expect(await execute(client, script)).toMatchObject({ status: 'completed' });
  },
);

scenarioPerClient(
  'a script whose time was up goes on with more of it, unless a call was under way that must not be made twice',
  ['scripts-continue', 'scripts-bounded', 'scripts-in-doubt'],
  async (scratch, connect) => {
    const { env, ledger } = await writeDownstream(scratch, 'composition');
    const client = await scratch.connect(connect, env);
    await execute(client, { code: 'await ledger__peek({});' });
    const slow = {
      code: "await ledger__post({ entry: 'a' }); await sleep(1_500); return 'done';",
      run_id: 'slow',
    };
    const cut = await execute(client, { ...slow, timeout: 1 });
    expect(cut).toMatchObject({
      status: 'limit_exceeded',
      calls: [{ tool: 'post', ok: true }],
      error: { message: 'The script was not done after 1 s.', retryable: true },
    });
    expect(await execute(client, { ...slow, timeout: 30 })).toMatchObject({
      status: 'completed',
      result: 'done',
    });
    expect(readLedger(ledger)).toHaveLength(1);
    await writeFile(`${ledger}.held`, '');
    const held = { code: "await ledger__post({ entry: 'b', hold: 'held' });", run_id: 'held' };
    for (const timeout of [1, 30])
      expect(await execute(client, { ...held, timeout })).toMatchObject({
        status: 'in_doubt',
        error: { tool: 'post', args: { entry: 'b' } },
      });
    expect(readLedger(ledger)).toHaveLength(2);
  },
);

scenarioPerClient(
  'what a script may use up is bounded, and an operator sets the bounds',
  ['scripts-bounded'],
  async (scratch, connect) => {
    const { env } = await writeDownstream(scratch, 'composition');
    const tight = { ...env, SCRIPT_CALLS_MAX: '3', SCRIPT_CPU_SECONDS: '1', SCRIPT_MEMORY_MB: '16' };
    const client = await scratch.connect(connect, { ...tight, SCRIPT_TIMEOUT_SECONDS: '3' });
    const exceed = async (code: string, timeout?: number) => {
      const beginMs = performance.now();
      const { status, error } = await execute(client, { code, timeout });
      return { status, message: error?.message, hint: error?.hint, ms: performance.now() - beginMs };
    };
    const exceeded = (words: RegExp, hint = '`timeout`') => ({
      status: 'limit_exceeded',
      message: expect.stringMatching(words),
      hint: expect.stringContaining(hint),
    });
    expect(await exceed('while (true) {}')).toMatchObject(exceeded(/comput|cpu/i, 'SCRIPT_CPU_SECONDS'));
    expect(await exceed('const all = []; while (true) all.push(new Array(1e5).fill(0));')).toMatchObject(
      exceeded(/memory/i, 'SCRIPT_MEMORY_MB'),
    );
    expect(await exceed('for (let i = 0; i < 4; i++) await ledger__peek({});')).toMatchObject(
      exceeded(/3 calls/, 'SCRIPT_CALLS_MAX'),
    );
    const slept = await exceed('await sleep(60_000);', 0.5);
    expect(slept).toMatchObject(exceeded(/not done after/));
    expect(slept.ms).toBeLessThan(2_500);
    const byDefault = await exceed('await sleep(60_000);');
    expect(byDefault).toMatchObject(exceeded(/not done after/));
    expect(byDefault.ms).toBeGreaterThan(2_900);
    expect(await execute(client, { code: 'return "well";' })).toMatchObject({ result: 'well' });
  },
);

scenarioPerClient(
  'a script tells its progress, stops when its caller gives up, and can be taken up again',
  ['scripts-told-and-stopped', 'reports-progress', 'stops-when-cancelled'],
  async (scratch, connect) => {
    const { env, ledger } = await writeDownstream(scratch, 'composition');
    const client = await scratch.connect(connect, env);
    await execute(client, { code: 'await ledger__peek({});' });
    const code = `for (const entry of ['a', 'b', 'c']) { await ledger__post({ entry }); await sleep(300); }`;
    const told: CallProgress[] = [];
    const stop = new AbortController();
    const onprogress = (progress: CallProgress) => {
      told.push(progress);
      if (progress.message?.includes('ledger__post')) stop.abort();
    };
    const options = { onprogress, signal: stop.signal };
    await expect(client.callTool('execute_composed_code', { code, run_id: 'x' }, options)).rejects.toThrow();
    const before = readLedger(ledger).length;
    expect(before).toBeGreaterThanOrEqual(1);
    expect(before).toBeLessThan(3);
    expect(told.map(({ progress }) => progress)).toEqual(
      told.map(({ progress }) => progress).toSorted((one, other) => one - other),
    );
    expect(told[0]?.message).toContain('run_id x');

    const answer = await until(async () => {
      const { isError, body } = await client.callTool('execute_composed_code', { code, run_id: 'x' });
      return isError ? undefined : (body as ComposedResult);
    });
    expect(answer.status).toBe('completed');
    expect(readLedger(ledger).map(({ args: { entry } }) => entry)).toEqual(['a', 'b', 'c']);
  },
);

scenarioPerClient(
  'scripts keep the policies: a denied tool fails in the script, and a person is asked about others',
  ['tool-policies'],
  async (scratch, connect) => {
    const { env, files, write } = await writeDownstream(scratch, 'composition');
    await write({
      files: { orchestrator: { tools: { create_directory: 'deny', write_file: 'ask' } } },
    });
    const questions: string[] = [];
    const answerQuestion = async (question: string) => {
      questions.push(question);
      return question.includes('bad.txt') ? ('decline' as const) : ('accept' as const);
    };
    const client = await scratch.connect((params) => connect({ ...params, answerQuestion }), env);
    const code = `
      const outcomes = [];
      const attempt = (call) => call.then(() => outcomes.push('done'), ({ message, kind }) => outcomes.push(kind + ': ' + message));
      const folder = ${JSON.stringify(files)};
      await attempt(files__create_directory({ path: folder + '/new' }));
      for (const name of ['good.txt', 'bad.txt', 'fine.txt'])
        await attempt(files__write_file({ path: folder + '/' + name, content: name }));
      return outcomes;
    `;
    const { status, result } = await execute(client, { code });
    expect(status).toBe('completed');
    expect(result).toEqual([
      expect.stringContaining('denied by its policy'),
      'done',
      expect.stringContaining('said no'),
      'done',
    ]);
    expect(questions).toHaveLength(3);
    for (const name of ['new', 'good.txt', 'bad.txt', 'fine.txt'])
      expect([name, existsSync(join(files, name))]).toEqual([name, ['good.txt', 'fine.txt'].includes(name)]);

    const mute = await scratch.connect(connect, env);
    const { result: refused } = await execute(mute, { code });
    expect(refused).toEqual([
      expect.stringContaining('denied'),
      ...Array.from({ length: 3 }, () => expect.stringContaining('nobody can be asked')),
    ]);
  },
);

import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../src/domain/clock.ts';
import type { JsonObject, JsonValue } from '../../../src/domain/json.ts';
import { checkJsonSize } from '../../../src/domain/json-size.ts';
import { DEFAULT_LIMITS } from '../../../src/domain/limits.ts';
import { moody } from '../../support/moody-servers.ts';
import { composerSubject } from './composer-subject.ts';

// What a script can do with tools, and what its caller is told of it.

const subject = composerSubject();

test('a script calls tools, and its result says what it did', async () => {
  const { execute } = await subject.open();
  const result = await execute(
    `console.log('begin');
     const [one, two] = await Promise.all([ledger__post({ entry: 'a' }), ledger__put({ entry: 'b' })]);
     await sleep(1);
     const { luck } = await ledger__peek({}) as { luck: number };
     return { one, two, isLuck: luck < 1, name };`,
    { runId: 'calls', constants: { name: 'constant' } },
  );
  expect(result).toEqual({
    status: 'completed',
    run_id: 'calls',
    result: { one: { entry: 'a' }, two: { entry: 'b' }, isLuck: true, name: 'constant' },
    output: 'begin\n',
    returncode: 0,
    calls: ['post', 'put', 'peek'].map((tool) => ({
      server: 'ledger',
      tool,
      ok: true,
      ms: expect.any(Number),
    })),
  });
  expect(subject.ledger('calls')).toEqual([
    { tool: 'post', key: 'calls:1', args: { entry: 'a' }, isRepeated: false },
    { tool: 'put', key: 'calls:2', args: { entry: 'b' }, isRepeated: false },
  ]);
});

test('each run has a luck of its own', async () => {
  const { execute } = await subject.open();
  const lucks = [await execute('return Math.random()'), await execute('return Math.random()')];
  expect(new Set(lucks.map(({ result }) => result)).size).toBe(2);
});

test('a run that nobody named gets a name', async () => {
  const { execute, journal } = await subject.open();
  const { run_id } = await execute('return 1');
  expect(run_id).toMatch(/^[0-9a-f-]{36}$/);
  expect(await journal.findRun(run_id)).toMatchObject({ status: 'completed', answer: { result: 1, run_id } });
  expect((await execute('return 1')).run_id).not.toBe(run_id);
});

/** What a script catches of a call. */
const caught = (call: string) =>
  `try { return await ${call} } catch (error) { return { ...error, message: error.message, is: error instanceof Error } }`;

test.each<[string, string, JsonObject]>([
  [
    'the tool says so itself',
    "ledger__fail({ words: 'Not today.' })",
    { tool: 'fail', kind: 'tool_error', message: 'Not today.', retryable: false },
  ],
  [
    'there is no such tool',
    'ledger__pots({})',
    {
      tool: 'pots',
      kind: 'unknown_tool',
      message: 'The server ledger has no tool for `ledger__pots`. Did you mean `ledger__post`?',
      retryable: false,
    },
  ],
  [
    'the arguments are no object',
    "ledger__post('text')",
    {
      tool: 'post',
      kind: 'invalid_arguments',
      message: '`ledger__post` takes one object with its arguments by their names: ledger__post({ ... }).',
      retryable: false,
    },
  ],
  [
    'there are two arguments',
    'ledger__post({}, {})',
    { tool: 'post', kind: 'invalid_arguments', message: expect.anything(), retryable: false },
  ],
  [
    'the reply is too large',
    'ledger__big({ characters: 2000 })',
    {
      tool: 'big',
      kind: 'too_large',
      message:
        'The tool did what it was asked, but its result has 2011 bytes of JSON; at most 2000 reach a script. Ask it for less at once.',
      retryable: false,
    },
  ],
])('a call that fails can be caught: %s', async (_, call, error) => {
  const { execute } = await subject.open({ limits: { replyBytesMax: 2_000 } });
  const { result, calls } = await execute(caught(call));
  expect(result).toEqual({ is: true, server: 'ledger', seq: 1, line: 1, ...error });
  expect(calls).toEqual([{ server: 'ledger', tool: error.tool, ok: false, ms: expect.any(Number) }]);
});

test('a failure that nobody catches ends the script, with the call and its line', async () => {
  const { execute } = await subject.open();
  expect(await execute("const x = 1;\nawait ledger__fail({ words: 'Not today.' });\nreturn x")).toMatchObject(
    {
      status: 'failed',
      returncode: 1,
      error: {
        name: 'Error',
        message: 'Not today.',
        line: 2,
        column: expect.any(Number),
        server: 'ledger',
        tool: 'fail',
        hint: expect.stringContaining('mended code under another run_id'),
      },
    },
  );
});

test('a tool without arguments needs none', async () => {
  const { execute } = await subject.open();
  expect(await execute('return await ledger__post()', { runId: 'none' })).toMatchObject({
    status: 'completed',
    result: { entry: null },
  });
  expect(subject.ledger('none')).toMatchObject([{ args: {} }]);
});

test('a server that cannot be used is an error of its calls, and of nothing else', async () => {
  const hub = subject.openHub({
    gone: { command: '/nowhere/nonesuch' },
    off: { command: 'off', disabled: true },
    'my files': { command: '/nowhere/nonesuch' },
  });
  const { execute } = await subject.open({ hub });
  const kinds = await execute(`
    const fail = async (call) => { try { await call() } catch ({ server, tool, kind, retryable, message }) { return { server, tool, kind, retryable, message } } };
    return [await fail(() => gone__list({})), await fail(() => off__list({})), await fail(() => my_files__read__all({}))];`);
  expect(kinds.result).toEqual([
    {
      server: 'gone',
      tool: 'list',
      kind: 'unavailable',
      retryable: true,
      message: expect.stringContaining('The tools of the server gone are not known: The server gone '),
    },
    {
      server: 'off',
      tool: 'list',
      kind: 'unavailable',
      retryable: false,
      message: 'The tools of the server off are not known: it is disabled',
    },
    expect.objectContaining({ server: 'my files', tool: 'read__all', kind: 'unavailable' }),
  ]);
  expect(await execute('return 1 + 1')).toMatchObject({ status: 'completed', result: 2 });
  expect(await execute('await nobody__read({})')).toMatchObject({
    status: 'failed',
    error: { name: 'ReferenceError', line: 1 },
  });
});

test.each([
  ['which a call waits out where it is short', 200, { args: {} }],
  [
    'of which a call says how long it lasts',
    undefined,
    { kind: 'unavailable', retry_after_ms: expect.any(Number) },
  ],
])('a server that has failed is left alone for a while, %s', async (_, pauseMs, reply) => {
  const hub = subject.openHub({ one: moody() }, pauseMs);
  await hub.listTools('one');
  const { execute } = await subject.open({ hub });
  const { result } = await execute(`await one__die({}).catch(() => {}); ${caught('one__echo({})')}`);
  expect(result).toMatchObject(reply);
});

test('policies hold for every call', async () => {
  const asked: unknown[] = [];
  const { execute } = await subject.open({
    policyOf: (_server, tool) => (tool === 'post' ? 'ask' : tool === 'put' ? 'deny' : 'allow'),
  });
  const code = `
    const kinds = [];
    for (const call of [ledger__post, ledger__put, ledger__peek])
      try { await call({ entry: call.name }); kinds.push('done') } catch ({ kind, retryable }) { kinds.push([kind, retryable]) }
    return kinds`;
  const withAnswer = (runId: string, confirm?: (call: unknown) => Promise<boolean>) =>
    execute(code, { runId, confirm });

  const agreed = await withAnswer('agreed', async (call) => asked.push(call) > 0);
  expect(agreed.result).toEqual(['done', ['denied', false], 'done']);
  expect(asked).toEqual([{ server: 'ledger', tool: 'post', args: { entry: 'ledger__post' } }]);
  expect((await withAnswer('refused', async () => false)).result).toEqual([
    ['refused', false],
    ['denied', false],
    'done',
  ]);
  expect((await withAnswer('nobody')).result).toEqual([['refused', false], ['denied', false], 'done']);
  const failing = () => Promise.reject(new Error('The client hung up.'));
  expect((await withAnswer('failing', failing)).result).toEqual([
    ['refused', true],
    ['denied', false],
    'done',
  ]);
  expect(['agreed', 'refused', 'nobody', 'failing'].map((run) => subject.ledger(run).length)).toEqual([
    1, 0, 0, 0,
  ]);
});

test('a result that is too large is cut, and says so', async () => {
  const { execute, journal } = await subject.open({ script: { resultBytesMax: 100 } });
  const kept = 'x'.repeat(98);
  expect((await execute(`return '${kept}'`)).result).toBe(kept);
  const { result, run_id, status } = await execute("return ['\\u00e4'.repeat(100)]");
  expect(status).toBe('completed');
  expect(result).toEqual({
    truncated: true,
    bytes: 204,
    bytes_max: 100,
    json_start: `["${'ä'.repeat(49)}`,
  });
  expect((await journal.findRun(run_id))?.answer).toMatchObject({ result });
});

test('what the reader of the output has to know is in it', async () => {
  const { execute } = await subject.open({ script: { outputBytesMax: 10 } });
  subject.hold('loser');
  const { output, calls } = await execute(
    `console.log('0123456789'); console.log('more');
     await Promise.race([ledger__post({ hold: 'loser' }), sleep(60_000), sleep(1)]);
     ledger__post({ hold: 'loser' });
     return 1`,
  );
  expect(output).toBe(
    [
      '0123456789',
      '[6 more bytes of output were dropped]',
      '[the script ended without waiting for 2 of its calls: what came of them is not known; await every call]',
      '',
    ].join('\n'),
  );
  expect(calls.map(({ ok }) => ok)).toEqual([false, false]);
});

test('progress tells of the calls that are finished', async () => {
  let ms = 0;
  // So much passes between two looks at the clock that nothing is left out.
  const clock: Clock = { now: systemClock.now, monotonicMs: () => (ms += 200) };
  const { execute } = await subject.open({ clock });
  const told: unknown[] = [];
  const onProgress = (progress: unknown) => told.push(progress);
  await execute('await ledger__peek({}); await sleep(1); await ledger__fail({}).catch(() => {})', {
    runId: 'progress',
    onProgress,
  });
  expect(told).toEqual([
    { progress: 0.5, message: 'The script runs under the run_id progress.' },
    { progress: 1, message: 'ledger__peek (call 1) is done' },
    { progress: 2, message: 'ledger__fail (call 3) failed' },
  ]);
});

test('progress is told now and then, and no more often', async () => {
  const { execute } = await subject.open({ clock: { now: systemClock.now, monotonicMs: () => 0 } });
  const told: unknown[] = [];
  await execute('for (let i = 0; i < 9; i++) await ledger__peek({})', {
    onProgress: (progress) => told.push(progress),
  });
  expect(told).toHaveLength(1);
});

test('whoever listens to progress may fail', async () => {
  const { execute } = await subject.open();
  const onProgress = () => {
    throw new Error('Nobody listens.');
  };
  expect(await execute('return await ledger__post({})', { onProgress })).toMatchObject({
    status: 'completed',
  });
});

test.each([
  [{ code: ' \n' }, 'INVALID_ARGUMENT', 'code'],
  [{ code: 'return 1', timeoutSeconds: 0 }, 'INVALID_ARGUMENT', 'timeout'],
  [{ code: 'return 1', timeoutSeconds: Number.NaN }, 'INVALID_ARGUMENT', 'timeout'],
  [{ code: 'return 1', timeoutSeconds: 1e9 }, 'INVALID_ARGUMENT', 'timeout'],
  [{ code: 'return 1', runId: '' }, 'INVALID_ARGUMENT', 'run_id'],
  [{ code: 'return 1', runId: 'nul \0' }, 'INVALID_ARGUMENT', 'run_id'],
  [{ code: 'return 1', runId: 'x'.repeat(201) }, 'INVALID_ARGUMENT', 'run_id'],
  [{ code: '```ts\nreturn 1;\n```' }, 'INVALID_ARGUMENT', 'begins with a Markdown fence'],
  [{ code: 'x'.repeat(262_145) }, 'TOO_LARGE', 'bytes'],
  [{ code: 'return 1', constants: { a: 'x'.repeat(2 ** 21) } }, 'TOO_LARGE', 'constants'],
])('what cannot be executed is refused before anything is: %#', async (params, code, words) => {
  const { composer, journal } = await subject.open();
  await expect(composer.execute({ runId: 'refused', ...params })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(words),
  });
  expect(await journal.findRun('refused')).toBeUndefined();
});

test('the largest and deepest context and report that a run may have can be given to a script', async () => {
  const { execute } = await subject.open();
  const { contextBytesMax, reportBytesMax, jsonDepthMax } = DEFAULT_LIMITS;
  let deep: JsonValue = 'end';
  for (let depth = 1; depth < jsonDepthMax; depth++) deep = [deep];
  const context = filled({ deep, text: '' }, contextBytesMax);
  const report = filled({ status: 'success', text: '' }, reportBytesMax);
  checkJsonSize({ what: 'it', value: context, bytesMax: contextBytesMax, depthMax: jsonDepthMax });
  const script = 'return [context.text.length, report.text.length]';
  const result = [context.text.length, report.text.length];
  expect(await execute(script, { constants: { context, report } })).toMatchObject({ result });
});

/** With so long a text that its JSON has as many bytes. */
function filled<Value extends JsonObject & { readonly text: string }>(value: Value, bytes: number): Value {
  return { ...value, text: 'x'.repeat(bytes - JSON.stringify(value).length) };
}

test('a script that cannot be parsed leaves its run_id to the one that can', async () => {
  const { execute, journal } = await subject.open();
  await expect(execute('return (', { runId: 'typo' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: { line: 1 },
  });
  expect(await journal.findRun('typo')).not.toHaveProperty('leaseExpiresAt');
  expect(await execute('return (1)', { runId: 'typo' })).toMatchObject({ status: 'completed', result: 1 });
});

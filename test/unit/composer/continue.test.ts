import { expect, test, vi } from 'vitest';
import type { ExecuteParams } from '../../../src/composer/composer.ts';
import { systemClock } from '../../../src/domain/clock.ts';
import { ledgerServer } from '../../support/ledger.ts';
import { type ComposerRoom, composerSubject } from './composer-subject.ts';

// What happens under a run_id that was used before.

const subject = composerSubject();

const HOUR_MS = 3_600_000;
/** The clock of an executor that comes so much later that whoever was there before counts as lost. */
const later = (hours: number) => ({
  now: () => new Date(Date.now() + hours * HOUR_MS).toISOString(),
  monotonicMs: systemClock.monotonicMs,
});

/** Executes it until a person is asked about the call with this number, and cuts it off there. */
async function cutOff(
  room: ComposerRoom,
  code: string,
  params: ExecuteParams & { readonly askedBefore: number },
) {
  const controller = new AbortController();
  let asked = 0;
  const { status } = await room.composer.execute({
    ...params,
    code,
    signal: controller.signal,
    async confirm() {
      if (asked === params.askedBefore) controller.abort();
      asked += 1;
      return true;
    },
  });
  expect(status).toBe('cancelled');
}

const agree = async () => true;
const askAboutPosts: Parameters<typeof subject.open>[0] = {
  policyOf: (_server, tool) => (tool === 'post' ? 'ask' : 'allow'),
};

test('a run that has ended gives its result again, and does nothing', async () => {
  const { execute } = await subject.open();
  const code = "await ledger__post({ entry: 'a' }); return Math.random()";
  const first = await execute(code, { runId: 'ended' });
  expect(await execute(code, { runId: 'ended' })).toEqual({ ...first, replayed: true });
  const failing = await execute('throw new TypeError("no")', { runId: 'failed' });
  expect(await execute('throw new TypeError("no")', { runId: 'failed' })).toEqual({
    ...failing,
    replayed: true,
  });
  expect(subject.ledger('ended')).toHaveLength(1);
});

test.each([
  ['other code', { code: 'return await ledger__post({ entry: 2 })' }],
  ['other constants', { constants: { entry: 2 } }],
])('%s under the same run_id is refused', async (_, other) => {
  const { composer } = await subject.open();
  const params = {
    code: 'return await ledger__post({ entry: 1 })',
    constants: { entry: 1 },
    runId: `reused ${_}`,
  };
  await composer.execute(params);
  await expect(composer.execute({ ...params, ...other })).rejects.toMatchObject({
    code: 'RUN_ID_REUSED',
    retryable: false,
    hint: expect.stringMatching(/^Choose another run_id/),
    details: { run_id: params.runId },
  });
  expect(subject.ledger(params.runId)).toHaveLength(1);
});

test('a run that was cut off goes on, with the clock and the luck that it had', async () => {
  const room = await subject.open(askAboutPosts);
  const code = `
    const seen = [];
    const see = (what) => seen.push([what, Date.now(), Math.random()]);
    see('start');
    for (let i = 0; i < 3; i++) { see(await ledger__peek({})); see(await ledger__post({ entry: 'post ' + i })) }
    see(await Promise.race([ledger__put({ entry: 'slow', turns: 500 }), ledger__put({ entry: 'quick' })]));
    try { await ledger__fail({ words: 'as before' }) } catch (error) { see({ ...error, message: error.message }) }
    await sleep(1);
    see(await ledger__post({ entry: 'last' }));
    await ledger__post({ entry: JSON.stringify(seen) });
    return seen;`;
  // Each attempt gets one post further, and leaves what it saw to the next.
  for (const askedBefore of [0, 0, 1, 1, 0]) await cutOff(room, code, { code, runId: 'go on', askedBefore });
  const { status, result, calls, replayed } = await room.execute(code, { runId: 'go on', confirm: agree });
  expect([status, replayed]).toEqual(['completed', undefined]);
  const entries = subject.ledger('go on').map(({ args }) => args.entry);
  expect(entries).toEqual(['post 0', 'post 1', 'post 2', 'slow', 'quick', 'last', JSON.stringify(result)]);
  const times = (result as [unknown, number, number][]).map(([, time]) => time);
  expect(times).toEqual([...times].sort((one, other) => one - other));
  expect(calls.map(({ tool, ok }) => [tool, ok])).toEqual([
    ...[0, 1, 2].flatMap(() => [
      ['peek', true],
      ['post', true],
    ]),
    ['put', expect.any(Boolean)],
    ['put', true],
    ['fail', false],
    ['post', true],
    ['post', true],
  ]);
});

test('a run that was given up in good order can be continued at once', async () => {
  const room = await subject.open(askAboutPosts);
  const code = "await ledger__post({}); await ledger__post({}); return 'done'";
  await cutOff(room, code, { code, runId: 'at once', askedBefore: 1 });
  expect(await room.journal.findRun('at once')).toMatchObject({ status: 'running', fencingToken: 1 });
  const other = await subject.open({ ...askAboutPosts, databasePath: room.databasePath });
  expect((await other.execute(code, { runId: 'at once', confirm: agree })).result).toBe('done');
  expect(subject.ledger('at once').map(({ key }) => key)).toEqual(['at once:1', 'at once:2']);
});

test('a run is executed by one at a time', async () => {
  subject.hold('two');
  const one = await subject.open();
  const two = await subject.open({ databasePath: one.databasePath });
  const code = "await ledger__put({ hold: 'two' })";
  const controller = new AbortController();
  const running = one.execute(code, { runId: 'two', signal: controller.signal });
  await subject.untilLedgerHas('two', 1);
  for (const { execute } of [one, two])
    await expect(execute(code, { runId: 'two' })).rejects.toMatchObject({
      code: 'RUN_IN_PROGRESS',
      retryable: true,
      retryAfterMs: expect.any(Number),
      details: { run_id: 'two' },
    });
  await expect(two.execute('return 1', { runId: 'two' })).rejects.toMatchObject({ code: 'RUN_ID_REUSED' });
  controller.abort();
  expect(await running).toMatchObject({ status: 'cancelled', returncode: 1, error: { name: 'AbortError' } });
  expect(subject.ledger('two')).toHaveLength(1);
});

test('an executor that is taken for lost stops, and its run goes on elsewhere', async () => {
  subject.hold('lost');
  const one = await subject.open({ limits: { leaseMs: 300 } });
  const two = await subject.open({ databasePath: one.databasePath, clock: later(1) });
  const code = "await ledger__put({ hold: 'lost' }); return 1";
  const running = one.execute(code, { runId: 'lost' });
  await subject.untilLedgerHas('lost', 1);
  const controller = new AbortController();
  const continued = two.execute(code, { runId: 'lost', signal: controller.signal });
  await expect(running).rejects.toMatchObject({ code: 'RUN_IN_PROGRESS', details: { run_id: 'lost' } });
  await subject.untilLedgerHas('lost', 2);
  controller.abort();
  expect((await continued).status).toBe('cancelled');
  expect(subject.ledger('lost').map(({ isRepeated }) => isRepeated)).toEqual([false, true]);
});

test('an executor that does not know that it is lost changes nothing any more', async () => {
  const one = await subject.open({ ...askAboutPosts, limits: { leaseMs: HOUR_MS } });
  const two = await subject.open({ ...askAboutPosts, databasePath: one.databasePath, clock: later(2) });
  const code = "await ledger__post({}); return 'done'";
  let agreeLate = (_isAgreed: boolean) => {};
  const late = new Promise<boolean>((resolve) => {
    agreeLate = resolve;
  });
  const running = one.execute(code, { runId: 'late', confirm: () => late });
  await vi.waitFor(async () => expect((await one.journal.findRun('late'))?.status).toBe('running'));
  expect(await two.execute(code, { runId: 'late', confirm: agree })).toMatchObject({ status: 'completed' });
  agreeLate(true);
  await expect(running).rejects.toMatchObject({ code: 'RUN_IN_PROGRESS' });
  expect(subject.ledger('late')).toHaveLength(1);
  expect(await one.execute(code, { runId: 'late' })).toMatchObject({ result: 'done', replayed: true });
});

/** Cut off in the middle of a call, which the ledger has. */
async function cutOffInCall(room: ComposerRoom, code: string, runId: string) {
  subject.hold(runId);
  const controller = new AbortController();
  const before = subject.ledger(runId).length;
  const running = room.execute(code, { runId, signal: controller.signal });
  await subject.untilLedgerHas(runId, before + 1);
  controller.abort();
  expect(await running).toMatchObject({ status: 'cancelled' });
}

test('a call that may have happened is not made again: somebody has to look', async () => {
  const room = await subject.open();
  const code = `
    const first = await ledger__peek({});
    await Promise.all([ledger__post({ entry: first.luck, hold: 'doubt' }), ledger__peek({})]);
    await ledger__put({ entry: 'after' });`;
  await cutOffInCall(room, code, 'doubt');
  const { journal } = room;
  const doubted = await room.execute(code, { runId: 'doubt' });
  const [posted] = subject.ledger('doubt');
  expect(doubted).toEqual({
    status: 'in_doubt',
    run_id: 'doubt',
    output: '',
    returncode: 1,
    calls: expect.any(Array),
    error: {
      name: 'InDoubtError',
      message:
        'Call 2, `ledger__post`, was under way when the script was cut off: it may have happened, and its tool does not say that it may be repeated. Nothing more was executed. Look whether it happened, and run what is left to do under another run_id.',
      line: 3,
      server: 'ledger',
      tool: 'post',
      retryable: false,
      args: posted?.args,
    },
  });
  expect(await journal.findRun('doubt')).toMatchObject({ status: 'in_doubt', answer: doubted });
  // Asked again, it looks again, and does nothing.
  expect(await room.execute(code, { runId: 'doubt' })).toEqual(doubted);
  expect(subject.ledger('doubt')).toHaveLength(1);
  await expect(room.execute('return 1', { runId: 'doubt' })).rejects.toMatchObject({ code: 'RUN_ID_REUSED' });
  // By now the server says of the tool that it may be repeated.
  const hub = subject.openHub({
    ledger: ledgerServer(subject.ledgerFile, { LEDGER_TRUSTING: 'yes' }),
  });
  const trusting = await subject.open({ hub, databasePath: room.databasePath });
  const controller = new AbortController();
  const continued = trusting.execute(code, { runId: 'doubt', signal: controller.signal });
  await subject.untilLedgerHas('doubt', 2);
  controller.abort();
  await continued;
  expect(subject.ledger('doubt').map(({ key, args }) => [key, args])).toEqual([
    ['doubt:2', posted?.args],
    ['doubt:2', posted?.args],
  ]);
});

test('all calls that are in doubt are named, and the script goes no further than the first', async () => {
  const room = await subject.open();
  const code = `
    await ledger__peek({});
    ledger__peek({});
    await Promise.all([1, 2, 3].map((entry) => ledger__post({ entry, hold: 'many' })));`;
  await cutOffInCall(room, code, 'many');
  const { error, calls } = await room.execute(code, { runId: 'many' });
  expect(error).toMatchObject({ name: 'InDoubtError', args: { entry: 1, hold: 'many' } });
  expect(error?.message).toContain('The same is true of call 4, `ledger__post`; call 5, `ledger__post`.');
  expect(calls.filter(({ ok }) => ok).length).toBeLessThanOrEqual(2);
  expect(subject.ledger('many').length).toBeLessThanOrEqual(3);
});

test('while a call is in doubt, no other is made on the way to it', async () => {
  const policyOf = (_server: string, tool: string) => (tool === 'put' ? 'ask' : 'allow');
  const room = await subject.open({ policyOf });
  subject.hold('on the way');
  const code = `
    const asked = ledger__put({ entry: 'asked' });
    for (let i = 0; i < 50; i++) await ledger__peek({});
    await Promise.all([asked, ledger__post({ hold: 'on the way' })]);`;
  const controller = new AbortController();
  const nobody = () => new Promise<boolean>(() => {});
  const running = room.execute(code, { runId: 'on the way', signal: controller.signal, confirm: nobody });
  await subject.untilLedgerHas('on the way', 1);
  controller.abort();
  await running;
  const { status } = await room.execute(code, { runId: 'on the way', confirm: agree });
  expect(status).toBe('in_doubt');
  expect(subject.ledger('on the way').map(({ tool }) => tool)).toEqual(['post']);
});

test('a call that may be repeated is, with what it was called with', async () => {
  const room = await subject.open();
  const code =
    "const { luck } = await ledger__peek({}); return await ledger__put({ entry: String(luck), hold: 'again' })";
  await cutOffInCall(room, code, 'again');
  await cutOffInCall(room, code, 'again');
  const [first, second] = subject.ledger('again');
  expect(second).toEqual({ ...first, isRepeated: true });
});

test('a run of a tool that is not there any more is in doubt too', async () => {
  const room = await subject.open();
  const code = "await ledger__put({ hold: 'no tool' })";
  await cutOffInCall(room, code, 'no tool');
  const hub = subject.openHub({ ledger: { command: '/nowhere/nonesuch' } });
  const { execute } = await subject.open({ hub, databasePath: room.databasePath });
  expect(await execute(code, { runId: 'no tool' })).toMatchObject({
    status: 'in_doubt',
    error: { server: 'ledger', tool: 'put' },
  });
});

test('what was recorded is told also where its tool is not there any more', async () => {
  const room = await subject.open(askAboutPosts);
  const code = "await ledger__put({ entry: 'a' }); await ledger__post({})";
  await cutOff(room, code, { code, runId: 'gone', askedBefore: 0 });
  const hub = subject.openHub({});
  const { execute } = await subject.open({ hub, databasePath: room.databasePath });
  expect(await execute(code, { runId: 'gone' })).toMatchObject({
    status: 'failed',
    error: { name: 'ReferenceError' },
    calls: [{ server: 'ledger', tool: 'put', ok: true }],
  });
});

test.each([
  [
    'another function',
    "typeof globalThis['ledger' + '__extra'] === 'function' ? ledger__post({}) : ledger__put({})",
    '`ledger__post` now, and called `ledger__put` then',
  ],
  [
    'other arguments',
    "ledger__put({ entry: typeof globalThis['ledger' + '__extra'] })",
    '`ledger__put` was called with other arguments then',
  ],
])('a script that does something else than before is stopped: %s', async (what, call, words) => {
  const runId = `diverged ${what}`;
  const room = await subject.open(askAboutPosts);
  // A name in the code itself would be one of a tool that is missing.
  const code = `await ledger__peek({});\nawait (${call});\nawait ledger__post({ entry: 'after' })`;
  await cutOff(room, code, { code, runId, askedBefore: 0 });
  const hub = subject.openHub({ ledger: ledgerServer(subject.ledgerFile, { LEDGER_EXTRA: 'yes' }) });
  const { execute, journal } = await subject.open({ hub, databasePath: room.databasePath });
  const diverged = await execute(code, { runId });
  expect(diverged).toMatchObject({
    status: 'failed',
    error: { name: 'DivergenceError', line: 2, message: expect.stringContaining(words) },
  });
  expect(subject.ledger(runId)).toHaveLength(1);
  expect(await journal.findRun(runId)).toMatchObject({ status: 'failed', answer: diverged });
});

test('a difference in the last call is noticed, although the script has ended by then', async () => {
  const room = await subject.open(askAboutPosts);
  const code = `
    const isThere = typeof globalThis['ledger' + '__extra'] === 'function';
    await ledger__put({ entry: isThere });
    if (!isThere) await ledger__post({});`;
  await cutOff(room, code, { code, runId: 'last call', askedBefore: 0 });
  const hub = subject.openHub({ ledger: ledgerServer(subject.ledgerFile, { LEDGER_EXTRA: 'yes' }) });
  const { execute } = await subject.open({ hub, databasePath: room.databasePath });
  expect(await execute(code, { runId: 'last call' })).toMatchObject({
    status: 'failed',
    error: { name: 'DivergenceError', line: 3 },
  });
});

test('a script whose name for a tool means another one by now is stopped', async () => {
  const hubOf = (server: string) => subject.openHub({ [server]: ledgerServer(subject.ledgerFile) });
  const before = await subject.open({ ...askAboutPosts, hub: hubOf('my-ledger') });
  const code = "await my_ledger__put({ entry: 'a' });\nawait my_ledger__post({ entry: 'b' })";
  await cutOff(before, code, { code, runId: 'renamed', askedBefore: 0 });
  const { databasePath } = before;
  const after = await subject.open({ hub: hubOf('my_ledger'), databasePath });
  expect(await after.execute(code, { runId: 'renamed' })).toMatchObject({
    status: 'failed',
    error: {
      name: 'DivergenceError',
      line: 1,
      message: expect.stringContaining('`my_ledger__put` was another tool then, ["my-ledger","put"]'),
    },
  });
  expect(subject.ledger('renamed')).toHaveLength(1);
});

test('a reply that was too large is too large the next time', async () => {
  const room = await subject.open({ ...askAboutPosts, limits: { replyBytesMax: 100 } });
  const code = `
    let kind;
    try { await ledger__big({ characters: 200 }) } catch (error) { kind = error.kind }
    await ledger__post({ entry: kind });
    return kind`;
  await cutOff(room, code, { code, runId: 'large', askedBefore: 0 });
  const roomy = await subject.open({ ...askAboutPosts, databasePath: room.databasePath });
  expect((await roomy.execute(code, { runId: 'large', confirm: agree })).result).toBe('too_large');
});

test('a thousand calls are replayed in little time', async () => {
  const room = await subject.open({ ...askAboutPosts, script: { callsMax: 2_000 } });
  const code = `
    let luck = 0;
    for (let i = 0; i < 20; i++)
      for (const each of await Promise.all(Array.from({ length: 50 }, () => ledger__peek({})))) luck += each.luck;
    await ledger__post({ entry: String(luck) });
    return luck`;
  await cutOff(room, code, { code, runId: 'thousand', askedBefore: 0 });
  let bestMs = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 3; look++) {
    const before = performance.now();
    await cutOff(room, code, { code, runId: 'thousand', askedBefore: 0 });
    bestMs = Math.min(bestMs, performance.now() - before);
  }
  const { result, calls } = await room.execute(code, { runId: 'thousand', confirm: agree });
  expect(calls).toHaveLength(1_001);
  expect(subject.ledger('thousand').map(({ args }) => args.entry)).toEqual([String(result)]);
  expect(bestMs).toBeLessThan(1_000);
});

import { expect, test } from 'vitest';
import { createVirtualTime } from '../../support/virtual-time.ts';
import { composerSubject } from './composer-subject.ts';

// What a limit leaves of a script, and how it goes on.

const subject = composerSubject();

const posts = (count: number) =>
  `for (let i = 0; i < ${count}; i++) await ledger__post({ entry: 'post ' + i });`;

test.each([
  ['callsMax', { callsMax: 2 }, posts(3)],
  ['cpuMs', { cpuMs: 50 }, `${posts(2)} for (let i = 0; i < 1e7; i++);`],
  ['wallMs', { wallMs: 500 }, `${posts(2)} await sleep(1_000)`],
] as const)(
  'a script that a limit cut off goes on where the limit is higher: %s',
  async (limit, script, code) => {
    const runId = `limit ${limit}`;
    const low = await subject.open({ script });
    const cut = await low.execute(code, { runId });
    expect(cut).toMatchObject({
      status: 'limit_exceeded',
      returncode: 1,
      error: {
        name: 'LimitError',
        retryable: limit === 'wallMs',
        hint: expect.stringContaining('goes on there'),
      },
    });
    expect(cut.calls).toHaveLength(2);
    const run = await low.journal.findRun(runId);
    expect(run).toMatchObject({ status: 'running' });
    expect(run).not.toHaveProperty('leaseExpiresAt');
    const high = await subject.open({ databasePath: low.databasePath });
    expect(await high.execute(code, { runId, timeoutSeconds: 30 })).toMatchObject({ status: 'completed' });
    const entries = subject.ledger(runId).map(({ args }) => args.entry);
    expect(entries).toEqual(['post 0', 'post 1', 'post 2'].slice(0, entries.length));
    expect(entries.length).toBe(limit === 'callsMax' ? 3 : 2);
  },
);

test('what raises a limit is named', async () => {
  const { execute } = await subject.open({
    script: { callsMax: 1 },
    limits: { scriptSettings: { callsMax: 'CALLS_SETTING' } },
  });
  const { error } = await execute(posts(2));
  expect(error?.hint).toContain('goes on there, once the operator has raised CALLS_SETTING.');
});

test('the time-out that the caller gave is the one that is told', async () => {
  const { execute } = await subject.open();
  const before = performance.now();
  const { error } = await execute('await sleep(60_000)', { timeoutSeconds: 0.3 });
  expect(error?.message).toBe('The script was not done after 0.3 s.');
  expect(performance.now() - before).toBeLessThan(10_000);
});

test('a call that was under way when the time was up is in doubt, and not made again', async () => {
  const room = await subject.open();
  subject.hold('time is up');
  const code = "await ledger__peek({});\nawait ledger__post({ hold: 'time is up' });";
  const cut = await room.execute(code, { runId: 'time is up', timeoutSeconds: 1 });
  expect(cut).toMatchObject({
    status: 'in_doubt',
    calls: [
      { tool: 'peek', ok: true },
      { tool: 'post', ok: false },
    ],
    error: {
      name: 'InDoubtError',
      message: expect.stringMatching(
        /^The script was not done after 1 s\. Call 2, `ledger__post`, was under way/,
      ),
      server: 'ledger',
      tool: 'post',
      line: 2,
      args: { hold: 'time is up' },
    },
  });
  expect(await room.journal.findRun('time is up')).toMatchObject({ status: 'in_doubt', answer: cut });
  expect(await room.execute(code, { runId: 'time is up' })).toMatchObject({ status: 'in_doubt' });
  expect(subject.ledger('time is up')).toHaveLength(1);
});

test('so is one that is under way when the script makes too many calls', async () => {
  const { execute } = await subject.open({ script: { callsMax: 30 } });
  subject.hold('too many');
  const code = `
    const held = ledger__post({ hold: 'too many' });
    for (let i = 0; i < 30; i++) await ledger__peek({});
    await held`;
  expect(await execute(code, { runId: 'too many' })).toMatchObject({
    status: 'in_doubt',
    error: { message: expect.stringMatching(/^The script makes more than 30 calls\. Call 1/) },
  });
  expect(subject.ledger('too many')).toHaveLength(1);
});

test('a call that may be repeated is, when the script has more time', async () => {
  const { execute } = await subject.open();
  subject.hold('more time');
  const code = "await ledger__put({ hold: 'more time' })";
  for (const timeoutSeconds of [1, 1.1])
    expect(await execute(code, { runId: 'more time', timeoutSeconds })).toMatchObject({
      status: 'limit_exceeded',
    });
  expect(subject.ledger('more time').map(({ isRepeated }) => isRepeated)).toEqual([false, true]);
});

test('the answer tells of all calls, also of those that this attempt did not get to', async () => {
  const { execute } = await subject.open();
  subject.hold('all calls');
  const code = `${posts(2)} await ledger__put({ hold: 'all calls' })`;
  await execute(code, { runId: 'all calls', timeoutSeconds: 1 });
  const { status, calls } = await execute(code, { runId: 'all calls', timeoutSeconds: 0.001 });
  expect(status).toBe('limit_exceeded');
  expect(calls.map(({ tool, ok }) => [tool, ok])).toEqual([
    ['post', true],
    ['post', true],
    ['put', false],
  ]);
});

test('a person who is asked may take her time', async () => {
  const time = createVirtualTime();
  const { execute } = await subject.open({ ...time, policyOf: () => 'ask' });
  const confirm = async () => {
    time.elapse(60_000);
    return true;
  };
  const code = "await ledger__post({ entry: 'a' }); await ledger__post({ entry: 'b' }); return 'done'";
  expect(await execute(code, { runId: 'slow reader', timeoutSeconds: 1, confirm })).toMatchObject({
    status: 'completed',
    result: 'done',
  });
  expect(subject.ledger('slow reader')).toHaveLength(2);
});

test('sixteen scripts wait side by side; the time that one waits for its turn is its own', async () => {
  const { execute } = await subject.open();
  const controllers = Array.from({ length: 16 }, () => new AbortController());
  const waiting = controllers.map(({ signal }, index) =>
    execute('await ledger__put({}); await sleep(60_000)', { runId: `side by side:${index}`, signal }),
  );
  await subject.untilLedgerHas('side by side', waiting.length);
  const { status, error } = await execute('return 1', { timeoutSeconds: 0.2 });
  for (const controller of controllers) controller.abort();
  expect(status).toBe('limit_exceeded');
  expect(error?.message).toMatch(/^The script was not begun within 0\.2 s: it waited for its turn/);
  expect((await Promise.all(waiting)).map((each) => each.status)).toEqual(waiting.map(() => 'cancelled'));
});

test('all results of a run have room for so many bytes, across its attempts', async () => {
  const limits = { repliesBytesMax: 2_500 };
  const room = await subject.open({ limits });
  subject.hold('budget');
  const code = `
    const kinds = [];
    const ask = () => ledger__big({ characters: 1_000 }).then(() => 'fits', ({ kind }) => kind);
    kinds.push(await ask());
    await ledger__put({ hold: 'budget', entry: 'a' });
    for (let i = 0; i < 3; i++) kinds.push(await ask());
    return kinds;`;
  const controller = new AbortController();
  const running = room.execute(code, { runId: 'budget', signal: controller.signal });
  await subject.untilLedgerHas('budget', 1);
  controller.abort();
  await running;
  const other = await subject.open({ limits, databasePath: room.databasePath });
  subject.release('budget');
  expect((await other.execute(code, { runId: 'budget' })).result).toEqual([
    'fits',
    'fits',
    'too_large',
    'too_large',
  ]);
});

import { expect, test } from 'vitest';
import { type HubRoom, openHub } from '../../support/hub-room.ts';
import { ledgerServer } from '../../support/ledger.ts';
import { composerSubject } from './composer-subject.ts';

// What a script is told of a call that was sent and got no answer: a script that obeys it does nothing twice.

const subject = composerSubject();
const open = () => openHub({ servers: { ledger: ledgerServer(subject.ledgerFile) } });
const kill = ({ hub }: HubRoom) => process.kill(hub.statuses()[0]?.pid ?? 0, 'SIGKILL');

const TOLD = `const told = async (call) => {
  try { return await call } catch ({ message, kind, retryable, outcome }) { return { message, kind, retryable, outcome } }
};`;

test.each<[string, (room: HubRoom) => void, string, string]>([
  ['the server dies', kill, 'unavailable', 'The server ledger ended (SIGKILL).'],
  ['it is stopped', ({ hub }) => void hub.stop('ledger'), 'unavailable', 'The server ledger was stopped.'],
  [
    'its time is up',
    ({ time }) => time.elapse(60_000),
    'timeout',
    'The server ledger did not answer within 60 s.',
  ],
])('a call that may have happened is not to be made again: %s', async (what, end, kind, message) => {
  const room = open();
  const { execute } = await subject.open({ hub: room.hub });
  subject.hold(what);
  const running = execute(
    `${TOLD} return Promise.all([ledger__post({ hold }), ledger__put({ hold })].map(told))`,
    {
      runId: what,
      constants: { hold: what },
    },
  );
  await subject.untilLedgerHas(what, 2);
  end(room);
  expect((await running).result).toEqual([
    {
      kind,
      message: `${message} Whether it did what it was asked is not known.`,
      retryable: false,
      outcome: 'unknown',
    },
    // Its tool says that it may be called twice.
    { kind, message, retryable: true },
  ]);
});

test('one that was surely not made is', async () => {
  const room = open();
  const { execute } = await subject.open({ hub: room.hub });
  subject.hold('dead');
  const running = execute(
    `${TOLD} await told(ledger__post({ hold: 'dead' })); return told(ledger__post({ entry: 'second' }))`,
    { runId: 'pause' },
  );
  await subject.untilLedgerHas('pause', 1);
  kill(room);
  // The server is left alone for a while after a failure.
  expect((await running).result).toEqual({
    kind: 'unavailable',
    message: expect.stringMatching(
      /^The server ledger was not called: it failed before, and is left alone for \d+ ms more\. The server ledger ended \(SIGKILL\)\.$/,
    ),
    retryable: true,
  });
  expect(subject.ledger('pause')).toHaveLength(1);
});

test('a script that did not catch it passes it on', async () => {
  const room = open();
  const { execute } = await subject.open({ hub: room.hub });
  subject.hold('uncaught');
  const running = execute("await ledger__post({ hold: 'uncaught' })", { runId: 'uncaught' });
  await subject.untilLedgerHas('uncaught', 1);
  kill(room);
  expect(await running).toMatchObject({
    status: 'failed',
    error: {
      server: 'ledger',
      tool: 'post',
      outcome: 'unknown',
      message: expect.stringContaining('not known'),
    },
  });
});

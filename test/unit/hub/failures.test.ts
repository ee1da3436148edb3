import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { type HubRoom, isAlive, openHub, PATIENCE, whileTimePasses } from '../../support/hub-room.ts';
import { moody } from '../../support/moody-servers.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const echo = { server: 'one', tool: 'echo', args: {} };

/** Until the pause after a failure is over. */
function passPause({ hub, time }: HubRoom): void {
  time.elapse(hub.statuses()[0]?.retryAfterMs ?? 0);
}

describe('a start', () => {
  test('of a program that is not there says so', async () => {
    const { hub } = openHub({ servers: { one: { command: '/nowhere/nonesuch' } } });
    await expect(hub.start('one')).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      retryable: false,
      message: 'The server one could not be started: there is no command /nowhere/nonesuch.',
    });
    expect(hub.statuses()).toMatchObject([{ state: 'failed', problem: expect.stringContaining('nonesuch') }]);
  });

  test('of a command with arguments in it says where they belong', async () => {
    const { hub } = openHub({ servers: { one: { command: 'npx -y nonesuch' } } });
    await expect(hub.start('one')).rejects.toMatchObject({
      message:
        'The server one could not be started: there is no command npx -y nonesuch; arguments belong into `args`.',
    });
  });

  test('that comes to nothing quotes the last words, without secrets', async () => {
    const secret = 'sk-very-secret';
    const { hub, logs } = openHub({
      servers: { one: { ...moody('ends-on-start', `bad key ${secret}\u001b[31m`), env: { KEY: secret } } },
    });
    await expect(hub.start('one')).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: 'The server one ended (exit code 1), and its last words were: bad key [redacted] [31m.',
    });
    expect(JSON.stringify(logs)).not.toContain(secret);
  });

  test('of a script of Node that throws says what it throws', async () => {
    const { hub } = openHub({
      servers: { one: { command: process.execPath, args: ['-e', 'throw new Error("API_KEY is not set")'] } },
    });
    await expect(hub.start('one')).rejects.toMatchObject({
      message: 'The server one ended (exit code 1), and its last words were: Error: API_KEY is not set.',
    });
  });

  test('that hangs ends at its deadline, with its process', async () => {
    const { hub, time, stderrOf } = openHub({ servers: { one: moody('hangs-on-start') } });
    const outcome = expect(hub.start('one')).rejects.toMatchObject({
      code: 'SERVER_TIMEOUT',
      message: 'The server one was started, but did not shake hands within 30 s.',
    });
    await stderrOf('one', 'listening to nothing');
    time.elapse(29_999);
    expect(hub.statuses()).toMatchObject([{ state: 'starting' }]);
    time.elapse(1);
    await outcome;
    expect(hub.statuses()).toMatchObject([{ state: 'failed' }]);
    await whileTimePasses(time, hub.stop('one'));
  });

  test('that floods stdout ends soon', async () => {
    const { hub } = openHub({ servers: { one: moody('floods') } });
    await expect(hub.start('one')).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringMatching(/was ended, because it wrote \d+ bytes to stdout that are no message/),
    });
  });

  test('whose output has no end of line ends soon', async () => {
    const { hub } = openHub({
      servers: { one: moody('endless-line') },
      limits: { messageBytesMax: 1e6, skippedBytesMax: 2e6 },
    });
    await expect(hub.start('one')).rejects.toMatchObject({
      message: 'The server one was ended, because it sent a message of more than 2000000 bytes.',
    });
  });

  test('succeeds the third time, with pauses between', async () => {
    const counter = join(temporaryFolder(), 'attempts');
    const room = openHub({ servers: { one: moody('third-time', counter) } });
    const { hub, time } = room;
    // Jitter in the middle: three quarters of 250 and 500 ms.
    for (const retryAfterMs of [188, 375]) {
      await expect(hub.callTool(echo)).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE', retryAfterMs });
      const attempts = readFileSync(counter, 'utf8');
      time.elapse(100);
      await expect(hub.callTool(echo)).rejects.toMatchObject({
        code: 'SERVER_UNAVAILABLE',
        message: expect.stringMatching(
          `^The server one was not called: it failed before, and is left alone for ${retryAfterMs - 100} ms more. The server one ended`,
        ),
        retryAfterMs: retryAfterMs - 100,
      });
      expect(readFileSync(counter, 'utf8'), 'it was left alone').toBe(attempts);
      passPause(room);
    }
    await hub.callTool(echo);
    expect(readFileSync(counter, 'utf8')).toBe('3');
    expect(hub.statuses()).toMatchObject([{ state: 'running' }]);
  });

  test('can be stopped', async () => {
    const { hub, time, stderrOf } = openHub({ servers: { one: moody('hangs-on-start') } });
    const outcome = expect(hub.callTool(echo)).rejects.toMatchObject({
      message: 'The server one was stopped.',
    });
    await stderrOf('one', 'listening to nothing');
    expect(await whileTimePasses(time, hub.stop('one'))).toEqual({ name: 'one', state: 'stopped' });
    await outcome;
  });

  test('waits for its turn, but not for one that hangs', async () => {
    const { hub, time, stderrOf } = openHub({
      servers: { one: moody('hangs-on-start'), two: moody() },
      limits: { startsMax: 1, startTurnMs: 2_000 },
    });
    hub.start('one').catch(() => {});
    await stderrOf('one', 'listening to nothing');
    let isStarted = false;
    const two = hub.start('two').then(() => {
      isStarted = true;
    });
    time.elapse(1_999);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isStarted).toBe(false);
    time.elapse(1);
    await two;
  });
});

describe('a server that dies', () => {
  test('in mid-call fails the calls that wait, and is started anew', async () => {
    const room = openHub({ servers: { one: moody() } });
    const { hub } = room;
    const onProgress = vi.fn();
    const waiting = hub.callTool({ server: 'one', tool: 'hang', args: {}, onProgress });
    const died = {
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringContaining('(exit code 3)'),
      hint: 'Whether it did what it was asked is not known: find out before you call again.',
      details: { server: 'one', outcome: 'unknown' },
    };
    const outcome = expect(waiting).rejects.toMatchObject(died);
    await vi.waitFor(() => expect(onProgress).toHaveBeenCalled(), PATIENCE);
    await expect(hub.callTool({ server: 'one', tool: 'die', args: {} })).rejects.toMatchObject({
      ...died,
      retryAfterMs: 188,
      message: expect.stringContaining('I cannot go on.'),
    });
    await outcome;
    const [{ state, retryAfterMs } = {}] = hub.statuses();
    expect([state, retryAfterMs]).toEqual(['failed', 188]);
    await expect(hub.callTool(echo), 'it was not called').rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      retryAfterMs: 188,
      hint: 'Call again: it is started anew.',
      details: { server: 'one' },
    });
    passPause(room);
    await hub.callTool(echo);
    // What worked in between makes the next failure the first one again.
    await hub.callTool({ server: 'one', tool: 'die', args: {} }).catch(() => {});
    expect(hub.statuses()).toMatchObject([{ retryAfterMs: 188 }]);
  });

  test('harms no other', async () => {
    const { hub } = openHub({ servers: { one: moody(), two: moody() } });
    const before = await hub.start('two');
    const outcomes = await Promise.allSettled([
      hub.callTool({ server: 'one', tool: 'die', args: {} }),
      ...[1, 2, 3].map(() => hub.callTool({ ...echo, server: 'two' })),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
    expect(await hub.start('two')).toEqual({ ...before, toolCount: expect.any(Number) });
  });
});

describe('a server that does not answer any more', () => {
  test('is ended after a time-out, and started anew', async () => {
    const room = openHub({ servers: { one: { ...moody('deaf'), timeoutMs: 1_000 } } });
    const { hub, time } = room;
    const { pid = 0 } = await hub.start('one');
    await hub.listTools('one');
    const outcome = expect(hub.callTool(echo)).rejects.toMatchObject({ code: 'SERVER_TIMEOUT' });
    await new Promise((resolve) => setImmediate(resolve));
    time.elapse(1_000);
    await outcome;
    await vi.waitFor(() => expect(time.untilNextTimer()).toBeDefined(), PATIENCE);
    expect(hub.statuses()).toMatchObject([{ state: 'running' }]);
    time.elapse(5_000);
    await vi.waitFor(() => expect(hub.statuses()).toMatchObject([{ state: 'failed' }]), PATIENCE);
    expect(hub.statuses()[0]?.problem).toContain('did not answer anything any more');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), PATIENCE);
    passPause(room);
    expect(await hub.start('one')).toMatchObject({ state: 'running' });
  });

  test('is not ended as long as others wait for it', async () => {
    const { hub, time } = openHub({ servers: { one: moody('deaf') } });
    await hub.listTools('one');
    const patient = hub.callTool({ ...echo, timeoutMs: 60_000 });
    const outcome = expect(patient).rejects.toMatchObject({ code: 'SERVER_TIMEOUT' });
    const hasty = expect(hub.callTool({ ...echo, timeoutMs: 100 })).rejects.toMatchObject({
      code: 'SERVER_TIMEOUT',
    });
    await new Promise((resolve) => setImmediate(resolve));
    time.elapse(100);
    await hasty;
    time.elapse(59_899);
    await new Promise((resolve) => setImmediate(resolve));
    expect(hub.statuses()).toMatchObject([{ state: 'running' }]);
    time.elapse(1);
    await outcome;
  });
});

test('text on stdout that is no message is passed over', async () => {
  const { hub, logs } = openHub({ servers: { one: moody('chatty') } });
  const { value } = await hub.callTool({ server: 'one', tool: 'garbage', args: {} });
  expect(value).toBe('after the garbage');
  const noise = logs.filter(({ message }) => message.includes('no message')).map(({ fields }) => fields.text);
  expect(noise).toContain('Welcome to the moody server!');
  expect(noise).toContain('{"half":');
});

test('a server that fails to list its tools still takes calls', async () => {
  const silence = join(temporaryFolder(), 'silence');
  writeFileSync(silence, '');
  expect(existsSync(silence)).toBe(true);
  const { hub, time } = openHub({ servers: { one: { ...moody('deaf', silence), timeoutMs: 1_000 } } });
  const outcome = expect(hub.listTools('one')).rejects.toMatchObject({ code: 'SERVER_TIMEOUT' });
  await vi.waitFor(() => expect(hub.statuses()).toMatchObject([{ state: 'running' }]), PATIENCE);
  time.elapse(1_000);
  await outcome;
});

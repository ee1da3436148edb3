import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { silentLogger } from '../../../src/domain/logger.ts';
import { identifyProcess, isSameProcess } from '../../../src/hub/process-identity.ts';
import { createMark, MARK_VARIABLE } from '../../../src/hub/process-mark.ts';
import { createProcessRecord, reapOrphans } from '../../../src/hub/process-records.ts';
import { isAlive, openHub, PATIENCE, whileTimePasses } from '../../support/hub-room.ts';
import { moody } from '../../support/moody-servers.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const isLinux = process.platform === 'linux';

describe.skipIf(process.platform === 'win32')('what a server started', () => {
  const cases = isLinux ? [false, true] : [false];

  test.each(cases)('ends with it when it is stopped (left its group: %s)', async (detached) => {
    const { hub, time } = openHub({ servers: { one: moody() } });
    const { value } = await hub.callTool({ server: 'one', tool: 'leave', args: { detached } });
    expect(isAlive(Number(value))).toBe(true);
    await whileTimePasses(time, hub.stop('one'));
    await expectGone(Number(value));
  });

  test.each(cases)('ends with it when it dies (left its group: %s)', async (detached) => {
    const { hub } = openHub({ servers: { one: moody() } });
    const { value } = await hub.callTool({ server: 'one', tool: 'leave', args: { detached } });
    await hub.callTool({ server: 'one', tool: 'die', args: {} }).catch(() => {});
    await expectGone(Number(value));
  });

  test('ends with its group, marked or not', async () => {
    const { hub } = openHub({ servers: { one: moody() } });
    const args = { env: { NOTHING: 'else' } };
    const pid = Number((await hub.callTool({ server: 'one', tool: 'leave', args })).value);
    await hub.stop('one');
    await expectGone(pid);
  });

  test.runIf(isLinux)('stays where it gave up both', async () => {
    const { hub } = openHub({ servers: { one: moody() } });
    const args = { detached: true, env: { NOTHING: 'else' } };
    const pid = Number((await hub.callTool({ server: 'one', tool: 'leave', args })).value);
    await hub.stop('one');
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
  });
});

test('who uses a server that is being stopped waits for its end, and gets one that nobody stops', async () => {
  const { hub, time } = openHub({ servers: { one: moody('stubborn') } });
  const { pid: former = 0 } = await hub.start('one');
  const stopped = hub.stop('one');
  const used = hub.callTool({ server: 'one', tool: 'echo', args: {} });
  const again = hub.start('one');
  await whileTimePasses(time, Promise.all([stopped, used, again]));
  expect(await stopped).toMatchObject({ state: 'stopped' });
  expect(isAlive(former)).toBe(false);
  const { pid } = await again;
  expect(hub.statuses()).toMatchObject([{ state: 'running', pid }]);
  await hub.callTool({ server: 'one', tool: 'echo', args: {} });
});

test('one that takes the place of another starts after its end', async () => {
  const { hub, time } = openHub({ servers: {} });
  hub.add('one', moody('stubborn'));
  const { pid: former = 0 } = await hub.start('one');
  const stopped = hub.stop('one');
  hub.add('one', moody());
  const { pid = 0 } = await whileTimePasses(time, hub.start('one'));
  expect([isAlive(former), isAlive(pid)]).toEqual([false, true]);
  await stopped;
  expect(hub.statuses()).toMatchObject([{ state: 'running', pid }]);
});

test('a server that does not want to end is ended within the time for that', async () => {
  const { hub, time } = openHub({ servers: { one: moody('stubborn') } });
  const { pid = 0 } = await hub.start('one');
  let isStopped = false;
  const stopped = hub.stop('one').then(() => {
    isStopped = true;
  });
  await vi.waitFor(() => expect(time.untilNextTimer()).toBeDefined(), PATIENCE);
  time.elapse(500);
  await vi.waitFor(() => expect(time.untilNextTimer()).toBeDefined(), PATIENCE);
  expect([isStopped, isAlive(pid)]).toEqual([false, true]);
  time.elapse(700);
  await stopped;
  await expectGone(pid);
});

test('a server that does not look at its input is asked to end', async () => {
  const { hub, time, stderrOf } = openHub({ servers: { one: moody('hangs-on-start') } });
  hub.start('one').catch(() => {});
  await stderrOf('one', 'listening to nothing');
  const stopped = hub.stop('one');
  await vi.waitFor(() => expect(time.untilNextTimer()).toBe(500), PATIENCE);
  time.elapse(500);
  // Without more time: SIGTERM is enough.
  expect(await stopped).toMatchObject({ state: 'stopped' });
});

describe.runIf(isLinux)('a record', () => {
  test('is there as long as there are servers', async () => {
    const { hub, stateFolder } = openHub({ servers: { one: moody() } });
    expect(readdirSync(stateFolder)).toEqual([]);
    const { pid } = await hub.start('one');
    const [name = ''] = readdirSync(stateFolder);
    const record = JSON.parse(readFileSync(join(stateFolder, name), 'utf8'));
    expect(record).toMatchObject({ owner: { pid: process.pid }, servers: [{ pid }] });
    expect(JSON.stringify(record)).not.toContain('moody');
    await hub.stop('one');
    expect(readdirSync(stateFolder)).toEqual([]);
  });

  /** A process that is in no group but its own, and a record of it by a process that is gone. */
  async function leaveBehind(folder: string, mark: string, env: Record<string, string>) {
    const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore', env });
    const identity = await identifyProcess(child.pid ?? 0);
    const record = createProcessRecord({ folder, mark, logger: silentLogger });
    await record.write(identity === undefined ? [] : [identity]);
    const [name = ''] = readdirSync(folder);
    const path = join(folder, name);
    const written = JSON.parse(readFileSync(path, 'utf8'));
    const exited = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
    return { path, written, pid: child.pid ?? 0, exited };
  }

  const gone = { pid: 2 ** 22 + 1, startedAt: '1' };

  test('of a process that is gone ends what it left: by its pid, and by its mark', async () => {
    for (const env of [{}, { [MARK_VARIABLE]: 'marked' }]) {
      const folder = temporaryFolder();
      const mark = createMark();
      const marked = Object.fromEntries(Object.keys(env).map((name) => [name, `${mark}-1-`]));
      const { path, written, exited } = await leaveBehind(folder, mark, marked);
      const servers = 'ORCHESTRATOR_MCP_MARK' in env ? [] : written.servers;
      writeFileSync(path, JSON.stringify({ ...written, owner: gone, servers }));
      expect(await reapOrphans({ folder, logger: silentLogger })).toBe(1);
      expect(await exited).toBe('SIGKILL');
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  test('of a process that lives is left alone, as are recycled pids and other machines', async () => {
    const folder = temporaryFolder();
    const { path, written, pid, exited } = await leaveBehind(folder, createMark(), {});
    expect(await reapOrphans({ folder, logger: silentLogger })).toBe(0);
    // The pid is that of another process now.
    const recycled = written.servers.map((server: object) => ({ ...server, startedAt: '1' }));
    const elsewhere = path.replace(/[0-9a-f]{16}-/, '0000000000000000-');
    writeFileSync(elsewhere, JSON.stringify({ ...written, owner: gone }));
    writeFileSync(path, JSON.stringify({ ...written, owner: gone, servers: recycled }));
    expect(await reapOrphans({ folder, logger: silentLogger })).toBe(1);
    expect(readdirSync(folder)).toEqual([elsewhere.slice(folder.length + 1)]);
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
    await exited;
  });

  test('that is damaged is removed', async () => {
    const folder = temporaryFolder();
    const record = createProcessRecord({ folder, mark: createMark(), logger: silentLogger });
    await record.write([]);
    const [name = ''] = readdirSync(folder);
    writeFileSync(join(folder, name), '{"owner":');
    expect(await reapOrphans({ folder, logger: silentLogger })).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });
});

test('a process is told from another one', async () => {
  const own = await identifyProcess(process.pid);
  expect(own && (await isSameProcess(own))).toBe(true);
  expect(await isSameProcess({ pid: process.pid, startedAt: 'another time' })).toBe(false);
  expect(await identifyProcess(2 ** 22 + 1)).toBeUndefined();
});

async function expectGone(pid: number): Promise<void> {
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), PATIENCE);
}

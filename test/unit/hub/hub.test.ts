import { describe, expect, test } from 'vitest';
import { isAlive, openHub } from '../../support/hub-room.ts';
import { moody } from '../../support/moody-servers.ts';

describe('a server', () => {
  test('is started by its first use, once', async () => {
    const { hub, stderrOf, timesWritten } = openHub({ servers: { one: moody() } });
    expect(hub.statuses()).toEqual([{ name: 'one', state: 'stopped' }]);
    const calls = [1, 2, 3].map((number) => hub.callTool({ server: 'one', tool: 'echo', args: { number } }));
    const values = await Promise.all(calls);
    expect(values.map(({ value }) => value)).toMatchObject([1, 2, 3].map((number) => ({ args: { number } })));
    const [status] = hub.statuses();
    expect(status).toMatchObject({
      state: 'running',
      title: 'moody',
      version: '1.2.3',
      pid: expect.any(Number),
    });
    expect((await hub.start('one')).pid).toBe(status?.pid);
    await stderrOf('one', 'listening');
    expect(timesWritten('one', 'listening')).toBe(1);
  });

  test('is handed the environment that it is given, and nothing else', async () => {
    const { hub } = openHub({
      servers: { one: { ...moody(), env: { OWN: 'yes' } } },
      childEnv: { PATH: process.env.PATH ?? '', SHARED: 'too' },
    });
    const { value } = await hub.callTool({ server: 'one', tool: 'environment', args: {} });
    expect(value).toEqual({
      PATH: process.env.PATH,
      SHARED: 'too',
      OWN: 'yes',
      ORCHESTRATOR_MCP_MARK: expect.any(String),
    });
  });

  test('is stopped, and started anew by the next use', async () => {
    const { hub } = openHub({ servers: { one: moody() } });
    const { pid = 0 } = await hub.start('one');
    expect(await hub.stop('one')).toMatchObject({ state: 'stopped' });
    expect(isAlive(pid)).toBe(false);
    const { pid: next } = await hub.start('one');
    expect(next).not.toBe(pid);
  });

  test('that is not known is told so, with those that are', async () => {
    const { hub } = openHub({ servers: { one: moody(), two: moody() } });
    await expect(hub.start('three')).rejects.toMatchObject({
      code: 'SERVER_NOT_FOUND',
      hint: 'There are: one, two.',
    });
  });

  test('can be added, under a name of its own', async () => {
    const { hub } = openHub({ servers: { one: moody() } });
    hub.add('two', moody());
    expect(await hub.start('two')).toMatchObject({ state: 'running' });
    expect(() => hub.add('two', moody())).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  test('that is disabled is not started', async () => {
    const { hub } = openHub({ servers: { one: { ...moody(), disabled: true } } });
    expect(hub.statuses()).toEqual([{ name: 'one', state: 'disabled' }]);
    await expect(hub.start('one')).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE', retryable: false });
    expect((await hub.refreshCatalogue()).servers).toEqual([{ name: 'one', state: 'disabled' }]);
  });

  test('is not started any more once the hub is closed', async () => {
    const { hub } = openHub({ servers: { one: moody(), two: moody() } });
    const { pid = 0 } = await hub.start('one');
    const starting = hub.start('two').catch((error) => error);
    await hub.close();
    expect(isAlive(pid)).toBe(false);
    expect(await starting).toMatchObject({ code: 'SERVER_UNAVAILABLE' });
    await expect(hub.start('one')).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE', retryable: false });
  });
});

import { describe, expect, test, vi } from 'vitest';
import { policyFor } from '../../../src/domain/tool-policy.ts';
import { createGateway } from '../../../src/hub/create-gateway.ts';
import type { ServerSpec } from '../../../src/hub/hub.ts';
import { openHub } from '../../support/hub-room.ts';
import { moody } from '../../support/moody-servers.ts';

const CONFIGURED: Readonly<Record<string, ServerSpec>> = { one: moody(), two: moody() };
const POLICIES = { one: { 'd*': 'deny', echo: 'ask' } } as const;

function openGateway({ allowUnlisted = false } = {}) {
  const { hub } = openHub({ servers: CONFIGURED });
  return createGateway({
    noServersNote: 'There is no server.',
    hub,
    configured: CONFIGURED,
    policyOf: (server, tool) => policyFor(server === 'one' ? POLICIES.one : {}, tool),
    allowUnlisted,
  });
}

describe('starting a server', () => {
  test('one of the configuration is started by its name, also with the words of the configuration', async () => {
    const gateway = openGateway();
    const { pid } = await gateway.startServer({ name: 'one' });
    expect(pid).toBeGreaterThan(0);
    const { command, args } = moody();
    expect(await gateway.startServer({ name: 'one', command, args })).toMatchObject({
      pid,
      state: 'running',
    });
  });

  test.each([
    ['another command', { command: '/bin/sh' }],
    ['other arguments', { command: moody().command, args: ['-e', '0'] }],
    ['an environment', { ...moody(), env: { NODE_OPTIONS: '--inspect' } }],
  ])('one of the configuration is not started with %s', async (_what, params) => {
    for (const allowUnlisted of [false, true])
      await expect(
        openGateway({ allowUnlisted }).startServer({ name: 'one', ...params }),
      ).rejects.toMatchObject({
        code: 'NOT_ALLOWED',
        details: { server: 'one' },
      });
  });

  test('arguments without a command are no way around that', async () => {
    for (const params of [{ args: ['x'] }, { env: { A: 'b' } }])
      await expect(openGateway().startServer({ name: 'one', ...params })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
  });

  test('another command is refused, and the refusal says who can allow it', async () => {
    const gateway = openGateway();
    await expect(gateway.startServer({ name: 'three', ...moody() })).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
      hint: expect.stringMatching(/one, two.*ORCHESTRATOR_ALLOW_UNLISTED_SERVERS=true/),
      details: { server: 'three' },
    });
    expect(gateway.servers().map(({ name }) => name)).toEqual(['one', 'two']);
    await expect(gateway.startServer({ name: 'three' })).rejects.toMatchObject({ code: 'SERVER_NOT_FOUND' });
  });

  test('where the operator allows it, any command is started, and again with the same words', async () => {
    const gateway = openGateway({ allowUnlisted: true });
    const three = { name: 'three', ...moody(), env: { A: '1', B: '2' } };
    expect(await gateway.startServer(three)).toMatchObject({ name: 'three', state: 'running' });
    expect(await gateway.stopServer('three')).toMatchObject({ state: 'stopped' });
    expect(await gateway.startServer({ ...three, env: { B: '2', A: '1' } })).toMatchObject({
      state: 'running',
    });
    expect(await gateway.startServer({ name: 'three' })).toMatchObject({ state: 'running' });
    await expect(gateway.startServer({ ...three, env: {} })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      hint: 'Stop it first, or choose another name.',
    });
    const environment = await gateway.callTool({ name: 'three', tool: 'environment', args: {} });
    expect(environment.value).toMatchObject({ A: '1', B: '2' });
  });

  test('one of another command that does not run is started by a better one, as the hint says', async () => {
    const gateway = openGateway({ allowUnlisted: true });
    await expect(gateway.startServer({ name: 'three', command: '/nowhere/nonesuch' })).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      hint: expect.stringContaining('Mend its `command`'),
    });
    expect(await gateway.startServer({ name: 'three', ...moody() })).toMatchObject({ state: 'running' });
    const before = await gateway.listTools('three');
    await gateway.stopServer('three');
    expect(await gateway.startServer({ name: 'three', ...moody('many-tools') })).toMatchObject({
      state: 'running',
    });
    expect((await gateway.listTools('three')).tools).not.toEqual(before.tools);
    expect(gateway.servers().map(({ name }) => name)).toEqual(['one', 'two', 'three']);
  });
});

describe('a client', () => {
  test('is another name for a server', async () => {
    const gateway = openGateway();
    expect(gateway.createClient({ name: 'mine', server: 'two' })).toEqual({ name: 'mine', server: 'two' });
    expect(gateway.createClient({ name: 'mine', server: 'two' })).toEqual({ name: 'mine', server: 'two' });
    expect(await gateway.initializeClient('mine')).toMatchObject({ name: 'two', state: 'running' });
    expect((await gateway.listTools('mine')).server).toBe('two');
    expect((await gateway.callTool({ name: 'mine', tool: 'echo', args: {} })).server).toBe('two');
    gateway.createClient({ name: 'two', server: 'two' });
    expect(gateway.clients()).toEqual([
      { name: 'mine', server: 'two' },
      { name: 'two', server: 'two' },
    ]);
  });

  test('cannot take the place of a server, nor a server that of a client', async () => {
    const gateway = openGateway({ allowUnlisted: true });
    expect(() => gateway.createClient({ name: 'one', server: 'two' })).toThrow(
      'There is a server one, and this is a client of another one.',
    );
    expect((await gateway.listTools('one')).server).toBe('one');
    gateway.createClient({ name: 'three', server: 'two' });
    await expect(gateway.startServer({ name: 'three', ...moody() })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'The client three is one of the server two.',
    });
    expect(gateway.servers()).toHaveLength(2);
  });

  test('is of one server, which there has to be', () => {
    const gateway = openGateway();
    gateway.createClient({ name: 'mine', server: 'two' });
    expect(() => gateway.createClient({ name: 'mine', server: 'one' })).toThrow('one of the server two');
    expect(() => gateway.createClient({ name: 'other', server: 'three' })).toThrow('No downstream server');
    expect(gateway.clients()).toHaveLength(1);
  });

  test('there are not so many that they fill the memory', () => {
    const gateway = openGateway();
    for (let n = 0; n < 1_000; n++) gateway.createClient({ name: `client ${n}`, server: 'one' });
    expect(() => gateway.createClient({ name: 'one more', server: 'one' })).toThrow('There are 1000 clients');
    gateway.createClient({ name: 'client 5', server: 'one' });
  });
});

test('tools are asked for anew by whoever wants that', async () => {
  const gateway = openGateway();
  const { tools } = await gateway.listTools('two');
  const names = async (options?: { refresh: boolean }) =>
    (await gateway.listTools('two', options)).tools.map(({ name }) => name);
  await gateway.callTool({ name: 'two', tool: 'change', args: { times: 0 } });
  expect(await names()).toEqual(tools.map(({ name }) => name));
  expect(await names({ refresh: true })).toHaveLength(tools.length + 1);
});

describe('calling a tool', () => {
  test('policies are told with the tools, and kept, whatever name is used', async () => {
    const gateway = openGateway();
    gateway.createClient({ name: 'mine', server: 'one' });
    const { tools } = await gateway.listTools('mine');
    const policies = Object.fromEntries(tools.map(({ name, policy }) => [name, policy]));
    expect(policies).toMatchObject({ echo: 'ask', die: 'deny', deep: 'deny', fail: 'allow' });
    for (const name of ['one', 'mine'])
      await expect(gateway.callTool({ name, tool: 'deep', args: {} })).rejects.toMatchObject({
        code: 'NOT_ALLOWED',
        details: { server: 'one', tool: 'deep' },
      });
    const no = vi.fn(() => Promise.resolve(false));
    const call = { name: 'mine', tool: 'echo', args: { a: 1 } };
    await expect(gateway.callTool({ ...call, confirm: no })).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    expect(no).toHaveBeenCalledExactlyOnceWith({ server: 'one', tool: 'echo', args: { a: 1 } });
    await expect(gateway.callTool(call)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    const { value } = await gateway.callTool({ ...call, confirm: () => Promise.resolve(true) });
    expect(value).toMatchObject({ args: { a: 1 } });
  });

  test('every failure names server and tool, and keeps what else it says', async () => {
    const gateway = openGateway();
    const call = (name: string, tool: string, args = {}) => gateway.callTool({ name, tool, args });
    await expect(call('two', 'fail', { words: 'No.' })).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      message: 'No.',
      details: { server: 'two', tool: 'fail', kind: 'tool_error' },
    });
    await expect(call('two', 'die')).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      retryable: true,
      details: { server: 'two', tool: 'die' },
    });
    await expect(call('nobody', 'x')).rejects.toMatchObject({
      code: 'SERVER_NOT_FOUND',
      details: { server: 'nobody', tool: 'x' },
    });
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type ConfirmableCall,
  Fault,
  loadMcpServersConfig,
  McpClient,
  McpOrchestrator,
  type McpOrchestratorOptions,
  McpServerProcess,
  type ServerSpec,
} from '../../../src/hub/library.ts';
import { isAlive } from '../../support/hub-room.ts';
import { moody } from '../../support/moody-servers.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function orchestrate(servers = {}): McpOrchestrator {
  const orchestrator = new McpOrchestrator({ servers });
  onTestFinished(async () => void (await orchestrator.stopAllServers()));
  return orchestrator;
}

describe('an orchestrator', () => {
  test('starts servers, and calls their tools through clients', async () => {
    const orchestrator = orchestrate();
    const server = await orchestrator.startServer({ name: 'one', ...moody() });
    expect(server.status).toMatchObject({ state: 'running', title: 'moody', pid: expect.any(Number) });
    orchestrator.createClient('first', 'one');
    orchestrator.createClient('second', 'one');
    expect(await orchestrator.initializeClient('first')).toMatchObject({ pid: server.status?.pid });
    expect((await orchestrator.listTools('second')).map(({ name }) => name)).toContain('echo');
    const { value } = await orchestrator.callTool({ name: 'first', toolName: 'echo', arguments: { a: 1 } });
    expect(value).toMatchObject({ args: { a: 1 } });
    await expect(
      orchestrator.callTool({ name: 'second', toolName: 'fail', arguments: { words: 'No.' } }),
    ).rejects.toSatisfy((error) => error instanceof Fault && error.message === 'No.');
  });

  test('starts what it was given by its name, also again', async () => {
    const orchestrator = orchestrate({ one: moody() });
    const server = await orchestrator.startServer({ name: 'one' });
    const pid = server.status?.pid ?? 0;
    expect(await orchestrator.stopServer('one')).toMatchObject({ state: 'stopped' });
    expect(isAlive(pid)).toBe(false);
    await orchestrator.startServer({ name: 'one', ...moody() });
    expect(server.status).toMatchObject({ state: 'running' });
  });

  test('says what is wrong with a name', async () => {
    const orchestrator = orchestrate({ one: moody() });
    await expect(orchestrator.startServer({ name: 'two' })).rejects.toMatchObject({
      code: 'SERVER_NOT_FOUND',
    });
    await expect(orchestrator.startServer({ name: 'one', ...moody('chatty') })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await expect(orchestrator.startServer({ name: 'two\nlines', ...moody() })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('such as a line break'),
    });
    expect(() => orchestrator.createClient('a', 'two')).toThrow(Fault);
    orchestrator.createClient('a', 'one');
    expect(() => orchestrator.createClient('a', 'one')).toThrow('There is a client a already.');
    await expect(orchestrator.listTools('b')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('starts a server that could not be started when its command is mended', async () => {
    const orchestrator = orchestrate();
    await expect(
      orchestrator.startServer({ name: 'one', command: '/nowhere/nonesuch' }),
    ).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      hint: expect.stringContaining('start it again'),
    });
    const { status } = await orchestrator.startServer({ name: 'one', ...moody() });
    expect(status).toMatchObject({ state: 'running' });
  });

  test.each([
    [{ url: 'nonsense' }, 'url: This has to be an http or https URL.'],
    [{ url: 'https://me:hunter22@x.example' }, 'url: It has a user or a password in it.'],
    [{ command: process.execPath, args: [{}] }, 'args.0: This has to be a text.'],
    [{ command: process.execPath, args: '-e' }, 'args: This has to be a list of texts.'],
    [{ command: process.execPath, env: { A: null } }, 'env.A: This has to be a text.'],
    [{ command: process.execPath, timeoutMs: 'soon' }, 'timeoutMs: This has to be a number of milliseconds.'],
  ])('says what is wrong with %j, which no compiler has seen', async (spec, problem) => {
    const untyped = spec as unknown as ServerSpec;
    await expect(orchestrate().startServer({ name: 'one', ...untyped })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      retryable: false,
      message: expect.stringContaining(problem),
    });
    expect(() => new McpOrchestrator({ servers: { one: untyped } })).toThrow(problem);
    expect(() => new McpServerProcess({ name: 'one', ...untyped })).toThrow(problem);
  });

  test('takes a URL that is undefined for none', async () => {
    const orchestrator = orchestrate({ one: moody() });
    const { status } = await orchestrator.startServer({ name: 'one', url: undefined } as { name: string });
    expect(status).toMatchObject({ state: 'running' });
  });

  test('stops everything', async () => {
    const orchestrator = orchestrate({ one: moody(), two: moody() });
    const servers = [
      await orchestrator.startServer({ name: 'one' }),
      await orchestrator.startServer({ name: 'two' }),
    ];
    const pids = servers.map(({ status }) => status?.pid ?? 0);
    expect(await orchestrator.stopAllServers()).toHaveLength(2);
    expect(pids.map(isAlive)).toEqual([false, false]);
  });
});

describe('the policies of a file', () => {
  const call = (toolName: string) => ({ name: 'client', toolName });
  async function orchestrateFile(confirm?: McpOrchestratorOptions['confirm']) {
    const file = join(temporaryFolder(), 'servers.json');
    const tools = { slow: 'deny', echo: 'ask' };
    writeFileSync(file, JSON.stringify({ mcpServers: { one: { ...moody(), orchestrator: { tools } } } }));
    const orchestrator = new McpOrchestrator({ ...(await loadMcpServersConfig(file)), confirm });
    onTestFinished(async () => void (await orchestrator.stopAllServers()));
    orchestrator.createClient('client', 'one');
    return orchestrator;
  }

  test('hold for whatever calls a tool', async () => {
    const orchestrator = await orchestrateFile();
    const denied = { code: 'NOT_ALLOWED', details: { server: 'one', tool: 'slow' } };
    await expect(orchestrator.callTool(call('slow'))).rejects.toMatchObject(denied);
    await expect(orchestrator.createClient('other', 'one').callTool('slow')).rejects.toMatchObject(denied);
    const server = await orchestrator.startServer({ name: 'one' });
    await expect(server.hub.callTool({ server: 'one', tool: 'slow', args: {} })).rejects.toMatchObject(
      denied,
    );
    await expect(new McpClient({ name: 'own', server }).callTool('slow')).rejects.toMatchObject(denied);
    await expect(orchestrator.callTool(call('echo'))).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
      message: expect.stringContaining('nobody can be asked'),
    });
    await expect(orchestrator.callTool(call('fail'))).rejects.toMatchObject({ code: 'TOOL_FAILED' });
  });

  test('are asked about where there is somebody to ask', async () => {
    const asked: ConfirmableCall[] = [];
    const orchestrator = await orchestrateFile(async (question) => {
      asked.push(question);
      return asked.length > 1;
    });
    await expect(orchestrator.callTool(call('echo'))).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    expect(await orchestrator.callTool({ ...call('echo'), arguments: { a: 1 } })).toHaveProperty('value');
    expect(asked).toEqual([
      { server: 'one', tool: 'echo', args: {} },
      { server: 'one', tool: 'echo', args: { a: 1 } },
    ]);
  });

  test('are not passed over by taking everything for the servers', () => {
    const config = { servers: { one: moody() }, policies: {}, notes: [] };
    const orchestrateAll = (servers: object) => () => new McpOrchestrator({ servers: { ...servers } });
    expect(orchestrateAll(config)).toThrow('all that loadMcpServersConfig returned');
    expect(orchestrateAll({ mcpServers: { one: moody() } })).toThrow(
      'The server mcpServers cannot be used. It has neither a `command` nor a `url`.',
    );
  });
});

test('a server and a client by themselves', async () => {
  const server = new McpServerProcess({ name: 'one', ...moody() }, { env: { PATH: process.env.PATH ?? '' } });
  onTestFinished(async () => void (await server.stop()));
  expect(server.status).toEqual({ name: 'one', state: 'stopped' });
  const client = new McpClient({ name: 'only', server });
  expect(await client.initialize()).toMatchObject({ state: 'running' });
  expect(Object.keys((await client.callTool('environment')).value as object)).toEqual(
    expect.arrayContaining(['PATH', 'ORCHESTRATOR_MCP_MARK']),
  );
  expect(await client.listTools()).toEqual(await client.listTools({ refresh: true }));
  await server.stop();
  expect(server.status).toMatchObject({ state: 'stopped' });
});

test('servers get the harmless variables of the environment, and no other', async () => {
  process.env.A_SECRET = 'of ours';
  process.env.LC_TIME = 'C.UTF-8';
  onTestFinished(() => {
    delete process.env.A_SECRET;
    delete process.env.LC_TIME;
  });
  const orchestrator = orchestrate({ one: moody() });
  orchestrator.createClient('a', 'one');
  const { value } = await orchestrator.callTool({ name: 'a', toolName: 'environment' });
  expect(value).toMatchObject({ PATH: process.env.PATH, LC_TIME: 'C.UTF-8' });
  expect(value).not.toHaveProperty('A_SECRET');
});

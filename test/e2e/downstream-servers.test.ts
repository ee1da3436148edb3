import { existsSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import { writeDownstream } from '../support/downstream-servers.ts';
import { type CallProgress, connectRawV1, connectRawV2, connectV1 } from '../support/mcp-clients.ts';
import { moody } from '../support/moody-servers.ts';
import type { RawServer } from '../support/raw-server.ts';
import type { Scratch } from '../support/scratch.ts';
import { stubEnv } from '../support/stub-script.ts';
import { until } from '../support/until.ts';
import { workflowFiles } from '../support/workflow-files.ts';
import { scenario, scenarioPerClient, scenarioPerProtocol } from './scenario.ts';

const PINNED_TOOLS = new URL('../pins/tools-servers.json', import.meta.url);

interface Server {
  readonly name: string;
  readonly state: string;
  readonly pid?: number;
  readonly tool_count?: number;
  readonly problem?: string;
}

interface Servers {
  readonly servers: readonly Server[];
  readonly clients: readonly object[];
}

interface Tools {
  readonly server: string;
  readonly tools: readonly {
    readonly name: string;
    readonly policy?: string;
    readonly inputSchema: object;
  }[];
  readonly unmatched_rules?: readonly string[];
}

interface Called<Result = unknown> {
  readonly server: string;
  readonly tool: string;
  readonly result: Result;
}

scenarioPerProtocol(
  'the toolset offers the pinned tools, and is explained in the instructions',
  ['servers-by-tools', 'output-schemas', 'short-instructions'],
  async (scratch, open) => {
    const client = await scratch.connect(open, { ORCHESTRATOR_TOOLSETS: 'servers' });
    expect(await client.listTools()).toEqual(JSON.parse(await readFile(PINNED_TOOLS, 'utf8')));
    expect(client.instructions).toMatch(/list_servers[\s\S]*call_tool/);
    expect(client.instructions?.split(/\s+/).length).toBeLessThan(150);
    expect(JSON.parse((await client.callTool('list_servers')).text)).toMatchObject({
      servers: [],
      clients: [],
    });
  },
);

scenarioPerClient(
  'three reference servers, from their start to their end, by every tool',
  ['servers-by-tools', 'server-clients', 'both-eras', 'no-process-left'],
  async (scratch, connect) => {
    const { env, files, processes, gone } = await writeDownstream(scratch, 'servers');
    const client = await scratch.connect(connect, env);
    const names = ['everything', 'files', 'memory', 'moody', 'sloppy', 'ledger'];
    const stopped = { servers: names.map((name) => ({ name, state: 'stopped' })), clients: [] };
    expect(await client.answer('list_servers')).toEqual(stopped);
    expect(processes()).toEqual([]);

    const { server } = await client.answer<{ server: Server }>('start_server', { name: 'everything' });
    expect(server).toMatchObject({
      name: 'everything',
      state: 'running',
      title: 'Everything Reference Server',
    });
    expect(processes()).toContain(server.pid);
    expect(await client.answer('start_server', { name: 'everything' })).toMatchObject({
      server: { pid: server.pid },
    });
    expect(await client.answer('create_client', { name: 'notes', server_name: 'memory' })).toEqual({
      name: 'notes',
      server_name: 'memory',
    });
    expect(await client.answer('initialize_client', { name: 'notes' })).toMatchObject({
      server: { name: 'memory', state: 'running', title: 'memory-server' },
    });
    expect(await client.failure('create_client', { name: 'notes', server_name: 'files' })).toMatchObject({
      error_code: 'INVALID_ARGUMENT',
    });

    const { server: listed, tools } = await client.answer<Tools>('list_tools', { name: 'notes' });
    expect(listed).toBe('memory');
    expect(tools.find(({ name }) => name === 'create_entities')?.inputSchema).toMatchObject({
      type: 'object',
    });
    const call = <Result>(name: string, tool_name: string, args?: object) =>
      client.answer<Called<Result>>('call_tool', { name, tool_name, arguments: args });
    expect(await call('everything', 'echo', { message: 'süß' })).toEqual({
      server: 'everything',
      tool: 'echo',
      result: 'Echo: süß',
    });
    const entities = [{ name: 'Ada', entityType: 'person', observations: ['counts'] }];
    await call('notes', 'create_entities', { entities });
    expect((await call('memory', 'open_nodes', { names: ['Ada'] })).result).toMatchObject({ entities });
    const path = join(files, 'note.txt');
    await call('files', 'write_file', { path, content: 'written' });
    expect(await readFile(path, 'utf8')).toBe('written');

    const { servers, clients } = await client.answer<Servers>('list_servers');
    expect(servers.filter(({ state }) => state === 'running').map(({ name }) => name)).toEqual([
      'everything',
      'files',
      'memory',
    ]);
    expect(servers.find(({ name }) => name === 'memory')?.tool_count).toBe(tools.length);
    expect(clients).toEqual([{ name: 'notes', server_name: 'memory' }]);

    expect(await client.answer('stop_server', { name: 'everything' })).toMatchObject({
      server: { name: 'everything', state: 'stopped' },
    });
    expect(processes()).not.toContain(server.pid);
    const { servers: ended } = await client.answer<Servers>('stop_all_servers');
    expect(ended.map(({ state }) => state)).toEqual(names.map(() => 'stopped'));
    expect(processes()).toEqual([]);
    expect((await call('everything', 'echo', { message: 'again' })).result).toBe('Echo: again');
    await client.close();
    await gone();
  },
);

scenarioPerClient(
  'a server in Python with Content-Length headers and little regard for the schema',
  ['sloppy-servers'],
  async (scratch, connect) => {
    const { env } = await writeDownstream(scratch, 'servers');
    const client = await scratch.connect(connect, env);
    const { tools } = await client.answer<Tools>('list_tools', { name: 'sloppy' });
    expect(tools.map(({ name }) => name)).toEqual(['add', 'odd', 'fail']);
    const call = (tool_name: string, args?: object) => ({ name: 'sloppy', tool_name, arguments: args });
    expect(await client.answer('call_tool', call('add', { a: 2, b: 3 }))).toMatchObject({
      result: '5 – süß',
    });
    expect(await client.failure('call_tool', call('fail'))).toMatchObject({
      error_code: 'TOOL_FAILED',
      message: 'It went wrong.',
      details: { server: 'sloppy', tool: 'fail' },
    });
  },
);

scenarioPerClient(
  'failures are typed, say what was called, and harm no other server',
  ['server-failures', 'typed-errors'],
  async (scratch, connect) => {
    const { env, write } = await writeDownstream(scratch, 'servers');
    await write({
      moody: { timeout: 1 },
      ghost: { command: join(scratch.folder, 'no-such-program') },
      off: { command: 'off', disabled: true },
    });
    const client = await scratch.connect(connect, env);
    const failure = (name: string, tool_name: string, args?: object) =>
      client.failure('call_tool', { name, tool_name, arguments: args });
    expect(await failure('everything', 'get-sum', { a: 'one' })).toMatchObject({
      error_code: 'TOOL_FAILED',
      retryable: false,
      details: { server: 'everything', tool: 'get-sum', kind: 'invalid_arguments' },
    });
    expect(await failure('everything', 'nonesuch')).toMatchObject({
      error_code: 'TOOL_FAILED',
      details: { server: 'everything', tool: 'nonesuch', kind: 'unknown_tool' },
    });
    expect(await failure('moody', 'die')).toMatchObject({
      error_code: 'SERVER_UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining('I cannot go on.'),
      details: { server: 'moody', tool: 'die' },
    });
    const anew = await until(async () => {
      const { isError, body } = await client.callTool('call_tool', { name: 'moody', tool_name: 'echo' });
      return isError ? undefined : body;
    });
    expect(anew).toMatchObject({ server: 'moody' });
    expect(await failure('moody', 'hang')).toMatchObject({
      error_code: 'SERVER_TIMEOUT',
      retryable: true,
      details: { server: 'moody', tool: 'hang' },
    });
    expect(await failure('ghost', 'echo')).toMatchObject({
      error_code: 'SERVER_UNAVAILABLE',
      retryable: false,
      details: { server: 'ghost', tool: 'echo' },
    });
    expect(await failure('off', 'echo')).toMatchObject({
      error_code: 'SERVER_UNAVAILABLE',
      retryable: false,
    });
    expect(await failure('nobody', 'echo')).toMatchObject({
      error_code: 'SERVER_NOT_FOUND',
      hint: expect.stringContaining('everything'),
      details: { server: 'nobody', tool: 'echo' },
    });
    const { servers } = await client.answer<Servers>('list_servers');
    expect(servers.find(({ name }) => name === 'ghost')).toMatchObject({ state: 'failed' });
    expect(servers.find(({ name }) => name === 'off')).toMatchObject({ state: 'disabled' });
  },
);

for (const [name, connectRaw] of Object.entries({ 'SDK 1.x': connectRawV1, 'SDK 2.x': connectRawV2 }))
  scenario(`${name}: an image reaches the client as an image`, ['images-shown'], async (scratch) => {
    const { env } = await writeDownstream(scratch, 'servers');
    const { client } = await scratch.connect(async (params) => {
      const raw = await connectRaw(params);
      return { ...raw, close: () => raw.client.close() };
    }, env);
    const params = { name: 'call_tool', arguments: { name: 'everything', tool_name: 'get-tiny-image' } };
    const { content, structuredContent } = (await client.callTool(params)) as {
      readonly content: readonly { readonly type: string; readonly text?: string; readonly data?: string }[];
      readonly structuredContent: object;
    };
    expect(content.map(({ type }) => type)).toEqual(['text', 'image']);
    expect(content[1]?.data?.length).toBeGreaterThan(1_000);
    expect(content[0]?.text?.length).toBeLessThan(500);
    expect(JSON.parse(content[0]?.text ?? '')).toEqual(structuredContent);
  });

scenarioPerClient(
  'a long call tells its progress, and ends when it is cancelled',
  ['reports-progress', 'stops-when-cancelled'],
  async (scratch, connect) => {
    const { env } = await writeDownstream(scratch, 'servers');
    const client = await scratch.connect(connect, env);
    const told: CallProgress[] = [];
    const onprogress = (progress: CallProgress) => void told.push(progress);
    const tool_name = 'trigger-long-running-operation';
    const long = { name: 'everything', tool_name, arguments: { duration: 0.6, steps: 3 } };
    expect(await client.answer('call_tool', long, { onprogress })).toMatchObject({ server: 'everything' });
    // Clients pass over what arrives together with the answer.
    expect(told.slice(0, 2)).toMatchObject([
      { progress: 1, total: 3, message: tool_name },
      { progress: 2, total: 3, message: tool_name },
    ]);
    const giveUp = new AbortController();
    const hanging = client.callTool(
      'call_tool',
      { name: 'moody', tool_name: 'hang' },
      { signal: giveUp.signal, onprogress: () => giveUp.abort() },
    );
    await expect(hanging).rejects.toThrow();
    expect(await client.answer('call_tool', { name: 'moody', tool_name: 'echo' })).toMatchObject({
      server: 'moody',
    });
  },
);

scenarioPerClient(
  'a command that is not configured is refused, unless the operator allows all of them',
  ['unlisted-servers'],
  async (scratch, connect) => {
    const { env, processes } = await writeDownstream(scratch, 'servers');
    const client = await scratch.connect(connect, env);
    const unlisted = { name: 'mine', ...moody(), env: { OWN: 'yes' } };
    expect(await client.failure('start_server', unlisted)).toMatchObject({
      error_code: 'NOT_ALLOWED',
      retryable: false,
      hint: expect.stringMatching(/everything.*ORCHESTRATOR_ALLOW_UNLISTED_SERVERS=true/),
      details: { server: 'mine' },
    });
    expect(
      await client.failure('start_server', { name: 'moody', command: '/bin/sh', args: ['-c', 'true'] }),
    ).toMatchObject({ error_code: 'NOT_ALLOWED', details: { server: 'moody' } });
    expect(processes()).toEqual([]);
    const free = await scratch.connect(connect, { ...env, ORCHESTRATOR_ALLOW_UNLISTED_SERVERS: 'true' });
    expect(await free.answer('start_server', unlisted)).toMatchObject({ server: { state: 'running' } });
    expect(await free.answer('call_tool', { name: 'mine', tool_name: 'environment' })).toMatchObject({
      result: { OWN: 'yes' },
    });
    expect(await free.failure('start_server', { name: 'moody', command: '/bin/sh' })).toMatchObject({
      error_code: 'NOT_ALLOWED',
    });
  },
);

scenario('to open a folder starts no program of whoever wrote it', ['unlisted-from-env'], async (scratch) => {
  const trace = join(scratch.folder, 'started');
  const entry = { command: '/bin/sh', args: ['-c', `touch ${trace}`] };
  const file = join(scratch.folder, 'mcp_servers_config.json');
  await writeFile(file, JSON.stringify({ mcpServers: { theirs: entry } }));
  const settings = {
    ORCHESTRATOR_ALLOW_UNLISTED_SERVERS: 'true',
    ORCHESTRATOR_TOOLSETS: 'workflows,composition',
    MCP_SERVERS_CONFIG: file,
  };
  for (const [name, value] of Object.entries(settings)) {
    await writeFile(join(scratch.folder, '.env'), `${name}=${value}\n`);
    const server = scratch.startServer();
    expect(await server.exited).toEqual({ code: 2, signal: null });
    expect(server.stderr()).toContain(`${name} (in .env): A .env file cannot`);
  }
  expect(existsSync(trace)).toBe(false);
});

scenario(
  'a list that merely lies in the working directory starts nothing, whatever the workflows and tasks there want',
  ['list-from-env'],
  async (scratch) => {
    const trace = join(scratch.folder, 'started');
    const list = join(scratch.folder, 'mcp_servers_config.json');
    const theirs = { command: '/bin/sh', args: ['-c', `touch ${trace}`] };
    await writeFile(list, JSON.stringify({ mcpServers: { theirs } }));
    const wants = 'return await theirs__run({});';
    await scratch.writeWorkflow(
      'COUNT_NOTES',
      workflowFiles({
        steps: {
          count: { frontMatter: 'transitions:\n  - to: tell', script: wants },
          tell: {},
        },
      }),
    );
    const client = await scratch.connect(connectV1);
    const answer = await client.answer('start_workflow', { workflow_name: 'COUNT_NOTES' });
    const error = expect.stringMatching(
      /theirs__run is not defined\. .*mcp_servers_config\.json is not used.*MCP_SERVERS_CONFIG/,
    );
    expect(answer).toMatchObject({ failed_scripts: [{ step_name: 'count', error }] });

    const tasks = await scratch.connect(connectV1, { ORCHESTRATOR_TOOLSETS: 'tasks' });
    await tasks.answer('add_task', { description: 'Do as they say.', max_attempts: 1 });
    await tasks.answer('add_task', { description: 'x', workflow_name: 'COUNT_NOTES', max_attempts: 1 });
    const outcome = { status: 'success', result: 'Done.' } as const;
    const stub = await stubEnv(scratch, [{ calls: [{ server: 'theirs', tool: 'run' }], outcome }]);
    const worker = scratch.startServer({ args: ['work', '--json'], env: { ...stub, LOG_LEVEL: 'warn' } });
    expect(await worker.exited).toMatchObject({ signal: null });
    expect(JSON.parse(worker.lines.join('\n'))).toMatchObject({ processed: 2 });
    expect(worker.stderr()).toContain(`${list} is not used`);

    const doctor = scratch.startServer({ args: ['doctor'] });
    expect(await doctor.exited).toEqual({ code: 0, signal: null });
    expect(doctor.lines.find((line) => line.includes('servers '))).toMatch(
      /^notice.*is not used.*MCP_SERVERS_CONFIG/,
    );
    expect(existsSync(trace)).toBe(false);

    const named = await scratch.connect(connectV1, { MCP_SERVERS_CONFIG: list });
    await named.answer('start_workflow', { workflow_name: 'COUNT_NOTES' });
    expect(existsSync(trace)).toBe(true);
  },
);

scenario(
  'where there is no list of servers, its users are told what names one',
  ['list-from-env'],
  async (scratch) => {
    const client = await scratch.connect(connectV1, { ORCHESTRATOR_TOOLSETS: 'servers,composition' });
    const note = expect.stringContaining('MCP_SERVERS_CONFIG');
    expect(await client.answer('list_servers')).toEqual({ servers: [], clients: [], note });
    expect(await client.answer('search_tools', { query: 'read' })).toEqual({ tools: [], servers: [], note });
    expect(await client.answer('get_api_documentation', { query: 'read' })).toEqual({ documentation: note });
    expect(await client.answer('execute_composed_code', { code: 'await files__read({})' })).toMatchObject({
      error: { name: 'ReferenceError', message: note },
    });
  },
);

scenario(
  'a list of servers with problems is told at the start by whoever needs it',
  ['all-problems-at-once'],
  async (scratch) => {
    const file = join(scratch.folder, 'mcp_servers_config.json');
    const secret = 'sk-that-nobody-may-see';
    const entries = { one: { args: ['x'] }, two: { command: 'x', timeout: -1, env: { KEY: secret } } };
    await writeFile(file, JSON.stringify({ mcpServers: entries }));
    const server = scratch.startServer({ env: { ORCHESTRATOR_TOOLSETS: 'composition' } });
    expect(await server.exited).toEqual({ code: 2, signal: null });
    const text = server.stderr();
    expect(text).toContain(`${file}: mcpServers.one`);
    expect(text).toContain(`${file}: mcpServers.two.timeout`);
    expect(text).not.toContain(secret);
    const other = scratch.startServer();
    await other.initialize();
    expect((await other.callTool('list_workflows', {})).isError).toBe(false);
  },
);

scenario('doctor looks at the list of servers, and starts none', ['doctor-sees-servers'], async (scratch) => {
  const { env, write, processes } = await writeDownstream(scratch, 'servers');
  const trace = join(scratch.folder, 'trace');
  await write({
    tracing: { command: 'sh', args: ['-c', `touch ${trace}`] },
    ghost: { command: 'no-such-program' },
    homeless: { command: 'sh', cwd: join(scratch.folder, 'gone') },
    off: { command: 'no-such-program', disabled: true },
  });
  const doctor = scratch.startServer({ args: ['doctor', '--json'], env });
  expect(await doctor.exited).toEqual({ code: 1, signal: null });
  const { checks, servers } = JSON.parse(doctor.lines.join('\n'));
  const findings = checks.find(({ name }: { readonly name: string }) => name === 'servers');
  expect(findings).toMatchObject({ state: 'trouble' });
  expect(findings.findings[0]).toBe('ghost: there is no program no-such-program.');
  expect(findings.findings[1]).toBe(`homeless: there is no folder ${join(scratch.folder, 'gone')}.`);
  expect(findings.findings[2]).toContain(
    'everything, files, memory, moody, sloppy, ledger, tracing, ghost, homeless, off (disabled)',
  );
  expect(servers.file).toBe(env.MCP_SERVERS_CONFIG);
  expect(processes()).toEqual([]);
  expect(existsSync(trace)).toBe(false);
});

scenarioPerClient(
  'a denied tool is called by nobody, whatever name is used; a person is asked about others',
  ['tool-policies', 'both-eras'],
  async (scratch, connect) => {
    const { env, files, write } = await writeDownstream(scratch, 'servers');
    await write({
      files: {
        orchestrator: { tools: { '*': 'deny', 'read_*': 'allow', write_file: 'ask', 'raed_*': 'ask' } },
      },
    });
    const questions: string[] = [];
    let action: 'accept' | 'decline' | 'cancel' = 'accept';
    const answerQuestion = async (question: string) => {
      questions.push(question);
      return action;
    };
    const client = await scratch.connect((params) => connect({ ...params, answerQuestion }), env);
    const { tools, unmatched_rules } = await client.answer<Tools>('list_tools', { name: 'files' });
    const policies = Object.fromEntries(tools.map(({ name, policy = 'allow' }) => [name, policy]));
    expect(policies).toMatchObject({ read_file: 'allow', write_file: 'ask', edit_file: 'deny' });
    expect(unmatched_rules).toEqual(['raed_*']);
    const { servers } = await client.answer<{ servers: readonly object[] }>('list_servers');
    expect(servers).toContainEqual(expect.objectContaining({ name: 'files', unmatched_rules: ['raed_*'] }));
    await client.answer('create_client', { name: 'disguise', server_name: 'files' });
    const path = join(files, 'note.txt');
    const write_file = { name: 'disguise', tool_name: 'write_file', arguments: { path, content: 'yes' } };
    for (const name of ['files', 'disguise'])
      expect(
        await client.failure('call_tool', { name, tool_name: 'create_directory', arguments: { path } }),
      ).toMatchObject({ error_code: 'NOT_ALLOWED', details: { server: 'files', tool: 'create_directory' } });
    expect(questions).toEqual([]);

    expect(await client.answer('call_tool', write_file)).toMatchObject({ server: 'files' });
    expect(await readFile(path, 'utf8')).toBe('yes');
    expect(questions).toHaveLength(1);
    expect(questions[0]).toMatch(/"write_file" of the server "files"[\s\S]*note\.txt/);
    const refusals = { decline: 'said no', cancel: 'the question was dismissed' };
    for (action of ['decline', 'cancel'] as const)
      expect(
        await client.failure('call_tool', { ...write_file, arguments: { path, content: 'no' } }),
      ).toMatchObject({ error_code: 'NOT_ALLOWED', message: expect.stringContaining(refusals[action]) });
    expect(await readFile(path, 'utf8')).toBe('yes');
    expect(questions).toHaveLength(3);

    const mute = await scratch.connect(connect, env);
    expect(await mute.failure('call_tool', { ...write_file, name: 'files' })).toMatchObject({
      error_code: 'NOT_ALLOWED',
      message: expect.stringContaining('nobody can be asked'),
      hint: expect.stringContaining('elicitation'),
    });
  },
);

/** By the entry, by our server for its own use, and by everyone: some of these only where the test itself has them. */
const GIVEN = [
  ...['OWN', 'DOWNSTREAM_OF_SCENARIO', 'ORCHESTRATOR_MCP_MARK'],
  ...['PATH', 'HOME', 'USERPROFILE', 'USER', 'LOGNAME', 'SHELL', 'LANG'],
];

scenario(
  'a downstream server sees what its entry gives it and the likes of PATH, and nothing else of ours',
  ['children-see-little', 'key-stays-secret'],
  async (scratch) => {
    const { env, write } = await writeDownstream(scratch, 'servers');
    const canary = 'canary-5d41402abc4b2a76';
    await write({ moody: { env: { OWN: 'given' } } });
    const client = await scratch.connect(connectV1, {
      ...env,
      LANG: 'C.UTF-8',
      AI_SERVICE_API_KEY: canary,
      GEMINI_API_KEY: canary,
      WORKFLOW_DB_URL: '',
      AWS_SECRET_ACCESS_KEY: canary,
      GITHUB_TOKEN: canary,
      HTTPS_PROXY: `http://me:${canary}@proxy.example`,
      NODE_OPTIONS: '--no-warnings',
    });
    const { result } = await client.answer<Called<Record<string, string>>>('call_tool', {
      name: 'moody',
      tool_name: 'environment',
    });
    expect(result).toMatchObject({ OWN: 'given', LANG: 'C.UTF-8', PATH: process.env.PATH });
    expect(Object.keys(result).filter((name) => !GIVEN.includes(name))).toEqual([]);
    expect(JSON.stringify(result)).not.toContain(canary);
  },
);

const ENDINGS: Readonly<Record<string, (server: RawServer) => void>> = {
  'its input ends': (server) => server.endInput(),
  SIGTERM: (server) => server.kill('SIGTERM'),
  SIGINT: (server) => server.kill('SIGINT'),
  'kill -9': (server) => server.kill('SIGKILL'),
};

for (const [how, end] of Object.entries(ENDINGS))
  scenario(
    `${how}: nothing of any downstream server is left, also in the middle of a call`,
    ['no-process-left', 'ends-with-its-client'],
    async (scratch) => {
      const { env, processes, gone } = await writeDownstream(scratch, 'servers');
      const server = scratch.startServer({ env });
      await server.initialize();
      const call = (name: string, tool_name: string, args = {}) =>
        server.callTool('call_tool', { name, tool_name, arguments: args });
      await Promise.all([
        call('everything', 'echo', { message: 'x' }),
        call('sloppy', 'add', { a: 1, b: 2 }),
      ]);
      await call('moody', 'leave');
      await call('moody', 'leave', { detached: true });
      server.send('tools/call', { name: 'call_tool', arguments: { name: 'moody', tool_name: 'hang' } });
      // One that is only just being started.
      server.send('tools/call', { name: 'start_server', arguments: { name: 'memory' } });
      expect(processes().length).toBeGreaterThanOrEqual(5);
      const beginMs = performance.now();
      end(server);
      const { code } = await server.exited;
      if (how !== 'kill -9') expect(code).toBe(0);
      expect(performance.now() - beginMs).toBeLessThan(5_000);
      await gone();
    },
  );

scenario(
  'where the toolsets are off nothing of them is listed or loaded, and where they are on, little before it is used',
  ['downstream-off'],
  async (scratch) => {
    const { env } = await writeDownstream(scratch, 'workflows');
    const off = await startNoting(scratch, env);
    expect(await off.toolNames()).not.toContain('call_tool');
    await off.server.callTool('list_workflows', {});
    expect(await off.loaded()).toEqual([]);

    const servers = await startNoting(scratch, { ...env, ORCHESTRATOR_TOOLSETS: 'servers' });
    expect(await servers.toolNames()).toContain('call_tool');
    expect(await servers.loaded()).toEqual([]);
    await servers.server.callTool('list_servers', {});
    expect(await servers.loaded()).toEqual(['hub']);

    // These are got ready once the tools are listed, while nobody waits for anything.
    const scripts = await startNoting(scratch, { ...env, ORCHESTRATOR_TOOLSETS: 'composition' });
    expect(await scripts.toolNames()).toContain('execute_composed_code');
    await scripts.server.callTool('execute_composed_code', { code: 'return 1;' });
    expect(await scripts.loaded()).toEqual(['hub', 'composer', 'sandbox']);
  },
);

/** Words that stand in the code of each room, and nowhere else. */
const ROOMS = {
  hub: 'orchestrator-mcp-guardian',
  composer: 'Only its own code continues a run',
  sandbox: 'The thread of a script broke down',
} as const;

/** A server that writes down which files it loads. */
async function startNoting(scratch: Scratch, env: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(scratch.folder, 'noting-'));
  const notes = join(folder, 'loaded.txt');
  const hook = join(folder, 'hook.mjs');
  await writeFile(
    hook,
    `import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { register } from 'node:module';
export async function load(url, context, next) {
  appendFileSync(${JSON.stringify(notes)}, url + '\\n');
  return next(url, context);
}
if (isMainThread) register(import.meta.url);
`,
  );
  const server = scratch.startServer({ env: { ...env, NODE_OPTIONS: `--import=${pathToFileURL(hook)}` } });
  await server.initialize();
  return {
    server,
    async toolNames() {
      const { result = {} } = await server.answerTo(server.send('tools/list'));
      return (result.tools as readonly { readonly name: string }[]).map(({ name }) => name);
    },
    async loaded() {
      const urls = (await readFile(notes, 'utf8')).split('\n').filter((url) => url.startsWith('file:'));
      expect(urls.length).toBeGreaterThan(1);
      const texts = await Promise.all(urls.map((url) => readFile(fileURLToPath(url), 'utf8')));
      return Object.entries(ROOMS).flatMap(([room, words]) =>
        texts.some((text) => text.includes(words)) ? [room] : [],
      );
    },
  };
}

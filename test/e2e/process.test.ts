import { spawn } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import type { InstancePage, WorkflowPage } from '../../src/engine/listings.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { SERVER_FILE } from '../support/mcp-clients.ts';
import { attachRawServer, type RawServer } from '../support/raw-server.ts';
import type { Scratch } from '../support/scratch.ts';
import { relayFiles, workflowFiles } from '../support/workflow-files.ts';
import { scenario } from './scenario.ts';

scenario(
  'started anywhere by absolute path, with stdin and stdout alone, it finds its runs again from elsewhere',
  ['any-working-directory', 'nine-workflows'],
  async (scratch) => {
    const home = join(scratch.folder, 'home');
    const places = [join(scratch.folder, 'here'), join(scratch.folder, 'there')] as const;
    for (const place of places) await mkdir(place);

    const first = bareServer(scratch, places[0], 'ignored');
    await first.initialize();
    const listed = (await first.callTool('list_workflows', {})).body as WorkflowPage;
    expect(listed.workflows.filter(({ usable }) => usable)).toHaveLength(9);
    const started = (await first.callTool('start_workflow', { workflow_name: 'JOKE_GENERATOR' }))
      .body as Answer;
    first.endInput();
    expect(await first.exited).toEqual({ code: 0, signal: null });

    const second = bareServer(scratch, places[1], 'closed');
    await second.initialize();
    const { instances } = (await second.callTool('list_instances', {})).body as InstancePage;
    expect(instances.map(({ instance_id }) => instance_id)).toEqual([started.instance_id]);
    second.endInput();
    expect(await second.exited).toEqual({ code: 0, signal: null });

    const created = await readdir(home, { recursive: true });
    const databases = created.filter((path) => path.endsWith('workflows.sqlite'));
    expect(databases).toHaveLength(1);
    if (process.platform === 'linux')
      expect(databases).toEqual([join('.local', 'share', 'orchestrator-mcp', 'workflows.sqlite')]);
    for (const place of places) expect(await readdir(place)).toEqual([]);
  },
);

scenario(
  'a working directory with its own workflows and data is used',
  ['any-working-directory'],
  async (scratch) => {
    await mkdir(join(scratch.folder, 'data'));
    await scratch.writeWorkflow('OWN', relayFiles(['only_step']));
    const server = bareServer(scratch, scratch.folder, 'ignored');
    await server.initialize();
    const { body } = await server.callTool('list_workflows', {});
    expect((body as WorkflowPage).workflows.map(({ name }) => name)).toEqual(['OWN']);
    await server.callTool('start_workflow', { workflow_name: 'OWN' });
    expect(await readdir(join(scratch.folder, 'data'))).toContain('workflows.sqlite');
  },
);

scenario(
  'stdout carries JSON-RPC only, whatever comes in, and the next valid request is answered',
  ['stdout-is-protocol'],
  async (scratch) => {
    await scratch.writeWorkflow('RELAY', relayFiles(['only_step']));
    await scratch.writeWorkflow('BROKEN', { 'index.md': '# Nothing\n' });
    const server = scratch.startServer({ env: { LOG_LEVEL: 'debug' } });
    await server.initialize();
    const garbage = [
      'not JSON',
      '{"jsonrpc": "2.0", "id": ',
      '[]',
      '"text"',
      'null',
      '{"jsonrpc": "1.0", "id": 5, "method": "ping"}',
      '{"jsonrpc": "2.0", "id": {}, "method": "ping"}',
      '{"jsonrpc": "2.0", "method": "no/such/notification"}',
      '{"jsonrpc": "2.0", "id": 7777, "result": {}}',
      `{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 12345}}`,
      `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
      'x'.repeat(100_000),
      '\u0000\u0001\ufffd',
      '',
    ];
    for (const line of garbage) await server.write(`${line}\n`);
    const unknown = await server.answerTo(server.send('no/such/method'));
    expect(unknown.error?.code).toBe(-32601);
    const noTool = await server.callTool('no_such_tool', {});
    expect(noTool).toMatchObject({ isError: true, body: { error_code: 'INVALID_ARGUMENT' } });
    const noArguments = await server.answerTo(server.send('tools/call', { name: 'start_workflow' }));
    expect(noArguments.result).toMatchObject({ isError: true });
    expect((await server.callTool('start_workflow', { workflow_name: 'RELAY' })).body).toMatchObject({
      status: 'RUNNING',
    });

    server.endInput();
    expect(await server.exited).toEqual({ code: 0, signal: null });
    for (const line of server.lines) expect(JSON.parse(line), line).toMatchObject({ jsonrpc: '2.0' });
    expect(server.stderr()).not.toBe('');
    for (const line of server.stderr().trimEnd().split('\n'))
      expect(JSON.parse(line), line).toMatchObject({
        level: expect.any(String),
        message: expect.any(String),
      });
  },
);

scenario(
  'a request that arrives in pieces, cut inside a character, is one request',
  ['stdout-is-protocol'],
  async (scratch) => {
    await scratch.writeWorkflow('RELAY', relayFiles(['only_step']));
    const child = spawn(process.execPath, [SERVER_FILE], {
      cwd: scratch.folder,
      env: { PATH: process.env.PATH, LOG_LEVEL: 'error', ...scratch.env },
    });
    const server = attachRawServer(child);
    scratch.onDispose(() => {
      server.kill('SIGKILL');
      return server.exited;
    });
    await server.initialize();
    const params = {
      name: 'start_workflow',
      arguments: { workflow_name: 'RELAY', context: { face: '😀é' } },
    };
    const bytes = Buffer.from(
      `${JSON.stringify({ jsonrpc: '2.0', id: 50, method: 'tools/call', params })}\n`,
    );
    for (const byte of bytes) await new Promise((resolve) => child.stdin.write(Buffer.of(byte), resolve));
    expect(await server.answerTo(50)).toMatchObject({
      result: { structuredContent: { current_context: { face: '😀é' } } },
    });
  },
);

scenario(
  'it ends with its stdin and on SIGTERM, idle or in the middle of a call',
  ['ends-with-its-client', 'stops-when-cancelled'],
  async (scratch) => {
    await scratch.writeWorkflow('CHOICE', workflowFiles({ steps: { choose_way: {}, walk_on: {} } }));
    const provider = await startFakeProvider();
    scratch.onDispose(() => provider.close());
    const env = {
      AI_PROVIDER: 'openai',
      OPENAI_MODEL_NAME: 'test-model',
      AI_SERVICE_ENDPOINT: `${provider.origin}/v1`,
    };
    const ways: Readonly<Record<string, (server: RawServer) => void>> = {
      'stdin ends': (server) => server.endInput(),
      SIGTERM: (server) => server.kill('SIGTERM'),
      SIGINT: (server) => server.kill('SIGINT'),
    };
    const busy = Object.values(ways).length;
    provider.willReply(...Array.from({ length: busy }, () => 'hang' as const));
    for (const [way, end] of Object.entries(ways)) {
      const idle = scratch.startServer({ env });
      await idle.initialize();
      end(idle);
      expect(await idle.exited, `idle, ${way}`).toEqual({ code: 0, signal: null });

      const server = scratch.startServer({ env });
      await server.initialize();
      const { instance_id } = (await server.callTool('start_workflow', { workflow_name: 'CHOICE' }))
        .body as Answer;
      server.send('tools/call', {
        name: 'advance_workflow',
        arguments: { instance_id, report: { status: 'success' } },
      });
      const asked = await provider.request(provider.requests.length + 1);
      end(server);
      expect(await server.exited, `in a call, ${way}`).toEqual({ code: 0, signal: null });
      await asked.closedByCaller;
      expect(
        scratch.query('SELECT revision FROM workflow_instances WHERE instance_id = ?', instance_id),
      ).toEqual([{ revision: 0 }]);
    }
    expect(provider.requests).toHaveLength(busy);
  },
);

scenario(
  'all problems of the configuration are told at once, with exit code 2',
  ['all-problems-at-once', 'stdout-is-protocol'],
  async (scratch) => {
    const secret = 'sk-a-secret-that-nobody-may-see';
    await writeFile(join(scratch.folder, '.env'), 'LOG_LEVEL=loud\n');
    const server = scratch.startServer({
      env: {
        LOG_LEVEL: '',
        WORKFLOW_DEFINITIONS_DIR: 'no-such-folder',
        AI_PROVIDER: 'openai',
        AI_SERVICE_API_KEY: secret,
        AI_REQUEST_TIMEOUT_MS: 'soon',
        ORCHESTRATOR_TOOLSETS: 'workflows,hammers',
      },
    });
    expect(await server.exited).toEqual({ code: 2, signal: null });
    const text = server.stderr();
    for (const variable of [
      'WORKFLOW_DEFINITIONS_DIR',
      'OPENAI_MODEL_NAME',
      'AI_REQUEST_TIMEOUT_MS',
      'ORCHESTRATOR_TOOLSETS',
      'LOG_LEVEL (in .env)',
    ])
      expect(text).toContain(variable);
    expect(text).toContain('5 problems');
    expect(text).not.toContain(secret);
    expect(text).not.toMatch(/\n\s+at /);
    expect(server.lines).toEqual([]);
  },
);

scenario(
  'a script of the stub that has errors is a problem of the configuration, told at the start',
  ['all-problems-at-once'],
  async (scratch) => {
    const script = join(scratch.folder, 'script.json');
    await writeFile(script, '[{"step": "x"}]');
    const server = scratch.startServer({ env: { USE_STUB_AI_CLIENT: 'true', STUB_AI_SCRIPT: script } });
    server.endInput();
    expect(await server.exited).toEqual({ code: 2, signal: null });
    expect(server.stderr()).toContain('script.json');
  },
);

scenario('the commands show what the server serves', ['commands-see-runs'], async (scratch) => {
  await scratch.writeWorkflow('RELAY', relayFiles(['run_first', 'run_second']));
  await scratch.writeWorkflow('BROKEN', { 'index.md': '# Steps\n\n- [gone](gone.md)\n' });
  const server = scratch.startServer();
  await server.initialize();
  const started = (await server.callTool('start_workflow', { workflow_name: 'RELAY' })).body as Answer;
  const { instance_id } = started;
  await server.callTool('advance_workflow', { instance_id, report: { status: 'success' } });
  const command = async (...args: readonly string[]) => {
    const run = scratch.startServer({ args });
    const { code } = await run.exited;
    return { code, stdout: run.lines.join('\n'), stderr: run.stderr() };
  };

  const list = await command('list', '--json');
  expect(JSON.stringify(JSON.parse(list.stdout))).toMatch(/BROKEN.*RELAY/);
  const status = await command('status', instance_id, '--json');
  expect(JSON.parse(status.stdout)).toMatchObject({ revision: 1, next_step: { step_name: 'run_second' } });
  const history = await command('history', instance_id, '--json');
  expect(JSON.parse(history.stdout)).toMatchObject({ entries: [{ kind: 'started' }, { kind: 'advanced' }] });
  expect((await command('status', 'nobody')).code).toBe(1);
  const lint = await command('lint');
  expect(lint).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/BROKEN\/index\.md:3:\d+: error .*gone/),
  });
  expect((await command('frobnicate')).code).toBe(2);
  expect((await command('--version')).stdout).toMatch(/^\d+\.\d+\.\d+/);
  for (const { stderr } of [list, status, history]) expect(stderr).toBe('');
});

/** As a client starts it that knows nothing of our variables: no environment but the PATH and a home folder. */
function bareServer(scratch: Scratch, cwd: string, stderr: 'ignored' | 'closed'): RawServer {
  const home = join(scratch.folder, 'home');
  const env = { PATH: process.env.PATH ?? '', HOME: home, USERPROFILE: home };
  const stdio = ['pipe', 'pipe', 'ignore'] as const;
  const child =
    stderr === 'ignored' || process.platform === 'win32'
      ? spawn(process.execPath, [SERVER_FILE], { cwd, env, stdio: [...stdio] })
      : spawn('/bin/sh', ['-c', 'exec "$0" "$1" 2>&-', process.execPath, SERVER_FILE], {
          cwd,
          env,
          stdio: [...stdio],
        });
  const server = attachRawServer(child);
  scratch.onDispose(() => {
    server.kill('SIGKILL');
    return server.exited;
  });
  return server;
}

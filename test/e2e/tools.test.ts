import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import type { HistoryPage, InstancePage, WorkflowPage } from '../../src/engine/listings.ts';
import { writeDownstream } from '../support/downstream-servers.ts';
import type { ListedTool, ProtocolClient } from '../support/protocol-client.ts';
import { relayFiles, workflowFiles } from '../support/workflow-files.ts';
import { scenario, scenarioPerClient, scenarioPerProtocol } from './scenario.ts';

const PINNED_TOOLS = new URL('../pins/tools-workflows.json', import.meta.url);

scenarioPerClient(
  'start, advance, status, resume, list, history, cancel',
  [
    'both-eras',
    'revision-and-token',
    'resume-in-sync',
    'transitions-first',
    'unknown-instance',
    'typed-errors',
  ],
  async (scratch, connect) => {
    await scratch.writeWorkflow('RELAY', relayFiles(['run_first', 'run_second']));
    const client = await scratch.connect(connect);

    const { workflows } = await client.answer<WorkflowPage>('list_workflows');
    expect(workflows).toMatchObject([{ name: 'RELAY', usable: true, steps: ['run_first', 'run_second'] }]);

    const started = await client.answer('start_workflow', { workflow_name: 'RELAY', context: { baton: 1 } });
    expect(started).toMatchObject({
      workflow_name: 'RELAY',
      status: 'RUNNING',
      revision: 0,
      next_step: { step_name: 'run_first', instructions: 'Do run_first.' },
      current_context: { baton: 1 },
    });
    const { instance_id } = started;

    const advanced = await client.answer('advance_workflow', {
      instance_id,
      step_token: started.step_token,
      report: { step_id: 'run_first', status: 'success', result: { seconds: 11 } },
      context_updates: { baton: 2 },
    });
    expect(advanced).toMatchObject({
      status: 'RUNNING',
      revision: 1,
      next_step: { step_name: 'run_second' },
      current_context: { baton: 2 },
      decision: { decider: 'transitions' },
    });
    expect(advanced.step_token).not.toBe(started.step_token);

    const status = await client.answer('get_workflow_status', { instance_id });
    const { decision: _decision, ...position } = advanced;
    expect(status).toEqual({ ...position, definition_changed: false });

    const resumed = await client.answer('resume_workflow', {
      instance_id,
      assumed_current_step_name: 'run_second',
    });
    expect(resumed).toMatchObject({ revision: 1, reconciliation: { verdict: 'in_sync' } });
    expect(resumed.next_step).toEqual(advanced.next_step);

    const { instances } = await client.answer<InstancePage>('list_instances', { status: 'RUNNING' });
    expect(instances).toMatchObject([{ instance_id, current_step_name: 'run_second', revision: 1 }]);

    const cancelled = await client.answer('cancel_workflow', { instance_id, reason: 'Rain.' });
    expect(cancelled).toMatchObject({ status: 'CANCELLED', status_reason: 'Rain.', revision: 2 });

    const { entries } = await client.answer<HistoryPage>('get_workflow_history', { instance_id });
    expect(entries.map(({ kind, revision }) => [kind, revision])).toEqual([
      ['started', 0],
      ['advanced', 1],
      ['cancelled', 2],
    ]);
    expect(entries[1]).toMatchObject({
      step_name: 'run_first',
      user_report: { status: 'success', result: { seconds: 11 } },
      outcome_status: 'success',
      context_updates: { baton: 2 },
      determined_next_step: 'run_second',
    });

    expect(await client.failure('get_workflow_status', { instance_id: 'nobody' })).toMatchObject({
      error_code: 'INSTANCE_NOT_FOUND',
      retryable: false,
      hint: expect.stringContaining('list_instances'),
    });
  },
);

scenarioPerProtocol(
  'tools/list is what is pinned, and each tool has an outputSchema',
  ['output-schemas', 'short-instructions'],
  async (scratch, open) => {
    const client = await scratch.connect(open);
    const tools = await client.listTools();
    expect(tools).toEqual(JSON.parse(await readFile(PINNED_TOOLS, 'utf8')));
    expect(tools.filter(({ outputSchema }) => outputSchema === undefined)).toEqual([]);
    const { instructions = '' } = client;
    expect(instructions).toMatch(/start_workflow[\s\S]*advance_workflow/);
    expect(instructions.split(/\s+/).length).toBeLessThan(150);
  },
);

scenarioPerProtocol(
  'where there may be downstream servers, the tools that run scripts of steps say that these may do anything',
  ['truthful-annotations'],
  async (scratch, open) => {
    const pinned: readonly ListedTool[] = JSON.parse(await readFile(PINNED_TOOLS, 'utf8'));
    const running = ['start_workflow', 'advance_workflow', 'resume_workflow'];
    const told = pinned.map((tool) =>
      running.includes(tool.name)
        ? { ...tool, annotations: { ...tool.annotations, destructiveHint: true, openWorldHint: true } }
        : tool,
    );
    await writeFile(join(scratch.folder, 'mcp_servers_config.json'), '{"mcpServers": {}}');
    expect(await (await scratch.connect(open)).listTools()).toEqual(pinned);
    const { env } = await writeDownstream(scratch, 'workflows');
    expect(await (await scratch.connect(open, env)).listTools()).toEqual(told);

    const unlisted = {
      ORCHESTRATOR_TOOLSETS: 'workflows,servers',
      ORCHESTRATOR_ALLOW_UNLISTED_SERVERS: 'true',
    };
    const tools = await (await scratch.connect(open, unlisted)).listTools();
    expect(tools.slice(0, told.length)).toEqual(told);
  },
);

scenarioPerProtocol(
  'every result, failures included, fits the outputSchema, and its text says the same',
  ['output-schemas', 'structured-equals-text', 'typed-errors'],
  async (scratch, open) => {
    await scratch.writeWorkflow('RELAY', relayFiles(['run_first', 'run_second']));
    await scratch.writeWorkflow('BROKEN', { 'index.md': '# No steps here\n' });
    await scratch.writeWorkflow(
      'ASKING',
      workflowFiles({
        frontMatter: 'inputs:\n  type: object\n  required: [name]',
        steps: { ask_name: { instructions: 'Greet {{ context.missing }}.' } },
      }),
    );
    const checked = await checkingClient(await scratch.connect(open));
    const { instance_id, step_token } = await checked.success<Answer>('start_workflow', {
      workflow_name: 'ASKING',
      context: { name: 'Ada' },
    });
    const report = { status: 'success' };

    await checked.success('list_workflows');
    await checked.success('get_workflow_status', { instance_id });
    await checked.success('resume_workflow', { instance_id, assumed_current_step_name: 'elsewhere' });
    await checked.success('list_instances', { limit: 1 });
    await checked.success('get_workflow_history', { instance_id });
    await checked.success('get_howto_create_workflow_content');

    const codes = [
      await checked.failure('start_workflow', { workflow_name: 'NOWHERE' }),
      await checked.failure('start_workflow', { workflow_name: 'BROKEN' }),
      await checked.failure('start_workflow', { workflow_name: 'ASKING' }),
      await checked.failure('start_workflow', { workflow: 'RELAY' }),
      await checked.failure('start_workflow', { workflow_name: 'RELAY', context: [] }),
      await checked.failure('advance_workflow', { instance_id, report, step_token: 'stale' }),
      await checked.failure('advance_workflow', { instance_id, report }),
      await checked.failure('advance_workflow', { instance_id, report: {} }),
      await checked.failure('advance_workflow', { instance_id, report, next_step_name: 'nowhere' }),
      await checked.failure('resume_workflow', {
        instance_id: 'nobody',
        assumed_current_step_name: 'ask_name',
      }),
      await checked.failure('get_workflow_status', { instance_id: 'nobody' }),
      await checked.failure('get_workflow_history', { instance_id: 'nobody' }),
      await checked.failure('cancel_workflow', { instance_id: 'nobody' }),
      await checked.failure('list_instances', { status: 'SLEEPING' }),
      await checked.failure('list_instances', { cursor: 'made up' }),
      await checked.failure('list_workflows', { limit: 0 }),
      await checked.failure('get_howto_create_workflow_content', { please: true }),
    ];
    expect(codes).toEqual([
      'WORKFLOW_NOT_FOUND',
      'WORKFLOW_INVALID',
      'INPUTS_INVALID',
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
      'STALE_STEP',
      'DECISION_REQUIRED',
      'INVALID_ARGUMENT',
      'STEP_NOT_ALLOWED',
      'INSTANCE_NOT_FOUND',
      'INSTANCE_NOT_FOUND',
      'INSTANCE_NOT_FOUND',
      'INSTANCE_NOT_FOUND',
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
    ]);

    await checked.success('advance_workflow', {
      instance_id,
      step_token,
      report: { status: 'success', result: [1, null, { deep: 'ü\u2028' }] },
      context_updates: { 'strange key': { __proto__: null, nested: [] } },
      next_step_name: 'finish',
    });
    await checked.success('cancel_workflow', { instance_id });
  },
);

scenario(
  'contexts come back as they were sent, whatever their keys are called',
  ['context-merged'],
  async (scratch) => {
    await scratch.writeWorkflow('RELAY', relayFiles(['run_first', 'run_second']));
    const server = scratch.startServer();
    await server.initialize();
    // As text, because an object literal would take `__proto__` for its prototype.
    const context = JSON.parse(
      `{"__proto__": {"admin": true}, "constructor": 1, "a'; DROP TABLE workflow_instances; --": "$.a[0]", "\\ud83d\\ude00": "\\u001b[31m"}`,
    );
    const started = (await server.callTool('start_workflow', { workflow_name: 'RELAY', context }))
      .body as Answer;
    expect(JSON.stringify(started.current_context)).toBe(JSON.stringify(context));
    const advanced = (
      await server.callTool('advance_workflow', {
        instance_id: started.instance_id,
        report: { status: 'success' },
        context_updates: { constructor: 2 },
      })
    ).body as Answer;
    expect(JSON.stringify(advanced.current_context)).toBe(JSON.stringify({ ...context, constructor: 2 }));
  },
);

scenarioPerClient('listings are paged and filtered', ['pages-listings'], async (scratch, connect) => {
  await scratch.writeWorkflow('RELAY', relayFiles(['run_first', 'run_second']));
  await scratch.writeWorkflow('OTHER', relayFiles(['only_step']));
  const client = await scratch.connect(connect);
  const ids = new Set<string>();
  for (let run = 0; run < 5; run++)
    ids.add((await client.answer('start_workflow', { workflow_name: 'RELAY' })).instance_id);
  const other = await client.answer('start_workflow', { workflow_name: 'OTHER' });
  await client.answer('cancel_workflow', { instance_id: other.instance_id });

  const paged: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.answer<InstancePage>('list_instances', {
      limit: 2,
      cursor,
      workflow_name: 'RELAY',
    });
    expect(page.instances.length).toBeLessThanOrEqual(2);
    paged.push(...page.instances.map(({ instance_id }) => instance_id));
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  expect(paged).toHaveLength(5);
  expect(new Set(paged)).toEqual(ids);

  const cancelled = await client.answer<InstancePage>('list_instances', { status: 'CANCELLED' });
  expect(cancelled.instances.map(({ instance_id }) => instance_id)).toEqual([other.instance_id]);

  const first = await client.answer<WorkflowPage>('list_workflows', { limit: 1 });
  expect(first.workflows.map(({ name }) => name)).toEqual(['OTHER']);
  const second = await client.answer<WorkflowPage>('list_workflows', { limit: 1, cursor: first.next_cursor });
  expect(second.workflows.map(({ name }) => name)).toEqual(['RELAY']);
  expect(second.next_cursor).toBeUndefined();
});

scenario('what is too large is refused, and what just fits is not', ['size-limits'], async (scratch) => {
  await scratch.writeWorkflow('RELAY', relayFiles(['run_first', 'run_second', 'run_third', 'run_fourth']));
  const server = scratch.startServer();
  await server.initialize();
  const started = (await server.callTool('start_workflow', { workflow_name: 'RELAY' })).body as Answer;
  const { instance_id } = started;
  const advance = (args: object) => server.callTool('advance_workflow', { instance_id, ...args });
  const report = (message: string) => ({ status: 'success', message });
  const kib256 = 256 * 1024;
  const messageRoom = kib256 - JSON.stringify(report('')).length;
  const updateRoom = kib256 - JSON.stringify({ note: '' }).length;

  expect(await advance({ report: report('x'.repeat(messageRoom + 1)) })).toMatchObject({
    isError: true,
    body: { error_code: 'TOO_LARGE', details: { bytes: kib256 + 1, bytes_max: kib256 } },
  });
  expect(
    await advance({ report: report(''), context_updates: { note: 'x'.repeat(updateRoom + 1) } }),
  ).toMatchObject({ isError: true, body: { error_code: 'TOO_LARGE' } });
  expect(await advance({ report: { ...report(''), result: nested(64) } })).toMatchObject({
    isError: true,
    body: { error_code: 'TOO_LARGE', details: { depth_max: 64 } },
  });
  expect(await server.callTool('get_workflow_status', { instance_id })).toMatchObject({
    body: { revision: 0, step_token: started.step_token, current_context: {} },
  });

  expect(await advance({ report: report('x'.repeat(messageRoom)) })).toMatchObject({ body: { revision: 1 } });
  expect(
    await advance({ report: report(''), context_updates: { note: 'x'.repeat(updateRoom) } }),
  ).toMatchObject({ body: { revision: 2 } });
  // The report itself is the first of the 64 levels.
  expect(await advance({ report: { ...report(''), result: nested(63) } })).toMatchObject({
    body: { revision: 3 },
  });
});

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}

interface CheckingClient {
  success<Result>(name: string, args?: object): Promise<Result>;
  /** Returns the code. */
  failure(name: string, args?: object): Promise<string>;
}

/** Calls, and checks what came: by the SDK where it does that, and by Ajv in any case. */
async function checkingClient(client: ProtocolClient): Promise<CheckingClient> {
  const ajv = new Ajv2020({ strict: false });
  const validators = new Map(
    (await client.listTools()).map(({ name, outputSchema = {} }) => [name, ajv.compile(outputSchema)]),
  );
  const call = async (name: string, args: object | undefined) => {
    const result = await client.callTool(name, args);
    const body: unknown = JSON.parse(result.text);
    expect(result.structuredContent).toEqual(body);
    const validate = validators.get(name);
    expect([validate?.(body), validate?.errors], `${name}: ${result.text}`).toEqual([true, null]);
    return { isError: result.isError, body };
  };
  return {
    async success<Result>(name: string, args?: object) {
      const { isError, body } = await call(name, args);
      expect(isError, JSON.stringify(body)).toBe(false);
      return body as Result;
    },
    async failure(name, args) {
      const { isError, body } = await call(name, args);
      expect(isError, JSON.stringify(body)).toBe(true);
      const failure = body as Readonly<Record<string, unknown>>;
      expect(failure).toMatchObject({ message: expect.stringMatching(/\S/), retryable: expect.any(Boolean) });
      return String(failure.error_code);
    },
  };
}

import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { KnowledgeHits } from '../../src/agent/agent-sessions.ts';
import type { ConversationAnswer } from '../../src/agent/conversation.ts';
import type { KeysAnswer, ValueAnswer } from '../../src/agent/keyed-values.ts';
import type { CurrentStateAnswer, TransitionAnswer } from '../../src/agent/session-answers.ts';
import type { InstancePage, WorkflowPage } from '../../src/engine/listings.ts';
import type { TestClient } from '../support/mcp-clients.ts';
import type { ProtocolClient } from '../support/protocol-client.ts';
import type { Scratch } from '../support/scratch.ts';
import { relayFiles } from '../support/workflow-files.ts';
import { scenarioPerClient, scenarioPerProtocol } from './scenario.ts';

const AGENT = { ORCHESTRATOR_TOOLSETS: 'workflows,agent' };
const SHIPPED_STATES = new URL('../../workflows/AGENT_STATES', import.meta.url).pathname;

const STATES = ['IDLE', 'PLANNING', 'RESEARCHING', 'EXECUTING', 'REVIEWING', 'ERROR'];
const TOOLS = [
  'get_current_state',
  'transition_state',
  'add_user_message',
  'add_assistant_message',
  'add_system_message',
  'get_conversation_history',
  'store_task_data',
  'get_task_data',
  'list_task_data_keys',
  'store_knowledge',
  'get_knowledge',
  'list_knowledge_keys',
  'search_knowledge',
];

interface Stop {
  readonly state: string;
  readonly next: readonly string[];
  /** The variable of its prompt. */
  readonly variable?: string;
}

const WALK: readonly Stop[] = [
  { state: 'PLANNING', next: ['IDLE', 'RESEARCHING', 'EXECUTING', 'ERROR'], variable: 'task_description' },
  { state: 'RESEARCHING', next: ['PLANNING', 'EXECUTING', 'REVIEWING', 'ERROR'], variable: 'research_topic' },
  { state: 'EXECUTING', next: ['REVIEWING', 'ERROR'], variable: 'action_plan' },
  { state: 'REVIEWING', next: ['PLANNING', 'EXECUTING', 'IDLE', 'ERROR'] },
  { state: 'IDLE', next: ['PLANNING', 'RESEARCHING', 'EXECUTING', 'ERROR'] },
];

scenarioPerProtocol(
  'a session walks from IDLE back to IDLE, with prompts and resources read at each stop',
  ['session-walks', 'session-resources-served', 'session-prompts-served', 'output-schemas', 'both-eras'],
  async (scratch, open) => {
    const client = await scratch.connect(open, AGENT);
    const tools = (await client.listTools()).map(({ name }) => name);
    expect(tools).toEqual(expect.arrayContaining(TOOLS));
    expect(client.instructions).toContain('get_current_state');

    const first = await called<CurrentStateAnswer>(client, 'get_current_state');
    expect(first).toMatchObject({ session_id: 'default', state: 'IDLE' });
    expect(await current(client)).toMatchObject({
      state: 'IDLE',
      description: expect.any(String),
      available_transitions: ['PLANNING', 'RESEARCHING', 'EXECUTING', 'ERROR'],
    });
    expect(await history(client)).toEqual([]);

    let previous = 'IDLE';
    for (const [index, { state, next, variable }] of WALK.entries()) {
      const value = `What ${state} wants to know: "quoted", {{ context.nothing }}.`;
      if (variable !== undefined) await called(client, 'store_task_data', { key: variable, value });
      const reason = `Stop ${index}.`;
      const moved = await called<TransitionAnswer>(client, 'transition_state', { new_state: state, reason });
      expect(moved).toMatchObject({ previous_state: previous, state, reason, available_transitions: next });
      expect(moved.missing_context).toBeUndefined();

      const prompt = await client.getPrompt(`${state.toLowerCase()}_prompt`);
      const resource = await client.readResource(`state://${state}/prompt`);
      for (const text of [moved.instructions, prompt, resource.text]) {
        if (variable !== undefined) expect(text).toContain(value);
        expect(text).toContain('transition_state');
      }
      expect(resource.mimeType).toBe('text/markdown');

      const found = await current(client);
      expect(found).toMatchObject({ state, reason, previous_state: previous, available_transitions: next });
      expect(found).not.toHaveProperty('instructions');
      expect((await history(client)).at(-1)).toMatchObject({ from: previous, to: state, reason });
      previous = state;
    }
    expect(await history(client)).toHaveLength(WALK.length);
  },
);

scenarioPerProtocol(
  'states are prompts whose arguments come from the caller, else from the task data; what is missing is said',
  ['session-prompts-served', 'session-resources-served'],
  async (scratch, open) => {
    const client = await scratch.connect(open, AGENT);
    const prompts = (await client.listPrompts()).filter(({ name }) => name.endsWith('_prompt'));
    expect(prompts.map(({ name, arguments: args = [] }) => [name, args.map((each) => each.name)])).toEqual([
      ['idle_prompt', ['session_id']],
      ['planning_prompt', ['task_description', 'session_id']],
      ['researching_prompt', ['research_topic', 'session_id']],
      ['executing_prompt', ['action_plan', 'session_id']],
      ['reviewing_prompt', ['session_id']],
      ['error_prompt', ['error_description', 'session_id']],
    ]);
    for (const { description, arguments: args = [] } of prompts) {
      expect(description).toBeTruthy();
      expect(args.filter(({ required }) => required === true)).toEqual([]);
    }

    const missing = await client.getPrompt('error_prompt');
    expect(missing).toContain('{{ context.error_description }}');
    expect(missing).toMatch(/Not known yet: `error_description`/);
    const given = await client.getPrompt('error_prompt', { error_description: 'It hangs.' });
    expect(given).toContain('It hangs.');
    expect(given).not.toContain('Not known yet');

    await called(client, 'store_task_data', {
      key: 'error_description',
      value: 'Disk full.',
      session_id: 'b',
    });
    expect(await client.getPrompt('error_prompt')).toContain('Not known yet');
    const ofSession = await client.getPrompt('error_prompt', { session_id: 'b' });
    expect(ofSession).toContain('Disk full.');
    expect(ofSession).toContain('`session_id` "b"');
    const resource = await client.readResource('state://error/prompt?session_id=b');
    expect(resource.text).toBe(ofSession);

    for (const name of ['nowhere_prompt', 'IDLE', 'IDLE_prompt'])
      await expect(client.getPrompt(name), name).rejects.toThrow(name);
    await expect(client.getPrompt('idle_prompt', { session_id: 'x'.repeat(201) })).rejects.toThrow(
      /session_id/,
    );
  },
);

scenarioPerProtocol(
  'addresses of states are listed, completed, and read for any session',
  ['session-resources-served', 'completions-served'],
  async (scratch, open) => {
    const client = await scratch.connect(open, AGENT);
    for (const session_id of ['alpha', 'alphabet', 'a/b?c=d&e#f %'])
      await called(client, 'transition_state', { new_state: 'PLANNING', session_id });
    await called(client, 'store_task_data', { key: 'action_plan', value: 'First this.' });

    expect((await client.listResourceTemplates()).map(({ uriTemplate }) => uriTemplate)).toEqual(
      expect.arrayContaining([
        'state://current{?session_id}',
        'state://{state_name}/prompt{?session_id}',
        'orchestration://history{?session_id}',
      ]),
    );
    expect((await client.listResources()).map(({ uri }) => uri)).toEqual(
      expect.arrayContaining([
        'state://current',
        'orchestration://history',
        ...STATES.map((state) => `state://${state}/prompt`),
      ]),
    );

    const strange = encodeURIComponent('a/b?c=d&e#f %');
    expect(await current(client, strange)).toMatchObject({ session_id: 'a/b?c=d&e#f %', state: 'PLANNING' });
    expect(await history(client, strange)).toHaveLength(1);
    expect(await current(client, 'alpha')).toMatchObject({ session_id: 'alpha', state: 'PLANNING' });
    expect(await current(client)).toMatchObject({ session_id: 'default', state: 'IDLE' });

    const complete = (template: string, name: string, typed: string) =>
      client.completeResource(template, name, typed).then(({ values }) => values);
    const prompt = 'state://{state_name}/prompt{?session_id}';
    expect(await complete(prompt, 'state_name', 're')).toEqual(['RESEARCHING', 'REVIEWING']);
    expect(await complete(prompt, 'session_id', 'alpha')).toEqual(['alpha', 'alphabet']);
    expect(await complete('state://current{?session_id}', 'session_id', 'alphab')).toEqual(['alphabet']);
    expect((await client.completePrompt('executing_prompt', 'action_plan', 'fi')).values).toEqual([
      'First this.',
    ]);
    expect((await client.completePrompt('planning_prompt', 'task_description', '')).values).toEqual([]);
    expect((await client.completePrompt('idle_prompt', 'session_id', 'alphabet')).values).toEqual([
      'alphabet',
    ]);

    for (const uri of [
      'state://NOWHERE/prompt',
      'state://current/IDLE',
      'state://IDLE',
      'state://%E0%A4%A/prompt',
      'orchestration://nothing',
      `state://current?session_id=${'x'.repeat(201)}`,
    ])
      await expect(client.readResource(uri), uri).rejects.toThrow();
  },
);

scenarioPerProtocol(
  'a watcher hears of the transitions of its session, and of states that come and go',
  ['session-updates-announced', 'session-states-are-files'],
  async (scratch, open) => {
    await ownStates(scratch);
    const client = await scratch.connect(open, AGENT);
    await called(client, 'get_current_state');
    await client.watch(['state://current', 'orchestration://history', 'state://current?session_id=b']);
    await called(client, 'transition_state', { new_state: 'PLANNING', session_id: 'unwatched' });
    await called(client, 'transition_state', { new_state: 'PLANNING' });
    await client.announced('resource state://current');
    await client.announced('resource orchestration://history');
    expect(client.changes).not.toContain('resource state://current?session_id=b');
    await called(client, 'transition_state', { new_state: 'PLANNING', session_id: 'b' });
    await client.announced('resource state://current?session_id=b');
    expect(client.changes.filter((change) => change.includes('unwatched'))).toEqual([]);

    await addDebugging(scratch);
    await client.announced('prompts');
    expect((await client.listPrompts()).map(({ name }) => name)).toContain('debugging_prompt');
  },
);

scenarioPerClient(
  'an undeclared transition is refused with the allowed ones, and moves nothing',
  ['session-transitions-bind', 'typed-errors'],
  async (scratch, connect) => {
    const client = await scratch.connect(connect, AGENT);
    for (const new_state of ['REVIEWING', 'IDLE', 'FINISH', 'NOWHERE'])
      expect(await client.failure('transition_state', { new_state }), new_state).toMatchObject({
        error_code: 'STEP_NOT_ALLOWED',
        message: `"${new_state}" cannot follow "IDLE". Choose one of "PLANNING", "RESEARCHING", "EXECUTING", "ERROR".`,
        retryable: false,
        details: {
          state: 'IDLE',
          available_transitions: ['PLANNING', 'RESEARCHING', 'EXECUTING', 'ERROR'],
        },
      });
    await client.answer('transition_state', { new_state: 'Executing' });
    expect(await client.failure('transition_state', { new_state: 'PLANNING' })).toMatchObject({
      details: { state: 'EXECUTING', available_transitions: ['REVIEWING', 'ERROR'] },
    });
    expect(await state(client)).toBe('EXECUTING');
  },
);

scenarioPerClient('what is sent twice happens once', ['session-repeats'], async (scratch, connect) => {
  const clients = await Promise.all([scratch.connect(connect, AGENT), scratch.connect(connect, AGENT)]);
  const [client] = clients;
  const call = { new_state: 'PLANNING', reason: 'Once.', request_id: 'r1' };
  const answers = await Promise.all(
    clients.map((each) => each.answer<TransitionAnswer>('transition_state', call)),
  );
  expect(answers.filter(({ replayed }) => replayed)).toHaveLength(1);
  await client.answer('transition_state', { new_state: 'EXECUTING' });
  expect(await client.answer('transition_state', { new_state: 'EXECUTING' })).toMatchObject({
    replayed: true,
    state: 'EXECUTING',
  });
  expect(await client.answer('transition_state', call)).toMatchObject({
    replayed: true,
    state: 'PLANNING',
    current_state: 'EXECUTING',
  });
  expect(await client.failure('transition_state', { ...call, reason: 'Twice.' })).toMatchObject({
    error_code: 'REQUEST_ID_REUSED',
  });

  const message = { message: 'Hello', request_id: 'm1' };
  await client.answer('add_user_message', message);
  expect(await client.answer('add_user_message', message)).toMatchObject({ replayed: true });
  expect(await client.failure('add_system_message', message)).toMatchObject({
    error_code: 'REQUEST_ID_REUSED',
  });
  const { messages } = await client.answer<ConversationAnswer>('get_conversation_history');
  expect(messages).toHaveLength(1);
});

scenarioPerClient(
  'everything of a session is there after kill -9, and in another process at the same time',
  ['session-remembers', 'session-knowledge-searched', 'survives-kill', 'several-processes'],
  async (scratch, connect) => {
    const value = { steps: ['read', 'write'], 'ünïcode "quotes"': [null, 1.5, '\ud800'] };
    const first = await scratch.connect(connect, AGENT);
    const witness = await scratch.connect(connect, AGENT);
    await first.answer('transition_state', { new_state: 'PLANNING', reason: 'A task.' });
    await first.answer('add_user_message', { message: 'Mend the build.' });
    await first.answer('add_assistant_message', { message: 'Which one?' });
    await first.answer('add_system_message', { message: 'It is night.' });
    await first.answer('store_task_data', { key: 'action_plan', value });
    await first.answer('store_knowledge', {
      key: 'build',
      value: 'The build needs Node 20; a native module does not compile with 18.',
    });
    await first.answer('store_knowledge', { key: 'café', value: 'Opens at 8.' });
    await first.answer('transition_state', { new_state: 'EXECUTING', reason: 'Planned.' });

    const look = async (client: TestClient) => {
      expect(await client.answer('get_current_state')).toMatchObject({
        state: 'EXECUTING',
        previous_state: 'PLANNING',
        reason: 'Planned.',
        instructions: expect.stringContaining('"steps":["read","write"]'),
      });
      const { messages } = await client.answer<ConversationAnswer>('get_conversation_history', {
        max_messages: 2,
      });
      expect(messages.map(({ role, content }) => [role, content])).toEqual([
        ['assistant', 'Which one?'],
        ['system', 'It is night.'],
      ]);
      const keys = await client.answer<KeysAnswer>('list_task_data_keys');
      expect(keys.keys).toEqual(['action_plan']);
      const kept = await client.answer<ValueAnswer>('get_task_data', { key: 'action_plan' });
      expect(JSON.stringify(kept.value)).toBe(JSON.stringify(value));
      const known = await client.answer<KeysAnswer>('list_knowledge_keys');
      expect(known.keys).toEqual(['build', 'café']);
      const { hits } = await client.answer<KnowledgeHits>('search_knowledge', { query: 'compil node' });
      expect(hits).toMatchObject([{ key: 'build', excerpt: expect.stringContaining('**compile**') }]);
      expect((await client.answer<KnowledgeHits>('search_knowledge', { query: 'CAFE' })).hits).toHaveLength(
        1,
      );
      expect(await client.answer('get_knowledge', { key: 'café' })).toMatchObject({ value: 'Opens at 8.' });
    };
    await look(witness);
    await first.kill();
    await look(witness);
    const second = await scratch.connect(connect, AGENT);
    await look(second);

    await second.answer('transition_state', { new_state: 'REVIEWING' });
    expect(await state(witness)).toBe('REVIEWING');
    const changes = scratch.query<{ user_report: string }>(
      `SELECT user_report FROM workflow_history WHERE kind = 'advanced' ORDER BY revision`,
    );
    expect(changes.map(({ user_report }) => JSON.parse(user_report).reason)).toEqual([
      'A task.',
      'Planned.',
      undefined,
    ]);
  },
);

scenarioPerClient(
  'bounds hold, and what is refused says what would do',
  ['session-bounds', 'typed-errors'],
  async (scratch, connect) => {
    const client = await scratch.connect(connect, AGENT);
    const codeOf = async (name: string, args: object) => {
      const { isError, body } = await client.callTool(name, args);
      return isError ? (body as { error_code: string }).error_code : 'none';
    };
    const kilobytes = (count: number) => 'x'.repeat(count * 1024);
    expect(await codeOf('add_user_message', { message: kilobytes(64) })).toBe('none');
    expect(await codeOf('add_user_message', { message: `${kilobytes(64)}x` })).toBe('TOO_LARGE');
    expect(await codeOf('store_task_data', { key: 'k', value: kilobytes(256).slice(2) })).toBe('none');
    expect(await codeOf('store_task_data', { key: 'k', value: kilobytes(256).slice(1) })).toBe('TOO_LARGE');
    expect(await codeOf('get_conversation_history', { max_messages: 200 })).toBe('none');
    expect(await codeOf('store_knowledge', { key: 'x'.repeat(200), value: null })).toBe('none');
    for (const [name, args] of [
      ['get_conversation_history', { max_messages: 0 }],
      ['get_conversation_history', { max_messages: 201 }],
      ['get_conversation_history', { max_messages: 1.5 }],
      ['get_current_state', { session_id: 'x'.repeat(201) }],
      ['get_current_state', { session_id: '' }],
      ['get_current_state', { session_id: 'a\0b' }],
      ['store_knowledge', { key: 'x'.repeat(201), value: 1 }],
      ['store_knowledge', { key: 'k' }],
      ['add_user_message', { message: '' }],
      ['add_user_message', { message: 'a\0b' }],
      ['add_user_message', { message: '\ud800' }],
      ['transition_state', {}],
      ['transition_state', { new_state: 'PLANNING', next_step_name: 'IDLE' }],
    ] as const)
      expect(await codeOf(name, args), JSON.stringify(args).slice(0, 60)).toBe('INVALID_ARGUMENT');

    expect(await client.failure('get_knowledge', { key: 'known' })).toMatchObject({
      error_code: 'KEY_NOT_FOUND',
      hint: expect.any(String),
    });
    await client.answer('store_knowledge', { key: 'build', value: 1, session_id: 's' });
    expect(await client.failure('get_knowledge', { key: 'biuld', session_id: 's' })).toMatchObject({
      error_code: 'KEY_NOT_FOUND',
      hint: 'Did you mean "build"?',
    });
  },
);

scenarioPerClient(
  'a new state is a new file, which a session that runs sees without a restart; broken ones take it not down',
  ['session-states-are-files', 'session-broken-states', 'broken-isolated'],
  async (scratch, connect) => {
    const client = await scratch.connect(connect, AGENT);
    await client.answer('transition_state', { new_state: 'EXECUTING' });
    await ownStates(scratch);
    await addDebugging(scratch);
    expect(await client.answer('get_current_state')).toMatchObject({
      available_transitions: ['DEBUGGING', 'REVIEWING', 'ERROR'],
    });
    expect(await client.answer('transition_state', { new_state: 'debugging' })).toMatchObject({
      state: 'DEBUGGING',
      description: 'Find the cause of a failure.',
      instructions: 'Find out why {{ context.symptom }}.',
      missing_context: ['symptom'],
      available_transitions: ['EXECUTING', 'ERROR'],
    });

    await scratch.writeWorkflow('AGENT_STATES', { 'states/debugging.md': '# Not a step\n' });
    await scratch.writeWorkflow('RELAY', relayFiles(['only_step']));
    const broken = await client.answer<CurrentStateAnswer>('get_current_state');
    expect(broken).toMatchObject({ state: 'DEBUGGING', definition_changed: true });
    expect(await client.answer('transition_state', { new_state: 'EXECUTING' })).toMatchObject({
      state: 'EXECUTING',
      definition_changed: true,
    });
    expect(await client.answer('start_workflow', { workflow_name: 'RELAY' })).toMatchObject({
      status: 'RUNNING',
    });
    expect(await client.failure('get_current_state', { session_id: 'new' })).toMatchObject({
      error_code: 'WORKFLOW_INVALID',
      message: expect.stringContaining('states/debugging.md'),
    });

    // Another process finds the session as it is, and everybody the files as soon as they are mended.
    const other = await scratch.connect(connect, AGENT);
    expect(await other.answer('get_current_state')).toMatchObject({
      available_transitions: ['DEBUGGING', 'REVIEWING', 'ERROR'],
      definition_changed: true,
    });
    await addDebugging(scratch);
    for (const each of [client, other])
      expect(await each.answer('get_current_state')).not.toHaveProperty('definition_changed');
  },
);

scenarioPerClient(
  'AGENT_STATES is no workflow: neither listed nor started, and its runs are not listed',
  ['sessions-are-not-workflows'],
  async (scratch, connect) => {
    await ownStates(scratch);
    await scratch.writeWorkflow('RELAY', relayFiles(['only_step']));
    const client = await scratch.connect(connect, AGENT);
    await client.answer('transition_state', { new_state: 'PLANNING' });
    const { workflows } = await client.answer<WorkflowPage>('list_workflows');
    expect(workflows.map(({ name }) => name)).toEqual(['RELAY']);
    expect((await client.answer<InstancePage>('list_instances')).instances).toEqual([]);
    expect(await client.failure('start_workflow', { workflow_name: 'AGENT_STATES' })).toMatchObject({
      error_code: 'WORKFLOW_NOT_FOUND',
      hint: expect.stringContaining('transition_state'),
    });
  },
);

scenarioPerProtocol(
  'without the toolset nothing of it is shown',
  ['agent-toolset-off'],
  async (scratch, open) => {
    const client = await scratch.connect(open);
    const tools = (await client.listTools()).map(({ name }) => name);
    expect(tools.filter((name) => TOOLS.includes(name))).toEqual([]);
    const uris = [
      ...(await client.listResources()).map(({ uri }) => uri),
      ...(await client.listResourceTemplates()).map(({ uriTemplate }) => uriTemplate),
    ];
    expect(uris.filter((uri) => /^(state|orchestration):/.test(uri))).toEqual([]);
    expect((await client.listPrompts()).map(({ name }) => name)).toEqual([]);
    expect(client.instructions).not.toContain('get_current_state');
    await expect(client.readResource('state://current')).rejects.toThrow();
    for (const name of ['idle_prompt', 'AGENT_STATES'])
      await expect(client.getPrompt(name), name).rejects.toThrow(name);
    expect((await client.completeResource('state://current{?session_id}', 'session_id', '')).values).toEqual(
      [],
    );
    expect((await client.callTool('get_current_state')).isError).toBe(true);
  },
);

async function called<Result>(client: ProtocolClient, name: string, args: object = {}): Promise<Result> {
  const { isError, structuredContent, text } = await client.callTool(name, args);
  if (isError) throw new Error(`${name} failed: ${text}`);
  expect(structuredContent).toEqual(JSON.parse(text));
  return structuredContent as Result;
}

const query = (session: string | undefined) => (session === undefined ? '' : `?session_id=${session}`);

async function current(client: ProtocolClient, session?: string): Promise<unknown> {
  return JSON.parse((await client.readResource(`state://current${query(session)}`)).text);
}

async function history(client: ProtocolClient, session?: string): Promise<readonly unknown[]> {
  const { text } = await client.readResource(`orchestration://history${query(session)}`);
  return (JSON.parse(text) as { transitions: readonly unknown[] }).transitions;
}

async function state(client: TestClient): Promise<string> {
  return (await client.answer<CurrentStateAnswer>('get_current_state')).state;
}

/** A copy of the shipped states among the user's own workflows. */
async function ownStates(scratch: Scratch): Promise<void> {
  await cp(SHIPPED_STATES, join(scratch.workflowsFolder, 'AGENT_STATES'), { recursive: true });
}

/** One file, its line in the list, and a way to it. */
async function addDebugging({ workflowsFolder }: Scratch): Promise<void> {
  const folder = join(workflowsFolder, 'AGENT_STATES');
  const file = [
    '---\ntransitions:\n  - to: EXECUTING\n  - to: ERROR\n---',
    '## Goal\n\nFind the cause of a failure.',
    '## Orchestrator Guidance\n\nIf the cause is known, proceed to `EXECUTING`. Else proceed to `ERROR`.',
    '## Client Instructions\n\nFind out why {{ context.symptom }}.',
  ].join('\n\n');
  await writeFile(join(folder, 'states', 'debugging.md'), `${file}\n`);
  const index = await readFile(join(folder, 'index.md'), 'utf8');
  if (!index.includes('DEBUGGING'))
    await writeFile(join(folder, 'index.md'), `${index.trimEnd()}\n7. [DEBUGGING](states/debugging.md)\n`);
  const executing = join(folder, 'states', 'executing.md');
  const text = await readFile(executing, 'utf8');
  if (!text.includes('DEBUGGING'))
    await writeFile(executing, text.replace('transitions:\n', 'transitions:\n  - to: DEBUGGING\n'));
}

import { describe, expect, test } from 'vitest';
import type { AgentSessions } from '../../../src/agent/agent-sessions.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { openAgentRoom } from '../../support/agent-room.ts';
import { faultOf } from '../../support/fault-of.ts';
import { workflowFiles } from '../../support/workflow-files.ts';

const SHIPPED = {
  IDLE: ['PLANNING', 'RESEARCHING', 'EXECUTING', 'ERROR'],
  PLANNING: ['IDLE', 'RESEARCHING', 'EXECUTING', 'ERROR'],
  RESEARCHING: ['PLANNING', 'EXECUTING', 'REVIEWING', 'ERROR'],
  EXECUTING: ['REVIEWING', 'ERROR'],
  REVIEWING: ['PLANNING', 'EXECUTING', 'IDLE', 'ERROR'],
  ERROR: ['IDLE', 'PLANNING', 'RESEARCHING', 'EXECUTING', 'ERROR'],
};

const to = (newState: string, extra: { reason?: string; requestId?: string; sessionId?: string } = {}) => ({
  sessionId: 's',
  newState,
  ...extra,
});

/** A way to each state that begins in IDLE. */
async function walk(agent: AgentSessions, sessionId: string, states: readonly string[]): Promise<void> {
  for (const newState of states) await agent.transition({ sessionId, newState });
}

describe('the shipped states', () => {
  test.each(Object.entries(SHIPPED))('%s leads where it should, and nowhere else', async (state, next) => {
    const { agent } = await openAgentRoom();
    const way = {
      IDLE: [],
      PLANNING: ['PLANNING'],
      RESEARCHING: ['RESEARCHING'],
      EXECUTING: ['EXECUTING'],
      REVIEWING: ['EXECUTING', 'REVIEWING'],
      ERROR: ['ERROR'],
    };
    const begin = async (sessionId: string) => walk(agent, sessionId, way[state as keyof typeof way]);
    await begin('s');
    expect((await agent.currentState('s')).available_transitions).toEqual(next);
    for (const other of [...Object.keys(SHIPPED), 'FINISH', 'NOWHERE']) {
      const sessionId = `to ${other}`;
      await begin(sessionId);
      const call = agent.transition({ sessionId, newState: other, reason: 'a test' });
      if (next.includes(other)) {
        expect(await call).toMatchObject({ previous_state: state, state: other, reason: 'a test' });
      } else {
        const fault = await faultOf(call);
        expect(fault).toMatchObject({
          code: 'STEP_NOT_ALLOWED',
          details: { state, available_transitions: next },
        });
        for (const name of next) expect(fault.message).toContain(`"${name}"`);
      }
    }
  });

  test('their prompts want what the contract says', async () => {
    const { agent } = await openAgentRoom();
    const states = await agent.states('s');
    expect(Object.fromEntries(states.map(({ name, variables }) => [name, variables]))).toEqual({
      IDLE: [],
      PLANNING: ['task_description'],
      RESEARCHING: ['research_topic'],
      EXECUTING: ['action_plan'],
      REVIEWING: [],
      ERROR: ['error_description'],
    });
  });
});

describe('the state of a session', () => {
  test('is the first one as long as nothing moved it, and looking at it leaves no trace', async () => {
    const { agent, engine } = await openAgentRoom();
    const found = await agent.currentState('new');
    expect(found).toMatchObject({
      session_id: 'new',
      state: 'IDLE',
      description: expect.stringContaining('find out what the user wants'),
      instructions: expect.stringContaining('store_task_data'),
      guidance: expect.stringContaining('PLANNING'),
      available_transitions: SHIPPED.IDLE,
    });
    expect(found).not.toHaveProperty('since', expect.anything());
    expect(await agent.history('new')).toEqual({ session_id: 'new', transitions: [] });
    expect(await agent.states('new')).toHaveLength(6);
    expect(await engine.completeSessionId('', 10)).toEqual([]);
  });

  test('says where it came from, why and when', async () => {
    const { agent, elapse, announced } = await openAgentRoom();
    await agent.transition(to('planning', { reason: 'A task came in.' }));
    elapse(1_000);
    await agent.transition(to('Executing'));
    expect(await agent.currentState('s')).toMatchObject({
      state: 'EXECUTING',
      previous_state: 'PLANNING',
      since: '2026-01-01T00:00:01.000Z',
    });
    expect(await agent.history('s')).toEqual({
      session_id: 's',
      transitions: [
        {
          from: 'IDLE',
          to: 'PLANNING',
          reason: 'A task came in.',
          timestamp: '2026-01-01T00:00:00.000Z',
        },
        { from: 'PLANNING', to: 'EXECUTING', timestamp: '2026-01-01T00:00:01.000Z' },
      ],
    });
    expect(announced).toEqual(['s', 's']);
  });

  test('is its own in each session', async () => {
    const { agent } = await openAgentRoom();
    await agent.transition(to('PLANNING', { sessionId: 'one' }));
    expect((await agent.currentState('two')).state).toBe('IDLE');
    expect(await agent.completeSessionId('o', 10)).toEqual(['one']);
  });

  test('is one transition of one run', async () => {
    const { agent, engine } = await openAgentRoom();
    await walk(agent, 's', ['PLANNING', 'EXECUTING', 'REVIEWING']);
    const instanceId = await engine.openSession('s');
    const { entries } = await engine.history({ instanceId });
    expect(entries.map(({ kind, revision }) => [kind, revision])).toEqual([
      ['started', 0],
      ['advanced', 1],
      ['advanced', 2],
      ['advanced', 3],
    ]);
  });
});

describe('a repeat', () => {
  test('is answered as before, and recorded once', async () => {
    const { agent, announced } = await openAgentRoom();
    const call = to('PLANNING', { reason: 'why' });
    const first = await agent.transition(call);
    const again = await agent.transition(call);
    expect(again).toEqual({ ...first, replayed: true });
    expect(announced).toEqual(['s']);
    expect((await agent.history('s')).transitions).toHaveLength(1);
  });

  test('with a key is known after the session moved on, which it says', async () => {
    const { agent } = await openAgentRoom();
    const call = to('PLANNING', { reason: 'why', requestId: 'r1' });
    const first = await agent.transition(call);
    await walk(agent, 's', ['EXECUTING', 'REVIEWING']);
    expect(await agent.transition(call)).toEqual({ ...first, replayed: true, current_state: 'REVIEWING' });
    expect((await faultOf(agent.transition({ ...call, reason: 'other' }))).code).toBe('REQUEST_ID_REUSED');
    expect((await faultOf(agent.transition({ ...call, newState: 'IDLE' }))).code).toBe('REQUEST_ID_REUSED');
    expect((await agent.currentState('s')).state).toBe('REVIEWING');
  });

  test('that arrives at the same time, from two processes, is one change', async () => {
    const { agent, second } = await openAgentRoom();
    const agents = [agent, await second()];
    for (const requestId of ['r1', undefined]) {
      const call = to('ERROR', { reason: `key ${requestId}`, requestId });
      const answers = await Promise.all(agents.map((each) => each.transition(call)));
      expect(answers.map(({ state }) => state)).toEqual(['ERROR', 'ERROR']);
      expect(answers.filter(({ replayed }) => replayed)).toHaveLength(1);
    }
    expect((await agent.history('s')).transitions).toHaveLength(2);
  });
});

describe('a race', () => {
  /** Lets another caller in just before the engine is asked to advance. */
  function interrupted(interrupt: () => Promise<unknown>) {
    let isOver = false;
    return (engine: Engine): Engine => ({
      ...engine,
      async advance(params, options) {
        if (!isOver) {
          isOver = true;
          await interrupt();
        }
        return engine.advance(params, options);
      },
    });
  }

  test('is lost where the new state does not lead there: refused with what is allowed now', async () => {
    let other: AgentSessions | undefined;
    const { agent, second } = await openAgentRoom({
      decorate: interrupted(async () => other?.transition(to('EXECUTING'))),
    });
    other = await second();
    expect(await faultOf(agent.transition(to('PLANNING')))).toMatchObject({
      code: 'STEP_NOT_ALLOWED',
      details: { state: 'EXECUTING', available_transitions: SHIPPED.EXECUTING },
    });
  });

  test('is lost and no harm done where the new state leads there too', async () => {
    let other: AgentSessions | undefined;
    const { agent, second } = await openAgentRoom({
      decorate: interrupted(async () => other?.transition(to('PLANNING'))),
    });
    other = await second();
    expect(await agent.transition(to('RESEARCHING'))).toMatchObject({
      previous_state: 'PLANNING',
      state: 'RESEARCHING',
    });
  });

  test('against somebody who never stops ends', async () => {
    const { agent } = await openAgentRoom({
      decorate: (engine) => ({
        ...engine,
        async advance(params, options) {
          await engine.advance({ ...params, nextStepName: 'ERROR', requestId: undefined }, options);
          return engine.advance(params, options);
        },
      }),
    });
    const fault = await faultOf(agent.transition(to('PLANNING', { reason: 'mine' })));
    expect(fault).toMatchObject({ code: 'STALE_STEP', retryable: true });
  });

  test('of many within one process is run by turns', async () => {
    const { agent, writeStates } = await openAgentRoom();
    writeStates(
      workflowFiles({ steps: { IDLE: { frontMatter: 'transitions: [{to: IDLE}, {to: FINISH}]' } } }),
    );
    const calls = Array.from({ length: 30 }, (_, n) => agent.transition(to('IDLE', { reason: `call ${n}` })));
    expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual(
      calls.map(() => 'fulfilled'),
    );
    expect((await agent.history('s')).transitions).toHaveLength(30);
  });

  test('of many leaves a line of declared changes', async () => {
    const { agent, second } = await openAgentRoom();
    const agents = [agent, await second()];
    const names = Object.keys(SHIPPED);
    const calls = Array.from({ length: 60 }, (_, n) =>
      agents[n % 2]?.transition(to(names[n % names.length] ?? '', { reason: `call ${n}` })),
    );
    const outcomes = await Promise.allSettled(calls);
    const done = outcomes.filter(({ status }) => status === 'fulfilled');
    const { transitions } = await agent.history('s');
    expect(transitions).toHaveLength(done.length);
    expect(done.length).toBeGreaterThan(0);
    let state = 'IDLE';
    for (const change of transitions) {
      expect(change.from).toBe(state);
      expect(SHIPPED[state as keyof typeof SHIPPED]).toContain(change.to);
      state = change.to;
    }
    expect((await agent.currentState('s')).state).toBe(state);
  });
});

const STATES = {
  IDLE: { frontMatter: 'transitions: [{to: BUSY}, {to: ODD}]' },
  BUSY: { frontMatter: 'transitions: [{to: IDLE}, {to: BUSY}]' },
  ODD: { frontMatter: 'transitions: [{to: IDLE}, {to: BUSY}]' },
};

describe("the user's own states", () => {
  test('are those of a session that runs, as soon as the files are written', async () => {
    const { agent, writeStates } = await openAgentRoom();
    await agent.transition(to('PLANNING'));
    writeStates(
      workflowFiles({
        steps: {
          IDLE: {},
          PLANNING: { frontMatter: 'transitions: [{to: DEBUGGING}, {to: IDLE}]' },
          DEBUGGING: {
            instructions: 'Find out {{ context.what }}.',
            frontMatter: 'transitions: [{to: IDLE}]',
          },
        },
      }),
    );
    await agent.storeTaskData({ sessionId: 's', key: 'what', value: { a: [1] } });
    expect((await agent.currentState('s')).available_transitions).toEqual(['DEBUGGING', 'IDLE']);
    const moved = await agent.transition(to('debugging'));
    expect(moved).toMatchObject({ state: 'DEBUGGING', instructions: 'Find out {"a":[1]}.' });
    expect(moved.definition_changed).toBeUndefined();
    expect(moved.missing_context).toBeUndefined();
  });

  test('that are broken leave a session where it is, on the version that it had', async () => {
    const { agent, writeStates } = await openAgentRoom();
    writeStates(workflowFiles({ steps: STATES }));
    await agent.transition(to('BUSY'));
    writeStates({ 'index.md': '# Nothing\n' });
    expect(await agent.currentState('s')).toMatchObject({
      state: 'BUSY',
      available_transitions: ['IDLE', 'BUSY'],
      definition_changed: true,
    });
    expect(await agent.transition(to('IDLE'))).toMatchObject({ state: 'IDLE', definition_changed: true });
    expect((await agent.states('s')).map(({ name }) => name)).toEqual(['IDLE', 'BUSY', 'ODD']);

    // A session that never was has nothing to go on by.
    expect((await faultOf(agent.currentState('new'))).code).toBe('WORKFLOW_INVALID');
    expect((await faultOf(agent.transition(to('BUSY', { sessionId: 'new' })))).code).toBe('WORKFLOW_INVALID');
    expect(await agent.states('new')).toEqual([]);
    await agent.addMessage({ sessionId: 'new', role: 'user', content: 'Hello?' });

    writeStates(workflowFiles({ steps: STATES }));
    expect(await agent.transition(to('ODD'))).not.toHaveProperty('definition_changed', true);
  });

  test('a script in a state is an error, not a state that is left as soon as it is entered', async () => {
    const { agent, writeStates } = await openAgentRoom();
    const BUSY = { frontMatter: 'transitions:\n  - to: IDLE', script: 'return 1;' };
    writeStates(workflowFiles({ steps: { IDLE: {}, BUSY } }));
    expect(await faultOf(agent.transition(to('BUSY')))).toMatchObject({
      code: 'WORKFLOW_INVALID',
      message: expect.stringMatching(/steps\/busy\.md:12:1: .*only the agent moves its session/),
    });
  });

  test('that lack the state of a session take it over when it has left that one', async () => {
    const { agent, writeStates } = await openAgentRoom();
    writeStates(workflowFiles({ steps: STATES }));
    await agent.transition(to('ODD'));
    const { IDLE, BUSY } = STATES;
    writeStates(
      workflowFiles({
        steps: { IDLE: { ...IDLE, frontMatter: 'transitions: [{to: BUSY}, {to: NEW}]' }, BUSY, NEW: {} },
      }),
    );
    expect(await agent.currentState('s')).toMatchObject({
      state: 'ODD',
      available_transitions: ['IDLE', 'BUSY'],
      definition_changed: true,
    });
    expect(await agent.transition(to('IDLE'))).toMatchObject({
      state: 'IDLE',
      available_transitions: ['BUSY', 'NEW'],
    });
    expect((await agent.transition(to('NEW'))).state).toBe('NEW');
  });

  test('may send a session elsewhere by a condition, and end it', async () => {
    const { agent, writeStates } = await openAgentRoom();
    writeStates(
      workflowFiles({
        steps: {
          IDLE: {
            frontMatter:
              'transitions: [{to: CARE, when: \'report.reason.contains("production")\'}, {to: WORK}, {to: FINISH}]',
          },
          WORK: { frontMatter: 'transitions: [{to: IDLE}, {to: WORK}]' },
          CARE: { frontMatter: 'transitions: [{to: IDLE}, {to: WORK}]' },
          FINISH: { instructions: 'Goodbye.' },
        },
      }),
    );
    expect(await agent.transition(to('WORK', { reason: 'a patch for production' }))).toMatchObject({
      previous_state: 'IDLE',
      state: 'CARE',
      requested_state: 'WORK',
    });
    expect(await agent.transition(to('WORK', { reason: 'a patch for production' }))).toMatchObject({
      state: 'CARE',
      replayed: true,
    });
    expect((await agent.transition(to('WORK', { reason: 'I took care.' }))).state).toBe('WORK');
    await agent.transition(to('IDLE'));
    const last = await agent.transition(to('finish'));
    expect(last).toMatchObject({
      state: 'FINISH',
      status: 'COMPLETED',
      instructions: 'Goodbye.',
      available_transitions: [],
    });
    expect(await agent.transition(to('FINISH'))).toEqual({ ...last, replayed: true });
    expect(await faultOf(agent.transition(to('IDLE')))).toMatchObject({
      code: 'STEP_NOT_ALLOWED',
      hint: expect.stringContaining('another session_id'),
    });
  });

  test('may suspend a session by max_visits; resume_workflow lets it go on', async () => {
    const { agent, engine, writeStates } = await openAgentRoom();
    writeStates(
      workflowFiles({
        steps: {
          IDLE: { frontMatter: 'transitions: [{to: WORK}, {to: IDLE}]' },
          WORK: { frontMatter: 'max_visits: 1\ntransitions: [{to: IDLE}, {to: WORK}]' },
        },
      }),
    );
    await walk(agent, 's', ['WORK', 'IDLE']);
    const suspended = await agent.transition(to('WORK', { reason: 'again' }));
    expect(suspended).toMatchObject({
      state: 'WORK',
      status: 'SUSPENDED',
      status_reason: expect.stringContaining('max_visits'),
      available_transitions: [],
    });
    const fault = await faultOf(agent.transition(to('IDLE')));
    expect(fault.code).toBe('INSTANCE_SUSPENDED');
    expect(fault.hint).toContain('ORCHESTRATOR_TOOLSETS');
    const [, instanceId = ''] = /instance_id "([^"]+)"/.exec(fault.hint ?? '') ?? [];
    expect(suspended.instructions).toBe(fault.hint);
    await engine.resume({ instanceId, assumedCurrentStepName: 'WORK' });
    expect(await agent.transition(to('IDLE'))).toMatchObject({ state: 'IDLE' });
  });
});

test('a session has as many changes as a run may have', async () => {
  const { agent } = await openAgentRoom({ limits: { transitionsMax: 3 } });
  await walk(agent, 's', ['PLANNING', 'IDLE', 'PLANNING']);
  expect(await faultOf(agent.transition(to('IDLE')))).toMatchObject({
    code: 'TOO_LARGE',
    hint: expect.stringContaining('another session_id'),
  });
});

describe('the prompt of a state', () => {
  test('is filled from the argument, else from the task data; what is missing is listed', async () => {
    const { agent } = await openAgentRoom();
    const prompt = (args?: Record<string, string>) =>
      agent.statePrompt({ stateName: 'planning', sessionId: 's', args });
    expect(await prompt()).toMatchObject({
      state: 'PLANNING',
      text: expect.stringContaining('{{ context.task_description }}'),
      missing_context: ['task_description'],
    });
    await agent.storeTaskData({ sessionId: 's', key: 'task_description', value: 'Kept.' });
    const kept = await prompt({ task_description: '' });
    expect(kept?.text).toContain('\nKept.\n');
    expect(kept?.missing_context).toBeUndefined();
    expect((await prompt({ task_description: 'Given {{ context.action_plan }}.' }))?.text).toContain(
      '\nGiven {{ context.action_plan }}.\n',
    );
    expect(await agent.statePrompt({ stateName: 'NOWHERE', sessionId: 's' })).toBeUndefined();
    await agent.storeTaskData({ sessionId: 's', key: 'task_description', value: null });
    expect((await prompt())?.missing_context).toEqual(['task_description']);
  });
});

describe('the conversation', () => {
  const message = (content: string, requestId?: string) =>
    ({ sessionId: 's', role: 'user', content, requestId }) as const;

  test('gives the last messages back', async () => {
    const { agent, elapse } = await openAgentRoom();
    for (const role of ['system', 'user', 'assistant'] as const) {
      await agent.addMessage({ sessionId: 's', role, content: `from ${role}` });
      elapse(1);
    }
    expect(await agent.conversation({ sessionId: 's', maxMessages: 2 })).toEqual({
      session_id: 's',
      messages: [
        { message_id: 2, role: 'user', content: 'from user', created_at: '2026-01-01T00:00:00.001Z' },
        {
          message_id: 3,
          role: 'assistant',
          content: 'from assistant',
          created_at: '2026-01-01T00:00:00.002Z',
        },
      ],
      next_cursor: expect.any(String),
    });
    expect((await agent.conversation({ sessionId: 't', maxMessages: 10 })).messages).toEqual([]);
  });

  test('adds a message once for each key', async () => {
    const { agent } = await openAgentRoom();
    const first = await agent.addMessage(message('Hello', 'r1'));
    expect(await agent.addMessage(message('Hello', 'r1'))).toEqual({ ...first, replayed: true });
    expect((await faultOf(agent.addMessage(message('Other', 'r1')))).code).toBe('REQUEST_ID_REUSED');
    expect((await faultOf(agent.addMessage({ ...message('Hello', 'r1'), role: 'system' }))).code).toBe(
      'REQUEST_ID_REUSED',
    );
    expect((await agent.conversation({ sessionId: 's', maxMessages: 10 })).messages).toHaveLength(1);
  });

  test('refuses what is too large, and gives back no more than one answer holds', async () => {
    const { agent } = await openAgentRoom({ limits: { sessionMessageBytesMax: 10, requestBytesMax: 25 } });
    expect(await faultOf(agent.addMessage(message('ä'.repeat(6))))).toMatchObject({
      code: 'TOO_LARGE',
      details: { bytes: 12, bytes_max: 10 },
    });
    for (const content of ['0123456789', 'abcdefghij', 'ABCDE']) await agent.addMessage(message(content));
    const all = await agent.conversation({ sessionId: 's', maxMessages: 10 });
    expect(all.messages).toHaveLength(3);
    expect(all.truncated).toBeUndefined();
    await agent.addMessage(message('!'));
    expect(await agent.conversation({ sessionId: 's', maxMessages: 10 })).toMatchObject({
      messages: [{ content: 'abcdefghij' }, { content: 'ABCDE' }, { content: '!' }],
      truncated: true,
      next_cursor: expect.any(String),
    });
  });

  test('says that there are older messages, and leads to them', async () => {
    const { agent } = await openAgentRoom({ limits: { pageSizeMax: 4 } });
    const said = Array.from({ length: 10 }, (_, n) => `message ${n}`);
    for (const content of said) await agent.addMessage(message(content));
    const read: string[] = [];
    let cursor: string | undefined;
    do {
      const answer = await agent.conversation({ sessionId: 's', maxMessages: 200, cursor });
      read.unshift(...answer.messages.map(({ content }) => content));
      cursor = answer.next_cursor;
      expect(answer.truncated).toBeUndefined();
      // Better a failure than a loop, should a cursor not lead on.
      expect(read.length).toBeLessThanOrEqual(said.length);
    } while (cursor !== undefined);
    expect(read).toEqual(said);
    const bad = agent.conversation({ sessionId: 's', maxMessages: 1, cursor: 'x' });
    expect((await faultOf(bad)).code).toBe('INVALID_ARGUMENT');
  });
});

describe.each(['TaskData', 'Knowledge'] as const)('what is kept as %s', (kind) => {
  const verbs = (agent: AgentSessions) => ({
    store: agent[`store${kind}`],
    get: agent[`get${kind}`],
    list: agent[`list${kind}Keys`],
  });
  const entry = (key: string, value: Parameters<AgentSessions['storeKnowledge']>[0]['value']) => ({
    sessionId: 's',
    key,
    value,
  });

  test('is there under its key, as it was given', async () => {
    const { agent, elapse } = await openAgentRoom();
    const { store, get, list } = verbs(agent);
    const value = JSON.parse('{"__proto__":[1,"\\ud800",null],"":{"a":false}}');
    expect(await store(entry('plan', 'first'))).toEqual({ session_id: 's', key: 'plan' });
    elapse(5);
    await store(entry('plan', value));
    const found = await get('s', 'plan');
    expect(found).toMatchObject({ session_id: 's', key: 'plan', updated_at: '2026-01-01T00:00:00.005Z' });
    expect(JSON.stringify(found.value)).toBe(JSON.stringify(value));
    expect(await list('s')).toEqual({ session_id: 's', keys: ['plan'] });
    expect(await list('t')).toEqual({ session_id: 't', keys: [] });
  });

  test('says which keys there are when one is not', async () => {
    const { agent } = await openAgentRoom();
    const { store, get } = verbs(agent);
    expect(await faultOf(get('s', 'plan'))).toMatchObject({
      code: 'KEY_NOT_FOUND',
      hint: expect.stringContaining('empty'),
    });
    await store(entry('action_plan', 1));
    await store(entry('notes', 2));
    expect((await faultOf(get('s', 'actionplan'))).hint).toBe('Did you mean "action_plan"?');
    expect(await faultOf(get('s', 'something else'))).toMatchObject({
      hint: 'It has: action_plan, notes.',
      details: { keys: ['action_plan', 'notes'] },
    });
  });

  test('has bounds', async () => {
    const { agent } = await openAgentRoom({ limits: { sessionValueBytesMax: 12, jsonDepthMax: 2 } });
    const { store } = verbs(agent);
    await store(entry('k', '0123456789'));
    expect((await faultOf(store(entry('k', '0123456789x')))).code).toBe('TOO_LARGE');
    expect((await faultOf(store(entry('k', [[[]]])))).code).toBe('TOO_LARGE');
    expect((await faultOf(store(entry('k', Number.POSITIVE_INFINITY)))).code).toBe('INVALID_ARGUMENT');
  });

  test('can be listed page by page, up to a bound', async () => {
    const { agent } = await openAgentRoom({ limits: { pageSizeMax: 3 } });
    const { store, list } = verbs(agent);
    const keys = Array.from({ length: 16 }, (_, n) => `key ${String(n).padStart(4, '0')}`);
    for (const key of keys) await store(entry(key, null));
    expect(await list('s')).toEqual({ session_id: 's', keys: keys.slice(0, 15), truncated: true });
  });
});

test('knowledge is found by words', async () => {
  const { agent } = await openAgentRoom();
  const keep = (key: string, value: string) => agent.storeKnowledge({ sessionId: 's', key, value });
  await keep('build', 'The build wants Node 20, else the native module does not compile.');
  await keep('release', 'Releases are tagged on Fridays.');
  const { hits } = await agent.searchKnowledge({ sessionId: 's', query: 'compil native' });
  expect(hits).toMatchObject([{ key: 'build', excerpt: expect.stringContaining('**compile**') }]);
  expect((await agent.searchKnowledge({ sessionId: 't', query: 'build' })).hits).toEqual([]);
});

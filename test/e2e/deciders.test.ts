import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import type { HistoryItem, HistoryPage } from '../../src/engine/listings.ts';
import { type FakeProvider, type Reply, startFakeProvider } from '../support/fake-provider.ts';
import { connectV2, type TestClient, type WireFailure } from '../support/mcp-clients.ts';
import { decisionText, geminiWire, openaiWire } from '../support/provider-wires.ts';
import type { Scratch } from '../support/scratch.ts';
import { workflowFiles } from '../support/workflow-files.ts';
import { scenario, scenarioPerClient } from './scenario.ts';

/** A key that is nowhere else; whatever shows it, leaks. */
const CANARY_KEY = 'canary-4f1c9a7e-key';

const CHOICE = workflowFiles({
  steps: {
    choose_way: {
      guidance: 'If the report mentions rain, proceed to take_train. Otherwise proceed to ride_bike.',
      instructions: 'Look out of the window.',
    },
    take_train: {},
    ride_bike: {},
  },
});

interface Provider {
  env(origin: string): Readonly<Record<string, string>>;
  text(text: string): Reply;
  error(status: number, message?: string): Reply;
  rateLimited(seconds: number): Reply;
  blocked(): Reply;
  /** The names that the request lets the model choose from. */
  allowedIn(body: unknown): unknown;
}

const PROVIDERS: Readonly<Record<'gemini' | 'openai', Provider>> = {
  gemini: {
    env: (origin) => ({
      AI_PROVIDER: 'gemini',
      GEMINI_MODEL_NAME: 'gemini-test',
      AI_SERVICE_API_KEY: CANARY_KEY,
      AI_SERVICE_ENDPOINT: origin,
    }),
    text: geminiWire.text,
    error: (status, message) => geminiWire.error({ status, message }),
    rateLimited: (seconds) => geminiWire.rateLimited(`${seconds}s`),
    blocked: () => geminiWire.stopped('SAFETY'),
    allowedIn: (body) => at(body, 'generationConfig.responseJsonSchema.properties.next_step_name.enum'),
  },
  openai: {
    env: (origin) => ({
      AI_PROVIDER: 'openai',
      OPENAI_MODEL_NAME: 'test-model',
      AI_SERVICE_API_KEY: CANARY_KEY,
      AI_SERVICE_ENDPOINT: `${origin}/v1`,
    }),
    text: openaiWire.text,
    error: (status, message) => openaiWire.error({ status, message }),
    rateLimited: (seconds) => openaiWire.error({ status: 429, headers: { 'retry-after': String(seconds) } }),
    blocked: openaiWire.contentFilter,
    allowedIn: (body) => at(body, 'response_format.json_schema.schema.properties.next_step_name.enum'),
  },
};

const ALLOWED = ['choose_way', 'take_train', 'ride_bike', 'FINISH'];

interface FailureCase {
  readonly replies: (provider: Provider) => readonly Reply[];
  readonly env?: Readonly<Record<string, string>>;
  readonly code: string;
  readonly retryable: boolean;
  readonly details?: object;
}

const FAILURES: Readonly<Record<string, FailureCase>> = {
  'an unknown step, twice': {
    replies: ({ text }) => [
      text(decisionText({ next_step_name: 'take_trian' })),
      text(decisionText({ next_step_name: 'take the train, please' })),
    ],
    code: 'AI_INVALID_DECISION',
    retryable: true,
  },
  'garbage, twice': {
    replies: ({ text }) => [text('I would take the train.'), text('{"next_step_name": 7}')],
    code: 'AI_INVALID_DECISION',
    retryable: true,
  },
  'no answer in time': {
    replies: () => ['hang', 'hang', 'hang'],
    env: { AI_REQUEST_TIMEOUT_MS: '2000' },
    code: 'AI_TIMEOUT',
    retryable: true,
  },
  'status 429 with a long wait': {
    replies: ({ rateLimited }) => [rateLimited(120)],
    code: 'AI_RATE_LIMITED',
    retryable: true,
    details: { retry_after_ms: 120_000 },
  },
  'status 500, three times': {
    replies: ({ error }) => [error(500), error(500), error(500)],
    code: 'AI_UNAVAILABLE',
    retryable: true,
  },
  'a safety block': {
    replies: ({ blocked }) => [blocked()],
    code: 'AI_SAFETY_BLOCKED',
    retryable: false,
  },
  'a refused key': {
    replies: ({ error }) => [error(401, `Incorrect API key provided: ${CANARY_KEY}.`)],
    code: 'AI_MISCONFIGURED',
    retryable: false,
  },
};

for (const [name, provider] of Object.entries(PROVIDERS)) {
  scenarioPerClient(
    `${name} decides, and the history says how`,
    ['gemini-decides', 'openai-decides', 'decision-recorded', 'context-merged', 'transitions-first'],
    async (scratch, connect) => {
      const fake = await startedFake(scratch);
      await scratch.writeWorkflow('CHOICE', CHOICE);
      const client = await scratch.connect(connect, provider.env(fake.origin));
      const started = await client.answer('start_workflow', { workflow_name: 'CHOICE' });
      expect(started.decision_request).toBeUndefined();
      expect(fake.requests).toHaveLength(0);

      fake.willReply(
        provider.text(
          decisionText({
            next_step_name: 'take_train',
            updated_context: [{ key: 'umbrella', value: '"packed"' }],
            reasoning: 'It rains.',
          }),
        ),
      );
      const answer = await client.answer('advance_workflow', {
        instance_id: started.instance_id,
        report: { status: 'success', message: 'It rains.' },
        context_updates: { umbrella: 'at home', weather: 'rain' },
        next_step_name: 'ride_bike',
      });
      expect(answer).toMatchObject({
        revision: 1,
        next_step: { step_name: 'take_train' },
        current_context: { umbrella: 'packed', weather: 'rain' },
        decision: { decider: name, reasoning: 'It rains.' },
      });
      expect(fake.requests).toHaveLength(1);
      expect(provider.allowedIn(fake.requests[0]?.body)).toEqual(ALLOWED);
      // The client's wish reaches the decider, which need not follow it.
      expect(JSON.stringify(fake.requests[0]?.body)).toMatch(/ride_bike/);

      const [, advanced] = await historyOf(client, started);
      expect(advanced).toMatchObject({
        requested_next_step: 'ride_bike',
        decision: {
          decider: name,
          model: expect.stringMatching(/test/),
          prompt_tokens: 120,
          output_tokens: 34,
          latency_ms: expect.any(Number),
          prompt_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
          candidates: ALLOWED,
          reasoning: 'It rains.',
          attempts: 1,
        },
      });
    },
  );

  for (const [what, failure] of Object.entries(FAILURES)) {
    scenario(
      `${name} fails with ${what}: nothing moves, and the same call succeeds later`,
      ['failure-codes', 'failed-decision-moves-nothing', 'key-stays-secret'],
      async (scratch) => {
        const fake = await startedFake(scratch);
        await scratch.writeWorkflow('CHOICE', CHOICE);
        const env = { LOG_LEVEL: 'debug', ...provider.env(fake.origin), ...failure.env };
        const server = scratch.startServer({ env });
        await server.initialize();
        const started = (await server.callTool('start_workflow', { workflow_name: 'CHOICE' })).body as Answer;
        const { instance_id, step_token } = started;
        const call = { instance_id, step_token, report: { status: 'success' }, request_id: 'the-call' };

        fake.willReply(...failure.replies(provider));
        const { isError, body } = await server.callTool('advance_workflow', call);
        expect(isError).toBe(true);
        expect(body as WireFailure).toMatchObject({
          error_code: failure.code,
          retryable: failure.retryable,
          message: expect.stringContaining('nothing moved'),
          ...failure.details,
        });
        const status = (await server.callTool('get_workflow_status', { instance_id })).body;
        expect(status).toMatchObject({
          status: 'RUNNING',
          revision: 0,
          step_token,
          next_step: started.next_step,
          current_context: {},
        });

        // How many attempts fit into the time depends on chance.
        fake.forgetReplies();
        fake.willReply(provider.text(decisionText({ next_step_name: 'ride_bike' })));
        const succeeded = (await server.callTool('advance_workflow', call)).body;
        expect(succeeded).toMatchObject({ revision: 1, next_step: { step_name: 'ride_bike' } });

        const history = (await server.callTool('get_workflow_history', { instance_id })).body as HistoryPage;
        expect(history.entries.map(({ kind, revision }) => [kind, revision])).toEqual([
          ['started', 0],
          ['decision_failed', 0],
          ['advanced', 1],
        ]);
        expect(history.entries[1]).toMatchObject({
          step_name: 'choose_way',
          status: 'RUNNING',
          user_report: { status: 'success' },
          detail: { error_code: failure.code, retryable: failure.retryable },
        });

        server.endInput();
        await server.exited;
        expect(server.stderr()).not.toContain(CANARY_KEY);
        expect(server.lines.join('\n')).not.toContain(CANARY_KEY);
        expect(await filesThatContain(scratch.folder, CANARY_KEY)).toEqual([]);
        expect(JSON.stringify(fake.requests[0]?.headers), 'the key was really in use').toContain(CANARY_KEY);
      },
    );
  }

  scenario(`${name} gets a step wrong and mends it when asked`, ['failure-codes'], async (scratch) => {
    const fake = await startedFake(scratch);
    await scratch.writeWorkflow('CHOICE', CHOICE);
    const client = await scratch.connect(connectV2, provider.env(fake.origin));
    const { instance_id } = await client.answer('start_workflow', { workflow_name: 'CHOICE' });
    fake.willReply(
      provider.text(decisionText({ next_step_name: 'fly' })),
      provider.text(decisionText({ next_step_name: 'take_train' })),
    );
    const answer = await client.answer('advance_workflow', { instance_id, report: { status: 'success' } });
    expect(answer.next_step.step_name).toBe('take_train');
    for (const step of ALLOWED) expect(JSON.stringify(fake.requests[1]?.body)).toContain(step);
    expect((await historyOf(client, answer))[1]?.decision).toMatchObject({ attempts: 2 });
  });

  scenario(
    `${name} may not leave the declared transitions`,
    ['transitions-bind', 'transitions-first'],
    async (scratch) => {
      const fake = await startedFake(scratch);
      await scratch.writeWorkflow(
        'BOUND',
        workflowFiles({
          steps: {
            choose_way: {
              frontMatter:
                'transitions:\n  - {to: take_train, when: report.result.rain}\n  - {to: FINISH, when: "false"}',
            },
            take_train: {},
            ride_bike: {},
          },
        }),
      );
      const client = await scratch.connect(connectV2, provider.env(fake.origin));
      const { instance_id } = await client.answer('start_workflow', { workflow_name: 'BOUND' });
      fake.willReply(
        provider.text(decisionText({ next_step_name: 'ride_bike' })),
        provider.text(decisionText({ next_step_name: 'ride_bike' })),
      );
      const report = (rain: boolean) => ({ instance_id, report: { status: 'success', result: { rain } } });
      expect((await client.failure('advance_workflow', report(false))).error_code).toBe(
        'AI_INVALID_DECISION',
      );
      expect(provider.allowedIn(fake.requests[0]?.body)).toEqual(['take_train', 'FINISH']);
      // Where a condition is true, nobody is asked.
      expect(await client.answer('advance_workflow', report(true))).toMatchObject({
        next_step: { step_name: 'take_train' },
        decision: { decider: 'transitions' },
      });
      expect(fake.requests).toHaveLength(2);
    },
  );
}

scenarioPerClient(
  'the same call twice at once asks the provider once',
  ['repeat-at-once'],
  async (scratch, connect) => {
    const fake = await startedFake(scratch);
    await scratch.writeWorkflow('CHOICE', CHOICE);
    const client = await scratch.connect(connect, PROVIDERS.openai.env(fake.origin));
    const { instance_id, step_token } = await client.answer('start_workflow', { workflow_name: 'CHOICE' });
    const call = { instance_id, step_token, report: { status: 'success' } };
    let decide = () => {};
    const decided = new Promise<void>((resolve) => {
      decide = resolve;
    });
    fake.willReply(decided.then(() => openaiWire.text(decisionText({ next_step_name: 'ride_bike' }))));
    const both = Promise.all([
      client.answer('advance_workflow', call),
      client.answer('advance_workflow', call),
    ]);
    await fake.request(1);
    // The server has read the second call by the time that it answers a third one.
    await client.answer('get_workflow_status', { instance_id });
    decide();
    const [one, two] = await both;
    expect({ ...one, replayed: undefined }).toEqual({ ...two, replayed: undefined });
    expect(fake.requests).toHaveLength(1);
  },
);

scenarioPerClient(
  'a call that is cancelled while the provider thinks stops there, and moves nothing',
  ['stops-when-cancelled', 'failed-decision-moves-nothing'],
  async (scratch, connect) => {
    const fake = await startedFake(scratch);
    await scratch.writeWorkflow('CHOICE', CHOICE);
    const client = await scratch.connect(connect, PROVIDERS.openai.env(fake.origin));
    const { instance_id } = await client.answer('start_workflow', { workflow_name: 'CHOICE' });
    const call = { instance_id, report: { status: 'success' } };
    const cancel = new AbortController();
    fake.willReply('hang');
    const cancelled = client.callTool('advance_workflow', call, { signal: cancel.signal });
    const asked = await fake.request(1);
    cancel.abort();
    await expect(cancelled).rejects.toThrow();
    await asked.closedByCaller;
    expect(await client.answer('get_workflow_status', { instance_id })).toMatchObject({ revision: 0 });
    fake.willReply(openaiWire.text(decisionText({ next_step_name: 'ride_bike' })));
    expect(await client.answer('advance_workflow', call)).toMatchObject({ revision: 1 });
  },
);

scenario(
  'a client that asks for progress hears of it while the provider thinks',
  ['reports-progress'],
  async (scratch) => {
    const fake = await startedFake(scratch);
    await scratch.writeWorkflow('CHOICE', CHOICE);
    const server = scratch.startServer({ env: PROVIDERS.openai.env(fake.origin) });
    await server.initialize();
    const started = (await server.callTool('start_workflow', { workflow_name: 'CHOICE' })).body as Answer;
    fake.willReply(openaiWire.text(decisionText({ next_step_name: 'ride_bike' })));
    const id = server.send('tools/call', {
      name: 'advance_workflow',
      arguments: { instance_id: started.instance_id, report: { status: 'success' } },
      _meta: { progressToken: 'token-7' },
    });
    await server.answerTo(id);
    const messages = server.lines.map((line) => JSON.parse(line) as { id?: number; params?: object });
    const progress = messages.findIndex(({ params }) => at(params, 'progressToken') === 'token-7');
    expect(messages[progress]).toMatchObject({ method: 'notifications/progress', params: { progress: 1 } });
    expect(progress).toBeLessThan(messages.findIndex((message) => message.id === id));
  },
);

scenarioPerClient(
  'the stub plays its script, failures included, and follows the guidance when that is used up',
  ['stub-plays-script', 'stub-follows-guidance', 'failed-decision-moves-nothing'],
  async (scratch, connect) => {
    await scratch.writeWorkflow('CHOICE', CHOICE);
    const scriptFile = join(scratch.folder, 'script.json');
    const script = [
      { step: 'choose_way', fault: { code: 'AI_RATE_LIMITED', retry_after_ms: 1234 } },
      { step: 'choose_way', decision: { next_step_name: 'fly' } },
      {
        step: 'choose_way',
        decision: {
          next_step_name: 'choose_way',
          updated_context: [{ key: 'looked', value: { times: 1 } }],
          reasoning: 'Look again.',
        },
      },
    ];
    await writeFile(scriptFile, JSON.stringify(script));
    const client = await scratch.connect(connect, { USE_STUB_AI_CLIENT: 'true', STUB_AI_SCRIPT: scriptFile });
    const started = await client.answer('start_workflow', { workflow_name: 'CHOICE' });
    const { instance_id, step_token } = started;
    const call = { instance_id, step_token, report: { status: 'success', message: 'It mentions rain.' } };

    expect(await client.failure('advance_workflow', call)).toMatchObject({
      error_code: 'AI_RATE_LIMITED',
      retryable: true,
      retry_after_ms: 1234,
    });
    expect(await client.failure('advance_workflow', call)).toMatchObject({
      error_code: 'AI_INVALID_DECISION',
    });
    const scripted = await client.answer('advance_workflow', call);
    expect(scripted).toMatchObject({
      revision: 1,
      next_step: { step_name: 'choose_way' },
      current_context: { looked: { times: 1 } },
      decision: { decider: 'stub', reasoning: 'Look again.' },
    });
    const guided = await client.answer('advance_workflow', { ...call, step_token: scripted.step_token });
    expect(guided).toMatchObject({ revision: 2, next_step: { step_name: 'take_train' } });
    expect((await historyOf(client, started)).map(({ kind }) => kind)).toEqual([
      'started',
      'decision_failed',
      'decision_failed',
      'advanced',
      'advanced',
    ]);
  },
);

scenarioPerClient(
  'another belief is reconciled by the decider, which sees both sides',
  ['resume-options', 'openai-decides'],
  async (scratch, connect) => {
    const fake = await startedFake(scratch);
    await scratch.writeWorkflow('CHOICE', CHOICE);
    const client = await scratch.connect(connect, PROVIDERS.openai.env(fake.origin));
    const { instance_id } = await client.answer('start_workflow', { workflow_name: 'CHOICE' });
    fake.willReply(
      openaiWire.text(decisionText({ next_step_name: 'ride_bike', reasoning: 'They are on it.' })),
    );
    const answer = await client.answer('resume_workflow', {
      instance_id,
      assumed_current_step_name: 'ride bike',
      report: { status: 'success', message: 'I have cycled for an hour.' },
    });
    expect(answer).toMatchObject({
      revision: 1,
      next_step: { step_name: 'ride_bike' },
      decision: { decider: 'openai', reasoning: 'They are on it.' },
      reconciliation: { verdict: 'client_ahead', explanation: expect.stringContaining('choose_way') },
    });
    const prompt = JSON.stringify(fake.requests[0]?.body);
    for (const part of ['choose_way', 'ride bike', 'I have cycled for an hour.'])
      expect(prompt).toContain(part);
    expect((await historyOf(client, answer)).map(({ kind }) => kind)).toEqual(['started', 'reconciled']);
  },
);

async function startedFake(scratch: Scratch): Promise<FakeProvider> {
  const fake = await startFakeProvider();
  scratch.onDispose(() => fake.close());
  return fake;
}

async function historyOf(client: TestClient, { instance_id }: Answer): Promise<readonly HistoryItem[]> {
  return (await client.answer<HistoryPage>('get_workflow_history', { instance_id })).entries;
}

async function filesThatContain(folder: string, text: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found = await Promise.all(files.map(async (file) => (await readFile(file)).includes(text)));
  return files.filter((_, index) => found[index]);
}

/** The member at a path of keys, if there is one. */
function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((inner, key) => (inner as Readonly<Record<string, unknown>> | undefined)?.[key], value);
}

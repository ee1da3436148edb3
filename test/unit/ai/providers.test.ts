import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildPrompt, promptHash } from '../../../src/ai/prompt.ts';
import { type FakeProvider, type Reply, startFakeProvider } from '../../support/fake-provider.ts';
import { decisionText, geminiWire, openaiWire } from '../../support/provider-wires.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';
import { API_KEY, GEMINI, OPENAI, type SubjectParams } from './llm-subject.ts';
import { requestOf } from './requests.ts';

const PUBLISH = decisionText({ next_step_name: 'publish' });
const ALLOWED = ['draft', 'review', 'publish', 'FINISH'];

let server: FakeProvider;

beforeEach(async () => {
  server = await startFakeProvider();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await server.close();
});

const subjectParams = (rest: Partial<SubjectParams> = {}) => ({ server, time: createVirtualTime(), ...rest });

describe.each([GEMINI, OPENAI])('$name', ({ name, wire, createModel, promptOf }) => {
  test('a decision is recorded with how it came about', async () => {
    server.willReply(
      wire.text(
        decisionText({
          next_step_name: 'publish',
          updated_context: [{ key: 'score', value: '7' }],
          reasoning: 'Fine.',
        }),
      ),
    );
    const request = requestOf();
    expect(await createModel(subjectParams({ modelName: 'some-model' })).decide(request)).toEqual({
      nextStepName: 'publish',
      updatedContext: [{ key: 'score', value: 7 }],
      statusSuggestion: 'RUNNING',
      reasoning: 'Fine.',
      decider: name,
      candidates: ALLOWED,
      model: 'some-model',
      promptTokens: 120,
      outputTokens: 34,
      latencyMs: 0,
      promptHash: promptHash(buildPrompt(request)),
      attempts: 1,
    });
  });

  test('the prompt arrives whole, in its two parts', async () => {
    server.willReply(wire.text(PUBLISH));
    await createModel(subjectParams()).decide(requestOf());
    const { stable, changing } = buildPrompt(requestOf());
    const sent = promptOf(server.requests[0]?.body ?? {});
    expect(sent).toContain(JSON.stringify(stable));
    expect(sent).toContain(JSON.stringify(changing));
  });

  test('many decisions at once do not mix', async () => {
    const names = Array.from({ length: 20 }, (_, index) => ALLOWED[index % ALLOWED.length] ?? '');
    const model = createModel(subjectParams());
    server.willReply(...names.map((next_step_name) => wire.text(decisionText({ next_step_name }))));
    const decided = await Promise.all(names.map(() => model.decide(requestOf())));
    expect(decided.map(({ nextStepName }) => nextStepName).sort()).toEqual([...names].sort());
  });

  test('nothing is written to the console', async () => {
    const written = (['log', 'debug', 'info', 'warn', 'error'] as const).map((level) =>
      vi.spyOn(console, level),
    );
    server.willReply(wire.error({ status: 500 }), wire.text(PUBLISH), wire.text(PUBLISH));
    await createModel(subjectParams()).decide(requestOf());
    await createModel(subjectParams({ apiKey: undefined })).decide(requestOf());
    for (const spy of written) expect(spy).not.toHaveBeenCalled();
  });
});

describe('gemini', () => {
  const decide = (rest: Partial<SubjectParams> = {}) =>
    GEMINI.createModel(subjectParams(rest)).decide(requestOf());

  test('asks for JSON by schema, with little thinking', async () => {
    server.willReply(geminiWire.text(PUBLISH));
    await decide({ modelName: 'gemini-3.8-flash' });
    const [request] = server.requests;
    expect(request?.path).toBe('/v1beta/models/gemini-3.8-flash:generateContent');
    expect(request?.headers['x-goog-api-key']).toBe(API_KEY);
    expect(request?.body.generationConfig).toMatchObject({
      responseMimeType: 'application/json',
      responseJsonSchema: { properties: { next_step_name: { enum: ALLOWED } } },
      thinkingConfig: { thinkingLevel: 'LOW' },
      maxOutputTokens: 8_192,
    });
  });

  test.each([
    ['gemini-2.5-flash', { thinkingBudget: 0 }],
    ['gemini-2.5-flash-lite', { thinkingBudget: 0 }],
    ['gemini-2.5-pro', undefined],
    ['gemini-flash-latest', { thinkingLevel: 'LOW' }],
    ['gemini-10-flash', { thinkingLevel: 'LOW' }],
    ['gemma-3-27b-it', undefined],
  ])('%s thinks %j', async (modelName, thinkingConfig) => {
    server.willReply(geminiWire.text(PUBLISH));
    await decide({ modelName });
    expect(server.requests[0]?.body.generationConfig).toHaveProperty('maxOutputTokens');
    expect(Object(server.requests[0]?.body.generationConfig).thinkingConfig).toEqual(thinkingConfig);
  });

  test('gives up what the model does not know, step by step, and remembers', async () => {
    const model = GEMINI.createModel(subjectParams());
    const refusal = geminiWire.error({
      status: 400,
      message: 'Thinking level is not supported for this model.',
    });
    server.willReply(refusal, refusal, geminiWire.text(PUBLISH), geminiWire.text(PUBLISH));
    expect(await model.decide(requestOf())).toMatchObject({ nextStepName: 'publish' });
    expect(await model.decide(requestOf())).toMatchObject({ nextStepName: 'publish' });
    const forms = server.requests.map(({ body }) => Object.keys(Object(body.generationConfig)).sort());
    expect(forms).toEqual([
      ['maxOutputTokens', 'responseJsonSchema', 'responseMimeType', 'thinkingConfig'],
      ['maxOutputTokens', 'responseJsonSchema', 'responseMimeType'],
      ['maxOutputTokens', 'responseMimeType'],
      ['maxOutputTokens', 'responseMimeType'],
    ]);
  });

  test('takes nothing from the environment', async () => {
    vi.stubEnv('GEMINI_API_KEY', 'from-the-environment');
    vi.stubEnv('GOOGLE_GENAI_USE_VERTEXAI', 'true');
    vi.stubEnv('GOOGLE_GEMINI_BASE_URL', 'http://127.0.0.1:1');
    server.willReply(geminiWire.text(PUBLISH));
    await decide({ apiKey: undefined });
    expect(JSON.stringify(server.requests[0]?.headers)).not.toContain('from-the-environment');
    expect(server.requests[0]?.path).toBe('/v1beta/models/gemini-3.8-flash:generateContent');
  });
});

describe('openai', () => {
  const decide = (rest: Partial<SubjectParams> = {}) =>
    OPENAI.createModel(subjectParams(rest)).decide(requestOf());
  const formats = () => server.requests.map(({ body }) => Object(body.response_format).type);

  test('asks for JSON by a strict schema', async () => {
    server.willReply(openaiWire.text(PUBLISH));
    await decide();
    const [request] = server.requests;
    expect(request?.path).toBe('/v1/chat/completions');
    expect(request?.headers.authorization).toBe(`Bearer ${API_KEY}`);
    expect(request?.body).toMatchObject({
      model: 'test-model',
      messages: [{ role: 'system' }, { role: 'user' }],
      response_format: {
        type: 'json_schema',
        json_schema: { strict: true, schema: { properties: { next_step_name: { enum: ALLOWED } } } },
      },
    });
  });

  test.each<[string, Reply, number]>([
    [
      'an older server',
      openaiWire.error({ status: 400, message: "'response_format.type' must be 'text'" }),
      2,
    ],
    [
      'LM Studio, whose error is a string',
      { status: 400, body: { error: "'response_format.type' must be 'text'" } },
      2,
    ],
    [
      'vLLM, with 422',
      { status: 422, body: { object: 'error', message: 'json_schema is not supported', code: 422 } },
      1,
    ],
  ])('%s is asked in a form that it knows, from then on', async (_, refusal, refusals) => {
    const model = OPENAI.createModel(subjectParams());
    server.willReply(
      ...Array<Reply>(refusals).fill(refusal),
      openaiWire.text(PUBLISH),
      openaiWire.text(PUBLISH),
    );
    expect(await model.decide(requestOf())).toMatchObject({ nextStepName: 'publish', attempts: 1 });
    expect(await model.decide(requestOf())).toMatchObject({ nextStepName: 'publish', attempts: 1 });
    const known = ['json_schema', 'json_object', undefined];
    expect(formats()).toEqual([...known.slice(0, refusals + 1), known[refusals]]);
  });

  test('a server that refuses every form is misconfigured, and asked in full again', async () => {
    const model = OPENAI.createModel(subjectParams());
    const refusal = openaiWire.error({ status: 400, message: 'Bad request' });
    server.willReply(refusal, refusal, refusal, openaiWire.text(PUBLISH));
    await expect(model.decide(requestOf())).rejects.toMatchObject({ code: 'AI_MISCONFIGURED' });
    await model.decide(requestOf());
    expect(formats()).toEqual(['json_schema', 'json_object', undefined, 'json_schema']);
  });

  test('takes nothing from the environment', async () => {
    for (const name of ['OPENAI_API_KEY', 'OPENAI_ADMIN_KEY', 'OPENAI_ORG_ID', 'OPENAI_PROJECT_ID']) {
      vi.stubEnv(name, 'from-the-environment');
    }
    vi.stubEnv('OPENAI_BASE_URL', 'http://127.0.0.1:1');
    vi.stubEnv('OPENAI_LOG', 'debug');
    const written = vi.spyOn(console, 'debug');
    server.willReply(openaiWire.text(PUBLISH));
    await decide({ apiKey: undefined });
    expect(written).not.toHaveBeenCalled();
    expect(JSON.stringify(server.requests[0]?.headers)).not.toContain('from-the-environment');
  });
});

import { expect } from 'vitest';
import { createGeminiProvider } from '../../../src/ai/gemini/gemini-provider.ts';
import { createLlmModel, type LlmModelParams } from '../../../src/ai/llm-model.ts';
import { createLlmPerformer } from '../../../src/ai/llm-performer.ts';
import type { Model } from '../../../src/ai/model.ts';
import { createOpenaiProvider } from '../../../src/ai/openai/openai-provider.ts';
import type { Performer } from '../../../src/ai/performer.ts';
import type { Provider } from '../../../src/ai/provider.ts';
import { Fault } from '../../../src/domain/errors.ts';
import { silentLogger } from '../../../src/domain/logger.ts';
import type { FakeProvider } from '../../support/fake-provider.ts';
import { geminiWire, openaiWire, type ProviderWire } from '../../support/provider-wires.ts';
import type { VirtualTime } from '../../support/virtual-time.ts';

export const API_KEY = 'canary-key-5f2d';
export const BUDGET_MS = 30_000;

export interface SubjectParams {
  readonly server: FakeProvider;
  readonly time: VirtualTime;
  readonly modelName?: string;
  readonly apiKey?: string | undefined;
}

/** One of the providers, and how it is talked to. */
export interface Subject {
  readonly name: 'gemini' | 'openai';
  readonly wire: ProviderWire;
  createModel(params: SubjectParams): Model;
  createPerformer(params: SubjectParams): Performer;
  /** The whole prompt of a received request. */
  promptOf(body: Readonly<Record<string, unknown>>): string;
}

export const GEMINI: Subject = subjectOf({
  name: 'gemini',
  wire: geminiWire,
  createProvider: ({ server, modelName = 'gemini-3.8-flash', ...rest }) =>
    createGeminiProvider({ modelName, apiKey: keyOf(rest), endpoint: server.origin }),
  promptOf: (body) => JSON.stringify([body.systemInstruction, body.contents]),
});

export const OPENAI: Subject = subjectOf({
  name: 'openai',
  wire: openaiWire,
  createProvider: ({ server, modelName = 'test-model', ...rest }) =>
    createOpenaiProvider({ modelName, apiKey: keyOf(rest), endpoint: `${server.origin}/v1` }),
  promptOf: (body) => JSON.stringify(body.messages),
});

interface SubjectOfParams extends Omit<Subject, 'createModel' | 'createPerformer'> {
  readonly createProvider: (params: SubjectParams) => Provider;
}

function subjectOf({ createProvider, ...rest }: SubjectOfParams): Subject {
  return {
    ...rest,
    createModel: (params) => createLlmModel(policyOf(createProvider(params), params)),
    createPerformer: (params) => createLlmPerformer(policyOf(createProvider(params), params)),
  };
}

function policyOf(provider: Provider, { time }: SubjectParams): LlmModelParams {
  return {
    provider,
    clock: time.clock,
    timers: time.timers,
    random: () => 0.5,
    budgetMs: BUDGET_MS,
    logger: silentLogger,
  };
}

/** Left out, the canary; given as undefined, none. */
function keyOf(params: Pick<SubjectParams, 'apiKey'>): string | undefined {
  return 'apiKey' in params ? params.apiKey : API_KEY;
}

/** The fault that a call fails with; it advises the caller so, and keeps the key to itself. */
export async function faultAdvising(asking: Promise<unknown>, advice: RegExp): Promise<Fault> {
  const error = await asking.then(
    () => expect.fail('expected a fault'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Fault)) throw error;
  expect(error.message).toMatch(advice);
  expect(JSON.stringify([error.message, error.hint, error.details, String(error.cause)])).not.toContain(
    API_KEY,
  );
  return error;
}

import { createGeminiProvider } from '../../../src/ai/gemini/gemini-provider.ts';
import { createLlmModel } from '../../../src/ai/llm-model.ts';
import type { Model } from '../../../src/ai/model.ts';
import { createOpenaiProvider } from '../../../src/ai/openai/openai-provider.ts';
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
  /** The whole prompt of a received request. */
  promptOf(body: Readonly<Record<string, unknown>>): string;
}

export const GEMINI: Subject = {
  name: 'gemini',
  wire: geminiWire,
  createModel: ({ server, time, modelName = 'gemini-3.8-flash', ...rest }) => {
    const apiKey = 'apiKey' in rest ? rest.apiKey : API_KEY;
    return modelOn(createGeminiProvider({ modelName, apiKey, endpoint: server.origin }), time);
  },
  promptOf: (body) => JSON.stringify([body.systemInstruction, body.contents]),
};

export const OPENAI: Subject = {
  name: 'openai',
  wire: openaiWire,
  createModel: ({ server, time, modelName = 'test-model', ...rest }) => {
    const apiKey = 'apiKey' in rest ? rest.apiKey : API_KEY;
    return modelOn(createOpenaiProvider({ modelName, apiKey, endpoint: `${server.origin}/v1` }), time);
  },
  promptOf: (body) => JSON.stringify(body.messages),
};

function modelOn(provider: Parameters<typeof createLlmModel>[0]['provider'], time: VirtualTime): Model {
  return createLlmModel({
    provider,
    clock: time.clock,
    timers: time.timers,
    random: () => 0.5,
    budgetMs: BUDGET_MS,
    logger: silentLogger,
  });
}

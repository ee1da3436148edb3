import { createGeminiProvider } from './gemini/gemini-provider.ts';
import { createOpenaiProvider } from './openai/openai-provider.ts';
import type { Provider } from './provider.ts';

export interface ProviderSettings {
  readonly provider: 'gemini' | 'openai';
  readonly modelName: string;
  readonly apiKey?: string | undefined;
  /** Base URL; the provider's own if left out. */
  readonly endpoint?: string | undefined;
}

/** The provider that the settings name; its SDK is loaded with the first request, not here. */
export function createProvider({ provider, modelName, apiKey, endpoint }: ProviderSettings): Provider {
  const params = { modelName, apiKey, endpoint };
  return provider === 'gemini' ? createGeminiProvider(params) : createOpenaiProvider(params);
}

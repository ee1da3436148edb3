import { absolutePath } from '../domain/absolute-path.ts';
import type { AiConfig } from './config.ts';
import { existingFile } from './places.ts';
import type { Inputs } from './problems.ts';
import { SOURCES, type Source } from './sources.ts';
import type { AiProvider } from './variables.ts';

const DEFAULT_GEMINI_MODEL_NAME = 'gemini-flash-latest';
const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;

export function aiConfig(inputs: Inputs): AiConfig {
  const { values, cwd, report } = inputs;
  const provider = aiProvider(inputs);
  const common = {
    requestTimeoutMs: values.AI_REQUEST_TIMEOUT_MS ?? DEFAULT_REQUEST_TIMEOUT_MS,
    recordPath: values.AI_RECORD && absolutePath(cwd, values.AI_RECORD),
    replayPath: existingFile(inputs, 'AI_REPLAY'),
  };
  if (values.AI_RECORD !== undefined && values.AI_REPLAY !== undefined)
    report('AI_RECORD', 'Recording and replaying exclude each other. Unset AI_RECORD or AI_REPLAY.');
  switch (provider) {
    case 'client':
      for (const name of ['AI_RECORD', 'AI_REPLAY'] as const)
        if (values[name] !== undefined)
          report(name, 'It has no effect where the client decides. Set AI_PROVIDER, or unset it.');
      return { ...common, provider };
    case 'stub':
      return { ...common, provider, scriptPath: existingFile(inputs, 'STUB_AI_SCRIPT') };
    case 'gemini':
    case 'openai':
      return { ...common, provider, modelName: modelName(inputs, provider), ...access(inputs, provider) };
  }
}

/** `USE_STUB_AI_CLIENT` and `AI_PROVIDER` are two names for one choice: the stronger source wins, then the stub. */
function aiProvider({ values, settings }: Inputs): AiProvider {
  const stubIsStronger = rank(settings.USE_STUB_AI_CLIENT?.source) <= rank(settings.AI_PROVIDER?.source);
  if (values.USE_STUB_AI_CLIENT === true && stubIsStronger) return 'stub';
  // A provider that does not exist is reported already; the stub needs nothing, so it adds no further problem.
  if (settings.AI_PROVIDER !== undefined) return values.AI_PROVIDER ?? 'stub';
  return values.AI_SERVICE_API_KEY === undefined && values.GEMINI_API_KEY === undefined ? 'client' : 'gemini';
}

function rank(source: Source | undefined): number {
  return source === undefined ? SOURCES.length : SOURCES.indexOf(source);
}

function modelName({ values, report }: Inputs, provider: 'gemini' | 'openai'): string {
  if (provider === 'gemini') return values.GEMINI_MODEL_NAME ?? DEFAULT_GEMINI_MODEL_NAME;
  if (values.OPENAI_MODEL_NAME !== undefined) return values.OPENAI_MODEL_NAME;
  report(
    'OPENAI_MODEL_NAME',
    'AI_PROVIDER=openai needs the name of a model. Give it as the endpoint calls it.',
  );
  return '';
}

function access({ values, settings, report }: Inputs, provider: 'gemini' | 'openai') {
  // A key for Gemini is nobody else's business.
  const usesGeminiKey = provider === 'gemini' && values.AI_SERVICE_API_KEY === undefined;
  const keyName = usesGeminiKey ? 'GEMINI_API_KEY' : 'AI_SERVICE_API_KEY';
  const apiKey = values[keyName];
  if (apiKey === undefined && settings.AI_SERVICE_ENDPOINT === undefined && values.AI_REPLAY === undefined)
    report(
      'AI_SERVICE_API_KEY',
      `AI_PROVIDER=${provider} needs a key. Set AI_SERVICE_API_KEY, or AI_SERVICE_ENDPOINT for a service ` +
        'without keys, or AI_PROVIDER=client, which needs no account.',
    );
  // Whoever wrote the working directory may have put a `.env` there; it must not send the user's key elsewhere.
  const endpointIsLocal = settings.AI_SERVICE_ENDPOINT?.source === '.env';
  if (apiKey !== undefined && endpointIsLocal && settings[keyName]?.source !== '.env')
    report(
      'AI_SERVICE_ENDPOINT',
      `A .env file cannot redirect the ${keyName} of the environment. Set both in the environment, or both in .env.`,
    );
  return { apiKey, endpoint: values.AI_SERVICE_ENDPOINT };
}

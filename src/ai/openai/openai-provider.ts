import type { OpenAI } from 'openai';
import type { CompletionRequest, Provider } from '../provider.ts';
import { createRequestForms } from '../request-forms.ts';
import { readAnswer } from './openai-answer.ts';
import { faultOfOpenai, isFormRefusal } from './openai-faults.ts';

export interface OpenaiProviderParams {
  readonly modelName: string;
  /** Left out where the endpoint needs none, as on one's own machine. */
  readonly apiKey?: string | undefined;
  /** Base URL, with its `/v1`; OpenAI's own if left out. */
  readonly endpoint?: string | undefined;
}

type ChatRequest = OpenAI.ChatCompletionCreateParamsNonStreaming;
type ResponseFormat = ChatRequest['response_format'];

const OPENAI_ENDPOINT = 'https://api.openai.com/v1';
/** The SDK wants a key, and would look for one in the environment. */
const NO_KEY = 'none';
/** The SDK's own time-out must never be the one that strikes; this is the longest that a timer can wait. */
const NEVER_MS = 2_147_483_647;

/** Compatible servers differ in which of these they know; one that knows none is asked for plain text. */
const FORMATS: readonly ((request: CompletionRequest) => ResponseFormat)[] = [
  ({ schema }) => ({
    type: 'json_schema',
    json_schema: { name: 'answer', strict: true, schema: { ...schema } },
  }),
  () => ({ type: 'json_object' }),
  () => undefined,
];

/** OpenAI, or any server that is compatible with it, through the official SDK, loaded with the first request. */
export function createOpenaiProvider(params: OpenaiProviderParams): Provider {
  const { modelName, apiKey } = params;
  const provider = { decider: 'openai', modelName } as const;
  const forms = createRequestForms(FORMATS);
  let client: Promise<OpenAI> | undefined;
  return {
    ...provider,
    async complete(request) {
      client ??= loadClient(params);
      const { completions } = (await client).chat;
      try {
        const answer = await forms.send(
          (formatOf) =>
            completions.create(chatRequest(modelName, request, formatOf(request)), {
              signal: request.signal,
            }),
          isFormRefusal,
        );
        return readAnswer({ provider, answer, apiKey });
      } catch (error) {
        throw faultOfOpenai({ provider, error, apiKey });
      }
    },
  };
}

async function loadClient({ apiKey, endpoint }: OpenaiProviderParams): Promise<OpenAI> {
  const { OpenAI } = await import('openai');
  // What is left out here, the SDK takes from the environment, which is config's to read.
  return new OpenAI({
    apiKey: apiKey ?? NO_KEY,
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    baseURL: endpoint ?? OPENAI_ENDPOINT,
    maxRetries: 0,
    timeout: NEVER_MS,
    logLevel: 'off',
    // A redirected request would take the prompt to another host.
    fetchOptions: { redirect: 'manual' },
  });
}

function chatRequest(model: string, request: CompletionRequest, format: ResponseFormat): ChatRequest {
  return {
    model,
    messages: [
      { role: 'system', content: request.stable },
      { role: 'user', content: request.changing },
    ],
    ...(format === undefined ? {} : { response_format: format }),
  };
}

import type { GenerateContentResponse, GoogleGenAI, ThinkingConfig, ThinkingLevel } from '@google/genai';
import type { Completion, CompletionRequest, Provider } from '../provider.ts';
import { safetyBlocked } from '../provider-faults.ts';
import { createRequestForms } from '../request-forms.ts';
import { faultOfGemini, isFormRefusal, type LastResponse } from './gemini-faults.ts';

export interface GeminiProviderParams {
  /** Such as `gemini-3.8-flash`. */
  readonly modelName: string;
  /** Left out where the endpoint needs none. */
  readonly apiKey?: string | undefined;
  /** Base URL; Google's own if left out. */
  readonly endpoint?: string | undefined;
}

const GOOGLE_ENDPOINT = 'https://generativelanguage.googleapis.com';
/** The SDK wants a key, and would look for one in the environment. */
const NO_KEY = 'none';
const OUTPUT_TOKENS_MAX = 8_192;

/** What a request asks for beyond text; a model or a proxy may know less. */
interface Form {
  readonly thinking: boolean;
  readonly schema: boolean;
}
const FORMS: readonly Form[] = [
  { thinking: true, schema: true },
  { thinking: false, schema: true },
  { thinking: false, schema: false },
];

const BLOCKED: readonly string[] = ['SAFETY', 'RECITATION', 'PROHIBITED_CONTENT', 'BLOCKLIST', 'SPII'];

/** Gemini, through Google's SDK, which is loaded with the first request. */
export function createGeminiProvider(params: GeminiProviderParams): Provider {
  const provider = { decider: 'gemini', modelName: params.modelName } as const;
  const forms = createRequestForms(FORMS);
  let client: Promise<GoogleGenAI> | undefined;
  return {
    ...provider,
    async complete(request) {
      client ??= loadClient(params);
      const { models } = await client;
      const last: LastResponse = {};
      try {
        const response = await forms.send(
          (form) =>
            models.generateContent(contentRequest({ modelName: params.modelName, request, form, last })),
          isFormRefusal,
        );
        return readResponse(response);
      } catch (error) {
        throw faultOfGemini({ provider, error, last, apiKey: params.apiKey });
      }
    },
  };

  function readResponse(response: GenerateContentResponse): Completion {
    const candidate = response.candidates?.[0];
    const blockReason = response.promptFeedback?.blockReason;
    if (blockReason !== undefined) throw safetyBlocked(provider, blockReason);
    const finishReason = candidate?.finishReason ?? '';
    if (BLOCKED.includes(finishReason)) throw safetyBlocked(provider, finishReason);
    const usage = response.usageMetadata;
    return {
      text: (candidate?.content?.parts ?? []).map((part) => (part.thought ? '' : (part.text ?? ''))).join(''),
      truncated: finishReason === 'MAX_TOKENS',
      promptTokens: usage?.promptTokenCount,
      outputTokens:
        usage?.candidatesTokenCount === undefined
          ? undefined
          : usage.candidatesTokenCount + (usage.thoughtsTokenCount ?? 0),
    };
  }
}

async function loadClient({ apiKey, endpoint }: GeminiProviderParams): Promise<GoogleGenAI> {
  const { GoogleGenAI } = await import('@google/genai');
  // What is left out here, the SDK takes from the environment, which is config's to read.
  return new GoogleGenAI({
    apiKey: apiKey ?? NO_KEY,
    vertexai: false,
    httpOptions: { baseUrl: endpoint ?? GOOGLE_ENDPOINT },
  });
}

interface ContentRequestParams {
  readonly modelName: string;
  readonly request: CompletionRequest;
  readonly form: Form;
  readonly last: LastResponse;
}

function contentRequest({ modelName, request, form, last }: ContentRequestParams) {
  const thinkingConfig = form.thinking ? leastThinking(modelName) : undefined;
  return {
    model: modelName,
    contents: request.changing,
    config: {
      systemInstruction: request.stable,
      responseMimeType: 'application/json',
      ...(form.schema ? { responseJsonSchema: request.schema } : {}),
      ...(thinkingConfig === undefined ? {} : { thinkingConfig }),
      maxOutputTokens: OUTPUT_TOKENS_MAX,
      abortSignal: request.signal,
      httpOptions: { fetch: fetchInto(last) },
    },
  };
}

/** The SDK's errors do not carry headers, so the last response is kept. */
function fetchInto(last: LastResponse): typeof fetch {
  return async (input, init) => {
    // A redirected request would take the key along to another host.
    const response = await fetch(input, { ...init, redirect: 'manual' });
    last.status = response.status;
    last.headers = response.headers;
    return response;
  };
}

/** Choosing one of a few names needs little thought; how to say so changed between generations. */
function leastThinking(modelName: string): ThinkingConfig | undefined {
  if (/gemini-2\.5-flash/.test(modelName)) return { thinkingBudget: 0 };
  if (/gemini-([3-9]|\d\d)|gemini-flash/.test(modelName)) return { thinkingLevel: 'LOW' as ThinkingLevel };
  return undefined;
}

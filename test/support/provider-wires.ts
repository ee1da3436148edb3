import type { Reply } from './fake-provider.ts';

/** A decision as it travels. */
export interface WireDecision {
  readonly next_step_name: string;
  readonly updated_context?: readonly { readonly key: string; readonly value: unknown }[];
  readonly status_suggestion?: string;
  readonly reasoning?: string;
}

interface ErrorParams {
  readonly status: number;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The formats in which one provider really answers. */
export interface ProviderWire {
  /** The model wrote this text, and ended by itself. */
  text(text: string): Reply;
  /** The model ran into its output limit. */
  truncated(text: string): Reply;
  error(params: ErrorParams): Reply;
}

export function decisionText(decision: WireDecision): string {
  return JSON.stringify({
    reasoning: 'Because.',
    updated_context: [],
    status_suggestion: 'RUNNING',
    ...decision,
  });
}

export const geminiWire = {
  text: (text) => geminiAnswer({ text, finishReason: 'STOP' }),
  truncated: (text) => geminiAnswer({ text, finishReason: 'MAX_TOKENS' }),
  /** The answer was stopped: `SAFETY`, `RECITATION`, ... */
  stopped: (finishReason: string): Reply => geminiAnswer({ finishReason }),
  /** The prompt was refused. */
  blockedPrompt: (blockReason: string): Reply => ({
    status: 200,
    body: {
      promptFeedback: { blockReason, safetyRatings: [] },
      usageMetadata: { promptTokenCount: 12, totalTokenCount: 12 },
      modelVersion: 'gemini-test',
    },
  }),
  error: ({ status, message = 'Something happened.', headers = {} }) =>
    googleError({ status, message, headers }),
  badKey: (): Reply =>
    googleError({
      status: 400,
      message: 'API key not valid. Please pass a valid API key.',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'API_KEY_INVALID',
          domain: 'googleapis.com',
          metadata: { service: 'generativelanguage.googleapis.com' },
        },
      ],
    }),
  rateLimited: (retryDelay: string): Reply =>
    googleError({
      status: 429,
      message: 'You exceeded your current quota.',
      details: [
        { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ quotaId: 'PerMinute' }] },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay },
      ],
    }),
} satisfies ProviderWire & Record<string, (...params: never[]) => Reply>;

function geminiAnswer({ text, finishReason }: { text?: string; finishReason: string }): Reply {
  return {
    status: 200,
    body: {
      candidates: [
        {
          ...(text === undefined
            ? {}
            : { content: { role: 'model', parts: [{ text: 'Hm.', thought: true }, { text }] } }),
          finishReason,
          index: 0,
        },
      ],
      usageMetadata: {
        promptTokenCount: 120,
        candidatesTokenCount: 30,
        thoughtsTokenCount: 4,
        totalTokenCount: 154,
      },
      modelVersion: 'gemini-test',
    },
  };
}

const GOOGLE_STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};

interface GoogleErrorParams extends ErrorParams {
  readonly details?: readonly object[];
}

function googleError({ status, message, headers = {}, details }: GoogleErrorParams): Reply {
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json; charset=UTF-8' },
    body: { error: { code: status, message, status: GOOGLE_STATUS[status] ?? 'UNKNOWN', details } },
  };
}

export const openaiWire = {
  text: (content) => chatCompletion({ message: { content }, finishReason: 'stop' }),
  truncated: (content) => chatCompletion({ message: { content }, finishReason: 'length' }),
  refusal: (): Reply =>
    chatCompletion({
      message: { content: null, refusal: "I'm sorry, I can't help with that." },
      finishReason: 'stop',
    }),
  contentFilter: (): Reply => chatCompletion({ message: { content: '' }, finishReason: 'content_filter' }),
  error: ({ status, message = 'Something happened.', headers = {} }) => ({
    status,
    headers,
    body: { error: { message, type: 'some_error', param: null, code: null } },
  }),
  coded: (status: number, code: string): Reply => ({
    status,
    body: { error: { message: `About ${code}.`, type: 'invalid_request_error', param: null, code } },
  }),
} satisfies ProviderWire & Record<string, (...params: never[]) => Reply>;

function chatCompletion({ message, finishReason }: { message: object; finishReason: string }): Reply {
  return {
    status: 200,
    body: {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1_767_225_600,
      model: 'test-model',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', refusal: null, ...message },
          logprobs: null,
          finish_reason: finishReason,
        },
      ],
      usage: { prompt_tokens: 120, completion_tokens: 34, total_tokens: 154 },
    },
  };
}

import { z } from 'zod';
import type { Completion } from '../provider.ts';
import {
  type FailedProvider,
  faultOfStatus,
  safeExcerpt,
  safetyBlocked,
  unreachable,
} from '../provider-faults.ts';

/** A chat completion as compatible servers really send it: the SDK's types promise more than they keep. */
const chatAnswer = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }).nullish(),
      }),
    )
    .nullish(),
  usage: z
    .object({ prompt_tokens: z.number().optional(), completion_tokens: z.number().optional() })
    .nullish(),
  /** Routers answer 200 and put the failure of the server behind them here. */
  error: z
    .object({ code: z.union([z.number(), z.string()]).nullish(), message: z.string().default('') })
    .nullish(),
});

export interface ReadAnswerParams {
  readonly provider: FailedProvider;
  readonly answer: unknown;
  readonly apiKey: string | undefined;
}

/** Throws the fault that the answer tells of. */
export function readAnswer({ provider, answer, apiKey }: ReadAnswerParams): Completion {
  const parsed = chatAnswer.safeParse(answer);
  if (!parsed.success) throw unreachable(provider, 'gave an answer that is no chat completion');
  const { choices, usage, error } = parsed.data;
  if (error != null) {
    const status = Number(error.code);
    const providerMessage = safeExcerpt(error.message, [apiKey]);
    throw faultOfStatus(provider, { status: status >= 300 && status < 600 ? status : 502, providerMessage });
  }
  const choice = choices?.[0];
  if (choice?.finish_reason === 'content_filter') throw safetyBlocked(provider, 'content_filter');
  if (choice?.message?.refusal) throw safetyBlocked(provider, 'refusal');
  return {
    text: choice?.message?.content ?? '',
    truncated: choice?.finish_reason === 'length',
    promptTokens: usage?.prompt_tokens,
    outputTokens: usage?.completion_tokens,
  };
}

import { Fault } from '../domain/errors.ts';
import type { JsonObject } from '../domain/json.ts';
import { cutText } from './excerpt.ts';
import type { Provider } from './provider.ts';

const PROVIDER_MESSAGE_BYTES_MAX = 200;

/** Who failed. */
export type FailedProvider = Pick<Provider, 'decider' | 'modelName'>;

/** What is known of an answer that was not a success. */
export interface HttpFailure {
  readonly status: number;
  /** The provider's own words, already made safe by {@link safeExcerpt}. */
  readonly providerMessage?: string | undefined;
  /** Milliseconds that the provider asks to wait. */
  readonly retryAfterMs?: number | undefined;
}

/** What an HTTP status other than a success means. */
export function faultOfStatus(provider: FailedProvider, failure: HttpFailure): Fault {
  const { status, retryAfterMs } = failure;
  const options = { retryAfterMs, details: httpDetails(provider, failure) };
  if (status === 429) {
    return new Fault('AI_RATE_LIMITED', `${subject(provider)} takes no more requests for now`, options);
  }
  // 408, 409 and 425 say of themselves that the same request may succeed later.
  if (status >= 500 || status === 408 || status === 409 || status === 425) {
    return new Fault('AI_UNAVAILABLE', `${subject(provider)} failed with HTTP status ${status}`, options);
  }
  return misconfigured(provider, failure);
}

/** A connection that failed, or something at its end that does not speak the provider's language. */
export function unreachable(provider: FailedProvider, what: string, networkError?: string): Fault {
  return new Fault('AI_UNAVAILABLE', `${subject(provider)} ${what}`, {
    hint: 'If this goes on, check AI_SERVICE_ENDPOINT and the network.',
    details: {
      ...details(provider),
      ...(networkError === undefined ? {} : { network_error: networkError }),
    },
  });
}

export function timedOut(provider: FailedProvider, budgetMs: number): Fault {
  return new Fault('AI_TIMEOUT', `${subject(provider)} did not answer within ${budgetMs / 1_000} s`, {
    hint: 'If this goes on, raise AI_REQUEST_TIMEOUT_MS or choose a faster model.',
    details: details(provider),
  });
}

export function misconfigured(provider: FailedProvider, failure: HttpFailure): Fault {
  const { what, check } = refusal(provider, failure.status);
  return new Fault('AI_MISCONFIGURED', `${subject(provider)} ${what} (HTTP status ${failure.status})`, {
    hint: `Check ${check}.`,
    details: httpDetails(provider, failure),
  });
}

function refusal({ decider, modelName }: FailedProvider, status: number): { what: string; check: string } {
  const modelVariable = decider === 'gemini' ? 'GEMINI_MODEL_NAME' : 'OPENAI_MODEL_NAME';
  if (status < 400) return { what: 'answered with a redirection', check: 'AI_SERVICE_ENDPOINT' };
  if (status === 401) return { what: 'refused the key', check: 'AI_SERVICE_API_KEY' };
  if (status === 402 || status === 429)
    return { what: 'wants to be paid first', check: "the account's balance" };
  if (status === 403) return { what: 'denied access', check: 'AI_SERVICE_API_KEY and its permissions' };
  if (status === 404) {
    return {
      what: `has no model "${modelName}" at this endpoint`,
      check: `${modelVariable} and AI_SERVICE_ENDPOINT`,
    };
  }
  return {
    what: 'refused the request',
    check: `${modelVariable}, AI_SERVICE_ENDPOINT and AI_SERVICE_API_KEY`,
  };
}

/** @param reason the provider's own word for it, such as `SAFETY` */
export function safetyBlocked(provider: FailedProvider, reason: string): Fault {
  return new Fault('AI_SAFETY_BLOCKED', `${subject(provider)} blocked this input or its answer (${reason})`, {
    details: { ...details(provider), reason },
  });
}

/** @param problem what was wrong with the last answer, as a sentence */
export function invalidDecision(provider: FailedProvider, problem: string): Fault {
  return new Fault(
    'AI_INVALID_DECISION',
    `${subject(provider)} gave no usable answer, not even when asked again: ${problem.replace(/\.$/, '')}`,
    { details: { ...details(provider), problem } },
  );
}

export function cancelled(): Fault {
  return new Fault('CANCELLED', 'The call was cancelled before there was an answer');
}

/**
 * A few words of a text from outside that may be shown and logged: on one line, without control characters,
 * and without any of the secrets.
 */
export function safeExcerpt(text: string, secrets: readonly (string | undefined)[]): string {
  const clean = secrets.reduce<string>(
    (rest, secret) => (secret ? rest.replaceAll(secret, '[secret]') : rest),
    text,
  );
  return cutText(clean.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim(), PROVIDER_MESSAGE_BYTES_MAX);
}

function subject({ decider }: FailedProvider): string {
  return `The AI provider (${decider})`;
}

function httpDetails(provider: FailedProvider, { status, providerMessage }: HttpFailure): JsonObject {
  return {
    ...details(provider),
    http_status: status,
    ...(providerMessage ? { provider_message: providerMessage } : {}),
  };
}

function details({ decider, modelName }: FailedProvider): JsonObject {
  return { decider, model: modelName };
}

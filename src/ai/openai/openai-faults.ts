import { Fault } from '../../domain/errors.ts';
import { networkErrorCode, retryAfterMs } from '../http-answer.ts';
import {
  type FailedProvider,
  faultOfStatus,
  misconfigured,
  safeExcerpt,
  safetyBlocked,
  unreachable,
} from '../provider-faults.ts';

/** Codes in OpenAI's error bodies that say more than the status does. */
const BLOCKED: readonly unknown[] = ['content_filter', 'content_policy_violation'];
const OUT_OF_MONEY = 'insufficient_quota';
/** Refusals with status 400 that a plainer request would meet as well. */
const NOT_ABOUT_FORM: readonly unknown[] = [
  ...BLOCKED,
  'context_length_exceeded',
  'invalid_api_key',
  'model_not_found',
  'string_above_max_length',
];

/** The members of the SDK's error that matter here; its class is not at hand before the SDK is loaded. */
interface StatusError extends Error {
  readonly status: number;
  readonly code?: unknown;
  readonly headers?: unknown;
}

export interface FaultOfOpenaiParams {
  readonly provider: FailedProvider;
  readonly error: unknown;
  readonly apiKey: string | undefined;
}

export function faultOfOpenai({ provider, error, apiKey }: FaultOfOpenaiParams): Fault {
  if (error instanceof Fault) return error;
  if (!isStatusError(error)) return unreachable(provider, 'could not be reached', networkErrorCode(error));
  if (BLOCKED.includes(error.code)) return safetyBlocked(provider, String(error.code));
  const failure = {
    status: error.status,
    providerMessage: safeExcerpt(error.message, [apiKey]),
    retryAfterMs: error.headers instanceof Headers ? retryAfterMs(error.headers) : undefined,
  };
  // Its status says "too many requests", but waiting does not fill an account.
  if (error.code === OUT_OF_MONEY) return misconfigured(provider, failure);
  return faultOfStatus(provider, failure);
}

/** Whether a plainer request may succeed: compatible servers refuse a `response_format` that they do not know. */
export function isFormRefusal(error: unknown): boolean {
  if (!isStatusError(error) || NOT_ABOUT_FORM.includes(error.code)) return false;
  return error.status === 400 || error.status === 422;
}

function isStatusError(error: unknown): error is StatusError {
  return error instanceof Error && 'status' in error && typeof error.status === 'number';
}

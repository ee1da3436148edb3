import { z } from 'zod';
import { Fault } from '../../domain/errors.ts';
import { networkErrorCode, retryAfterMs } from '../http-answer.ts';
import { type FailedProvider, faultOfStatus, safeExcerpt, unreachable } from '../provider-faults.ts';

/** What the last answer's head said, filled in while it is read. */
export interface LastResponse {
  status?: number;
  headers?: Headers;
}

/** The body of Google's errors (google.rpc.Status), as far as it matters here. */
const errorBody = z.object({
  error: z.object({
    message: z.string().default(''),
    details: z
      .array(
        z.object({
          '@type': z.string().default(''),
          reason: z.string().nullish(),
          retryDelay: z.string().nullish(),
        }),
      )
      .nullish(),
  }),
});
type ErrorBody = z.infer<typeof errorBody>['error'];

export interface FaultOfGeminiParams {
  readonly provider: FailedProvider;
  readonly error: unknown;
  readonly last: LastResponse;
  readonly apiKey: string | undefined;
}

export function faultOfGemini({ provider, error, last, apiKey }: FaultOfGeminiParams): Fault {
  if (error instanceof Fault) return error;
  const { status, headers } = last;
  if (status === undefined) return unreachable(provider, 'could not be reached', networkErrorCode(error));
  // A body that broke off, or is no JSON, fails after a head that looked well.
  if (status < 300)
    return unreachable(provider, 'gave an answer that cannot be read', networkErrorCode(error));
  const body = bodyOf(error);
  return faultOfStatus(provider, {
    status: isBadKey(body) ? 401 : status,
    providerMessage: safeExcerpt(body?.message ?? '', [apiKey]),
    retryAfterMs: retryDelayMs(body) ?? (headers === undefined ? undefined : retryAfterMs(headers)),
  });
}

/** Whether a plainer request may succeed: Google refuses what it does not know as an invalid argument. */
export function isFormRefusal(error: unknown): boolean {
  return statusOf(error) === 400 && !isBadKey(bodyOf(error));
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'status' in error && typeof error.status === 'number'
    ? error.status
    : undefined;
}

/** The SDK puts the whole body into the message of its error. */
function bodyOf(error: unknown): ErrorBody | undefined {
  if (statusOf(error) === undefined || !(error instanceof Error)) return undefined;
  try {
    return errorBody.safeParse(JSON.parse(error.message)).data?.error;
  } catch {
    return undefined;
  }
}

/** Google answers a wrong key with status 400. */
function isBadKey(body: ErrorBody | undefined): boolean {
  return body?.details?.some(({ reason }) => reason === 'API_KEY_INVALID') ?? false;
}

/** google.rpc.RetryInfo: `"retryDelay": "31.5s"`. */
function retryDelayMs(body: ErrorBody | undefined): number | undefined {
  const info = body?.details?.find((detail) => detail['@type'].endsWith('google.rpc.RetryInfo'));
  const seconds = Number.parseFloat(info?.retryDelay ?? '');
  return Number.isNaN(seconds) ? undefined : seconds * 1_000;
}

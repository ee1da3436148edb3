import {
  type JSONRPCMessage,
  ProtocolError,
  ProtocolErrorCode,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
} from '@modelcontextprotocol/client';
import * as z from 'zod';
import { Fault, type FaultOptions } from '../domain/errors.ts';
import type { Quote } from './quote.ts';

/** @param what completes "The server ..." */
export function unavailable(server: string, what: string, options: FaultOptions = {}): Fault {
  return new Fault('SERVER_UNAVAILABLE', `The server ${server} ${what}.`, {
    hint: 'Call again: it is started anew.',
    ...options,
    details: { server, ...options.details },
  });
}

/** @param names of those that there are */
export function serverNotFound(name: string, names: readonly string[]): Fault {
  return new Fault('SERVER_NOT_FOUND', `No downstream server is called ${JSON.stringify(name)}.`, {
    hint: names.length === 0 ? 'None is configured.' : `There are: ${names.join(', ')}.`,
    details: { server: name },
  });
}

export function cancelled(): Fault {
  return new Fault('CANCELLED', 'The call was cancelled before the server had answered.');
}

export function callTimedOut(server: string, ms: number): Fault {
  const fault = new Fault('SERVER_TIMEOUT', `The server ${server} did not answer within ${ms / 1_000} s.`, {
    hint: 'If this goes on, raise its `timeout`.',
    details: { server, timeout_ms: ms },
  });
  return outcomeUnknown(fault, fault.hint);
}

/**
 * The same failure, of a request that was sent and got no answer. Its details say so.
 * @param next what else there is to do
 */
export function outcomeUnknown(fault: Fault, next?: string): Fault {
  const first = 'Whether it did what it was asked is not known: find out before you call again.';
  return fault.with({
    hint: next === undefined ? first : `${first} ${next}`,
    details: { ...fault.details, outcome: 'unknown' },
  });
}

export function handshakeTimedOut(server: string, ms: number): Fault {
  return new Fault(
    'SERVER_TIMEOUT',
    `The server ${server} was started, but did not shake hands within ${ms / 1_000} s.`,
    {
      hint: 'Check that its `command` or `url` is that of an MCP server.',
      details: { server, timeout_ms: ms },
    },
  );
}

export function answerTooLarge(
  server: string,
  sizes: { readonly bytes?: number; readonly bytesMax: number },
): Fault {
  const { bytes, bytesMax } = sizes;
  const size = bytes === undefined ? `more than ${bytesMax}` : `${bytes}`;
  return new Fault(
    'TOO_LARGE',
    `The answer of the server ${server} has ${size} bytes; at most ${bytesMax} are taken.`,
    {
      hint: 'Ask for less at once.',
      details: { server, ...(bytes !== undefined && { bytes }), bytes_max: bytesMax },
    },
  );
}

/** An answer in place of one that cannot be used. The fault travels in `data`, where no JSON could put one. */
export function failureAnswer(id: string | number, fault: Fault): JSONRPCMessage {
  return {
    jsonrpc: '2.0',
    id,
    error: { code: ProtocolErrorCode.InternalError, message: fault.message, data: fault },
  };
}

/** The same failure, with when to try again, where that makes sense. */
export function retryLater(fault: Fault, retryAfterMs: number): Fault {
  return fault.retryable && retryAfterMs > 0 ? fault.with({ retryAfterMs }) : fault;
}

/** What a call is told that comes while the server is left alone: nothing of this failure is its own. */
export function notCalled(server: string, failure: Fault, retryAfterMs: number): Fault {
  const { code, retryable, hint, details } = failure;
  const message = `The server ${server} was not called: it failed before, and is left alone for ${retryAfterMs} ms more. ${failure.message}`;
  return retryLater(new Fault(code, message, { retryable, hint, details }), retryAfterMs);
}

export interface FaultSubject {
  readonly server: string;
  readonly quote: Quote;
}

/** Why a connection came to nothing; without the error as its cause, whose words are not fit to be logged. */
export function handshakeFault(error: unknown, { server, quote }: FaultSubject): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof SdkHttpError) return httpFault(error, { server, quote });
  return unavailable(server, `could not be connected to: ${quote(rootOf(error))}`);
}

/** Why a request over a connection came to nothing, where no tool is to blame. */
export function requestFault(error: unknown, { server, quote }: FaultSubject): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof SdkHttpError) return httpFault(error, { server, quote });
  if (error instanceof ProtocolError)
    return unavailable(server, `refused the request: ${quote(error.message)}`);
  if (isInvalidAnswer(error))
    return unavailable(server, 'answered with what is no message of the protocol', {
      retryable: false,
      hint: 'It does not speak the protocol as it should; another version of it may.',
    });
  return unavailable(server, `could not be reached: ${quote(rootOf(error))}`);
}

/** Whether the server did answer, with what the SDK refuses: it may have done what it was asked. */
export function isInvalidAnswer(error: unknown): error is Error {
  if (error instanceof SdkHttpError) return false;
  if (error instanceof SdkError) return INVALID.includes(error.code);
  return error instanceof SyntaxError || error instanceof z.core.$ZodError;
}

const INVALID: readonly SdkErrorCode[] = [
  SdkErrorCode.InvalidResult,
  SdkErrorCode.UnsupportedResultType,
  SdkErrorCode.InputRequiredRoundsExceeded,
  SdkErrorCode.ClientHttpUnexpectedContent,
];

/** Whether a request that came to nothing never got to the server, or was turned away by it. */
export function wasNotTaken(error: unknown): boolean {
  // Of ours: the transport sends nothing any more.
  if (error instanceof Fault) return true;
  // A proxy says 502, 503 and 504 also of a server that it has lost in the middle.
  if (error instanceof SdkHttpError) return error.status < 500;
  if (error instanceof SdkError) return error.code === SdkErrorCode.NotConnected;
  return NOT_CONNECTED.includes(codeOf(error) ?? '');
}

const NOT_CONNECTED: readonly string[] = [
  'ECONNREFUSED',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
];

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return (error as NodeJS.ErrnoException).code ?? codeOf(error.cause);
}

/** What the network said first; those above it only say that it failed. */
function rootOf(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown reason';
  if (error.cause instanceof Error) return rootOf(error.cause);
  return error.message || String((error as NodeJS.ErrnoException).code ?? error.name);
}

function httpFault(error: SdkHttpError, { server, quote }: FaultSubject): Fault {
  const { status } = error;
  const text = typeof error.data.text === 'string' ? quote(error.data.text) : '';
  const what = `answered with the HTTP status ${status}${text === '' ? '' : `: ${text}`}`;
  const options = { details: { http_status: status } };
  if (status === 401 || status === 403)
    return unavailable(server, what, { ...options, retryable: false, hint: 'Check its `headers`.' });
  // 408, 425 and 429 say of themselves that the same request may succeed later.
  if (status >= 500 || [408, 425, 429].includes(status)) return unavailable(server, what, options);
  return unavailable(server, what, { ...options, retryable: false, hint: 'Check its `url`.' });
}

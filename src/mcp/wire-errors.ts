import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
} from '@modelcontextprotocol/server';
import type * as z from 'zod';
import { Fault } from '../domain/errors.ts';
import type { Logger } from '../domain/logger.ts';
import { AnswerWithImages } from './answer-with-images.ts';
import type { RequestId } from './request-scanner.ts';

/** What a client sent wrong is quoted to it, but not at any length. */
const PROBLEMS_MAX = 20;
const PROBLEM_CHARS_MAX = 300;

/** The one place where failures get their form on the wire. */
export function toolError(error: unknown, logger: Logger): CallToolResult {
  const fault = asFault(error, logger);
  const body = {
    error_code: fault.code,
    message: fault.message,
    retryable: fault.retryable,
    hint: fault.hint,
    retry_after_ms: fault.retryAfterMs,
    details: fault.details,
  };
  return { ...toolResult(body), isError: true };
}

/** Structured content, and the same as text for clients that read only that; images follow the text. */
export function toolResult(content: object): CallToolResult {
  const { answer, images } = content instanceof AnswerWithImages ? content : { answer: content, images: [] };
  const blocks = images.map((image) => ({ type: 'image' as const, ...image }));
  return {
    content: [{ type: 'text', text: JSON.stringify(answer) }, ...blocks],
    structuredContent: { ...answer },
  };
}

/** Resources, prompts and completions have no results that say "error": their failures are JSON-RPC errors. */
export function protocolError(error: unknown, logger: Logger): Error {
  if (error instanceof ProtocolError) return error;
  const fault = asFault(error, logger);
  const code = fault.code === 'INTERNAL' ? ProtocolErrorCode.InternalError : ProtocolErrorCode.InvalidParams;
  return new ProtocolError(code, fault.message, { error_code: fault.code, hint: fault.hint });
}

/** What a request that was not even read is answered with. */
export function requestRefusal(fault: Fault, id: RequestId | null): object {
  const data = {
    error_code: fault.code,
    retryable: fault.retryable,
    hint: fault.hint,
    details: fault.details,
  };
  return {
    jsonrpc: '2.0',
    id,
    error: { code: ProtocolErrorCode.InvalidRequest, message: fault.message, data },
  };
}

export function resourceNotFound(uri: string): Error {
  return new ResourceNotFoundError(uri);
}

/** Says of each argument what is wrong with it, in words that a model can act on. */
export function invalidArguments(toolName: string, error: z.ZodError): Fault {
  const problems = error.issues
    .slice(0, PROBLEMS_MAX)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .map((problem) => excerpt(problem, PROBLEM_CHARS_MAX));
  return new Fault('INVALID_ARGUMENT', `The arguments of ${toolName} do not fit: ${problems.join('; ')}.`, {
    hint: 'Mend them as said, and call again; the input schema of the tool shows their shape.',
    details: { problems },
  });
}

/** The beginning of a text that was sent to us, to be quoted in a message. */
export function excerpt(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax)}…`;
}

function asFault(error: unknown, logger: Logger): Fault {
  if (error instanceof Fault) return error;
  logger.error('A call failed unexpectedly.', { error });
  return new Fault(
    'INTERNAL',
    'The server failed unexpectedly; nothing was committed by this call, or it was in full.',
    {
      hint: 'See where things stand before you repeat the call; the log on stderr has the details.',
      cause: error,
    },
  );
}

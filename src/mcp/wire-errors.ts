import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
} from '@modelcontextprotocol/server';
import type * as z from 'zod';
import { Fault } from '../domain/errors.ts';
import type { Logger } from '../domain/logger.ts';

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

/** Structured content, and the same as text for clients that read only that. */
export function toolResult(content: object): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(content) }], structuredContent: { ...content } };
}

/** Resources, prompts and completions have no results that say "error": their failures are JSON-RPC errors. */
export function protocolError(error: unknown, logger: Logger): Error {
  if (error instanceof ProtocolError) return error;
  const fault = asFault(error, logger);
  const code = fault.code === 'INTERNAL' ? ProtocolErrorCode.InternalError : ProtocolErrorCode.InvalidParams;
  return new ProtocolError(code, fault.message, { error_code: fault.code, hint: fault.hint });
}

export function resourceNotFound(uri: string): Error {
  return new ResourceNotFoundError(uri);
}

/** Says of each argument what is wrong with it, in words that a model can act on. */
export function invalidArguments(toolName: string, error: z.ZodError): Fault {
  const problems = error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  return new Fault('INVALID_ARGUMENT', `The arguments of ${toolName} do not fit: ${problems.join('; ')}.`, {
    hint: 'Mend them as said, and call again; the input schema of the tool shows their shape.',
    details: { problems },
  });
}

function asFault(error: unknown, logger: Logger): Fault {
  if (error instanceof Fault) return error;
  logger.error('A call failed unexpectedly.', { error });
  return new Fault(
    'INTERNAL',
    'The server failed unexpectedly; nothing was committed by this call, or it was in full.',
    {
      hint: 'Call resume_workflow to see where the run stands. The log on stderr has the details.',
      cause: error,
    },
  );
}

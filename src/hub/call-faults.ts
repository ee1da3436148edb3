import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/client';
import { Fault } from '../domain/errors.ts';
import type { JsonObject } from '../domain/json.ts';
import { type FaultSubject, isInvalidAnswer, outcomeUnknown, requestFault, wasNotTaken } from './faults.ts';
import type { RawResult } from './read-result.ts';

/**
 * In the `details` of `TOOL_FAILED`: the tool says so itself, the server has no such tool, the arguments do not fit, the
 * server failed, or it sent something that is no result.
 */
export const TOOL_FAILURE_KINDS = [
  'tool_error',
  'unknown_tool',
  'invalid_arguments',
  'server_error',
  'invalid_result',
] as const;
export type ToolFailureKind = (typeof TOOL_FAILURE_KINDS)[number];

const TEXT_CHARS_MAX = 16 * 1024;
const HINTS: Readonly<Record<ToolFailureKind, string>> = {
  tool_error: 'The message is what the tool says.',
  unknown_tool: 'List the tools of the server.',
  invalid_arguments: 'Mend the arguments: the input schema of the tool shows their shape.',
  server_error: 'The message is what the server says.',
  invalid_result:
    'The tool may have run all the same. Another version of the server may speak the protocol better.',
};

export interface CallSubject extends FaultSubject {
  readonly tool: string;
  /** Whether the server has it; undefined where not all of its tools are known. */
  readonly isListed: boolean | undefined;
}

/** What a result means that says of itself that it is a failure. */
export function resultFault(subject: CallSubject, { text }: RawResult): Fault {
  // Servers on version 1 of the SDK tell protocol errors so.
  const code = /^MCP error (-\d+):/.exec(text)?.[1];
  const kind = kindOf(subject, code === undefined ? undefined : Number(code)) ?? 'tool_error';
  return toolFailed(subject, { kind, text });
}

/** What it means that a call threw. */
export function callFault(subject: CallSubject, error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof ProtocolError) {
    if (error.data instanceof Fault) return error.data;
    const kind = kindOf(subject, error.code) ?? 'server_error';
    return toolFailed(subject, { kind, text: error.message, rpcCode: error.code });
  }
  if (isInvalidAnswer(error))
    return toolFailed(subject, {
      kind: 'invalid_result',
      text: `The server ${subject.server} answered with what is no result of a tool: ${subject.quote(error.message)}`,
    });
  const fault = requestFault(error, subject);
  return wasNotTaken(error) ? fault : outcomeUnknown(fault);
}

function kindOf({ isListed }: CallSubject, rpcCode: number | undefined): ToolFailureKind | undefined {
  if (isListed === false) return 'unknown_tool';
  return rpcCode === ProtocolErrorCode.InvalidParams ? 'invalid_arguments' : undefined;
}

interface ToolFailure {
  readonly kind: ToolFailureKind;
  readonly text: string;
  readonly rpcCode?: number;
}

function toolFailed({ server, tool }: CallSubject, { kind, text, rpcCode }: ToolFailure): Fault {
  const message =
    text.trim() === '' ? `The tool ${tool} of the server ${server} failed, and did not say why.` : text;
  const details: JsonObject = {
    server,
    tool,
    kind,
    ...(kind === 'invalid_result' && { outcome: 'unknown' }),
    ...(rpcCode !== undefined && { rpc_code: rpcCode }),
  };
  return new Fault('TOOL_FAILED', cut(message), { hint: HINTS[kind], details });
}

function cut(text: string): string {
  return text.length <= TEXT_CHARS_MAX ? text : `${text.slice(0, TEXT_CHARS_MAX)}…`;
}

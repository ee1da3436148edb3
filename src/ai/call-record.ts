import type { Fault } from '../domain/errors.ts';
import type { JsonValue } from '../domain/json.ts';
import { cutText } from './excerpt.ts';
import { fence } from './fence.ts';
import type { ToolCall } from './performer.ts';

const CALL_BYTES_MAX = 4_096;
const OUTCOME_BYTES_MAX = 32_768;
/** What all calls of a piece of work may take up in a prompt, before older ones are told in brief. */
const RECORDS_BYTES_MAX = 131_072;
const BRIEF_BYTES_MAX = 512;

/** A call, and what came of it, as a model is told. */
export interface CallRecord {
  readonly full: string;
  /** For later, when there is no room for all of it. */
  readonly brief: string;
}

export function recordResult(call: ToolCall, result: JsonValue): CallRecord {
  return record(call, 'result', JSON.stringify(result));
}

export function recordFault(call: ToolCall, { code, message, hint }: Fault): CallRecord {
  return record(call, 'error', JSON.stringify({ code, message, hint }));
}

/** @param why one line */
export function recordOmission(call: ToolCall, why: string): CallRecord {
  return record(call, 'not made', why);
}

/** Each text is one line, in which nothing can look like the line of another call. */
function record({ server, tool, args }: ToolCall, kind: string, outcome: string): CallRecord {
  const call = JSON.stringify({ server, tool, arguments: args });
  const lines = (callBytesMax: number, outcomeBytesMax: number) =>
    `call: ${cutText(call, callBytesMax)}\n${kind}: ${cutText(outcome, outcomeBytesMax)}`;
  return {
    full: lines(CALL_BYTES_MAX, OUTCOME_BYTES_MAX),
    brief: lines(BRIEF_BYTES_MAX, BRIEF_BYTES_MAX),
  };
}

/** What a model is told of the rounds of calls so far. The latest calls are told in full, as far as there is room. */
export function describeRounds(rounds: readonly (readonly CallRecord[])[]): readonly string[] {
  let bytesLeft = RECORDS_BYTES_MAX;
  const tell = ({ full, brief }: CallRecord): string => {
    const text = Buffer.byteLength(full) <= bytesLeft ? full : brief;
    bytesLeft -= Buffer.byteLength(text);
    return text;
  };
  const latestFirst = rounds.toReversed().map((round) => round.toReversed().map(tell).reverse());
  return latestFirst
    .reverse()
    .map((texts, index) => `# Calls, round ${index + 1}\n\n${fence(texts.join('\n'))}`);
}

import type { JsonValue } from '../domain/json.ts';
import type { ScriptError, ScriptOutcome } from '../sandbox/runner.ts';
import type { CallLog } from './call-log.ts';
import type { ComposedError, ComposedResult } from './composer.ts';

export interface RunAnswerParams {
  readonly runId: string;
  readonly status: ComposedResult['status'];
  readonly error?: ComposedError;
  /** What the sandbox says of it; absent where it was stopped before it began. */
  readonly outcome?: ScriptOutcome;
  readonly log: CallLog;
  readonly resultBytesMax: number;
}

export function runAnswer(params: RunAnswerParams): ComposedResult {
  const { runId, status, error, outcome, log, resultBytesMax } = params;
  const isCompleted = status === 'completed';
  return {
    status,
    run_id: runId,
    ...(isCompleted && { result: withinBytes(outcome?.result ?? null, resultBytesMax) }),
    output: outputOf(params),
    returncode: isCompleted ? 0 : 1,
    calls: log.summaries(),
    ...(error !== undefined && { error: withoutAbsent(error) }),
  };
}

/**
 * What the sandbox says about an error, and what the call that failed has left in it. Whether that call may be repeated is
 * for the script to know: its run has ended, and would only be told again. That it may have happened is for whoever goes on.
 */
export function composedError({ name, message, line, column, fields }: ScriptError): ComposedError {
  const { server, tool, outcome } = fields ?? {};
  return {
    name,
    message,
    line,
    column,
    ...(typeof server === 'string' && { server }),
    ...(typeof tool === 'string' && { tool }),
    ...(outcome === 'unknown' && { outcome }),
  };
}

/** What was written, and what the reader of it has to know. */
function outputOf({ status, outcome, log }: RunAnswerParams): string {
  if (outcome === undefined) return '';
  const { output, outputDroppedBytes } = outcome;
  const notes: string[] = [];
  if (outputDroppedBytes > 0) notes.push(`[${outputDroppedBytes} more bytes of output were dropped]`);
  const unfinished = log.unfinished();
  if ((status === 'completed' || status === 'failed') && unfinished > 0)
    notes.push(
      `[the script ended without waiting for ${unfinished} of its calls: what came of them is not known; await every call]`,
    );
  if (notes.length === 0) return output;
  return `${output}${output === '' || output.endsWith('\n') ? '' : '\n'}${notes.join('\n')}\n`;
}

/** A result that is too large gives way to an object that says so, with the beginning of its JSON. */
function withinBytes(result: JsonValue, bytesMax: number): JsonValue {
  const json = Buffer.from(JSON.stringify(result));
  if (json.length <= bytesMax) return result;
  // A character that is cut in two goes.
  const start = json
    .subarray(0, bytesMax)
    .toString()
    .replace(/\uFFFD$/, '');
  return { truncated: true, bytes: json.length, bytes_max: bytesMax, json_start: start };
}

/** As it comes back from the store. */
function withoutAbsent(error: ComposedError): ComposedError {
  return Object.fromEntries(
    Object.entries(error).filter(([, value]) => value !== undefined),
  ) as unknown as ComposedError;
}

import { Fault } from '../domain/errors.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import type { GuestError } from './messages.ts';
import type { ScriptError, ScriptLimits, ScriptOutcome } from './runner.ts';
import type { FinishedRun } from './thread-run.ts';

const CANCELLED: ScriptError = { name: 'AbortError', message: 'The run was cancelled.' };

/** Of a script that was cancelled before it began. */
export const cancelledOutcome: ScriptOutcome = {
  status: 'cancelled',
  output: '',
  outputDroppedBytes: 0,
  calls: 0,
  unansweredCalls: 0,
  wasBegun: false,
  cpuMs: 0,
  error: CANCELLED,
};

/** Throws `INVALID_ARGUMENT` for a script that could not be parsed, and what `onCall` rejected with. */
export function outcomeOf({ end, memory, answered }: FinishedRun, limits: ScriptLimits): ScriptOutcome {
  const calls = Math.min(memory.calls(), limits.callsMax);
  const facts = {
    output: memory.output(),
    outputDroppedBytes: memory.outputDroppedBytes(),
    calls,
    unansweredCalls: calls - answered,
    wasBegun: true,
    cpuMs: memory.computedMs(),
  };
  switch (end.status) {
    case 'completed':
      return { status: 'completed', result: JSON.parse(end.result) as JsonValue, ...facts };
    case 'failed':
      return { status: 'failed', error: scriptError(end.error), ...facts };
    case 'limit_exceeded':
      return { status: 'limit_exceeded', error: limitError(end.limit, limits), ...facts };
    case 'stopped':
    case 'cancelled':
      return { status: 'cancelled', error: CANCELLED, ...facts };
    case 'crashed':
      return isHeapExhausted(end.cause)
        ? { status: 'limit_exceeded', error: limitError('memoryBytes', limits), ...facts }
        : {
            status: 'failed',
            error: { name: 'InternalError', message: 'The sandbox broke down.' },
            ...facts,
          };
    case 'unparsable':
      throw unparsable(end.error);
    case 'unanswerable':
      throw end.cause;
  }
}

const MESSAGES: Readonly<Record<keyof ScriptLimits, (limit: number) => string>> = {
  wallMs: (ms) => `The script was not done after ${ms} ms.`,
  cpuMs: (ms) => `The script computed for more than ${ms} ms, waiting for calls not counted.`,
  memoryBytes: (bytes) => `The script needs more than ${bytes} bytes of memory.`,
  callsMax: (calls) => `The script makes more than ${calls} calls.`,
  callsInFlightMax: (calls) => `The script makes more than ${calls} calls at one time.`,
  resultBytesMax: (bytes) =>
    `The result has more than ${bytes} bytes of JSON; return less of it, or a summary.`,
  outputBytesMax: (bytes) => `The script writes more than ${bytes} bytes.`,
};

function limitError(limit: keyof ScriptLimits, limits: ScriptLimits): ScriptError {
  return { name: 'LimitError', message: MESSAGES[limit](limits[limit]), limit };
}

function scriptError({ fields, ...error }: GuestError): ScriptError {
  return fields === undefined ? error : { ...error, fields: JSON.parse(fields) as JsonObject };
}

function unparsable({ message, line, column }: GuestError): Fault {
  const place = line === undefined ? '' : ` (line ${line}, column ${column})`;
  return new Fault('INVALID_ARGUMENT', `The script cannot be parsed: ${message}${place}.`, {
    hint: 'Nothing of it was run: correct it, and send it again.',
    details: line === undefined || column === undefined ? {} : { line, column },
  });
}

function isHeapExhausted(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

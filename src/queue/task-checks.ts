import { Fault } from '../domain/errors.ts';
import type { JsonValue } from '../domain/json.ts';
import { checkJsonSize } from '../domain/json-size.ts';
import type { Limits } from '../domain/limits.ts';
import { LEASE_SECONDS } from '../domain/task.ts';

/** Stored as plain text, which cannot hold everything that a JSON string can. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;
const UNSTORABLE_ALL = new RegExp(UNSTORABLE, 'gu');

interface CheckTextParams {
  /** The argument's name. */
  readonly what: string;
  readonly text: string;
  readonly limits: Limits;
}

/** Throws `INVALID_ARGUMENT` or `TOO_LARGE`. */
export function checkText({ what, text, limits }: CheckTextParams): void {
  if (text.trim() === '') throw invalid(what, 'is empty');
  if (UNSTORABLE.test(text)) throw invalid(what, 'holds a NUL or an unpaired surrogate');
  const bytes = Buffer.byteLength(text);
  const bytesMax = limits.taskTextBytesMax;
  if (bytes <= bytesMax) return;
  throw new Fault('TOO_LARGE', `${what} has ${bytes} bytes; at most ${bytesMax} are allowed.`, {
    hint: 'Put long texts into a file, and send its path instead.',
    details: { what, bytes, bytes_max: bytesMax },
  });
}

/** Throws `INVALID_ARGUMENT` for what is no whole number within the range. */
export function checkRange(
  what: string,
  value: number,
  { min, max }: { readonly min: number; readonly max: number },
): void {
  if (!Number.isInteger(value) || value < min || value > max)
    throw invalid(what, `is ${value}; expected a whole number from ${min} to ${max}`);
}

/** Throws `TOO_LARGE` or `INVALID_ARGUMENT`. */
export function checkResult(result: JsonValue, limits: Limits): void {
  checkJsonSize({
    what: 'The result',
    value: result,
    bytesMax: limits.taskResultBytesMax,
    depthMax: limits.jsonDepthMax,
  });
}

/** Throws `INVALID_ARGUMENT`. */
export function leaseMsOf(leaseSeconds: number): number {
  checkRange('lease_seconds', leaseSeconds, LEASE_SECONDS);
  return leaseSeconds * 1_000;
}

/** A text from elsewhere as it can be stored: cut, and without the characters that cannot. */
export function storableText(text: string, limits: Limits): string {
  const clean = text.replace(UNSTORABLE_ALL, '\uFFFD');
  const bytes = Buffer.from(clean);
  if (bytes.length <= limits.taskTextBytesMax) return clean;
  // Cutting inside of a character leaves a replacement character, which three bytes are for.
  return `${bytes.subarray(0, limits.taskTextBytesMax - 6).toString()}…`;
}

/** Throws `INVALID_ARGUMENT` or `TOO_LARGE` for a batch with no items, or with too many. */
export function checkBatch(argument: string, items: readonly unknown[], { taskBatchMax }: Limits): void {
  if (items.length === 0) throw invalid(argument, 'is empty');
  if (items.length <= taskBatchMax) return;
  throw new Fault(
    'TOO_LARGE',
    `\`${argument}\` has ${items.length} items; at most ${taskBatchMax} are allowed.`,
    {
      hint: 'Split it into several calls.',
      details: { what: argument, items: items.length, items_max: taskBatchMax },
    },
  );
}

/** Throws `TOO_LARGE` for a batch that would store too much in one transaction. */
export function checkBatchBytes(bytes: number, { taskBatchBytesMax }: Limits): void {
  if (bytes <= taskBatchBytesMax) return;
  throw new Fault(
    'TOO_LARGE',
    `The batch would store ${bytes} bytes, counting what its tasks share once for each; at most ${taskBatchBytesMax} are allowed.`,
    {
      hint: 'Split it into several calls, or put large data into a file, and send its path instead.',
      details: { what: 'The batch', bytes, bytes_max: taskBatchBytesMax },
    },
  );
}

/** Of UTF-8 JSON; 0 for what is absent. */
export function jsonBytes(value: JsonValue | undefined): number {
  return value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value));
}

function invalid(argument: string, problem: string): Fault {
  return new Fault('INVALID_ARGUMENT', `\`${argument}\` ${problem}.`, {
    hint: 'Mend it, and call again.',
    details: { argument },
  });
}

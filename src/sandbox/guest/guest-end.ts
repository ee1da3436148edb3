import type { GuestEnd } from '../messages.ts';
import type { ScriptLimits } from '../runner.ts';
import { VALUE_DEPTH_MAX } from './call-desk.ts';
import type { ErrorReader } from './error-reader.ts';
import { isJson, nestsDeeperThan } from './json-text.ts';
import { isOutOfMemory, isOutOfMemoryError } from './script-machine.ts';

/** What the prelude says when the script's function is done: JSON of its result, or of what it threw. */
export interface Returned {
  readonly isCompleted: boolean;
  readonly json: string;
}

export const exceeded = (limit: keyof ScriptLimits): GuestEnd => ({ status: 'limit_exceeded', limit });

export const failed = (message: string): GuestEnd => ({
  status: 'failed',
  error: { name: 'Error', message },
});

export function endOfReturn(
  { isCompleted, json }: Returned,
  limits: ScriptLimits,
  errors: ErrorReader,
): GuestEnd {
  // The engine gives other text for one that it has no memory to hand over.
  if (!isJson(json)) return exceeded('memoryBytes');
  if (!isCompleted) {
    const error = errors.read(json);
    return isOutOfMemoryError(error) ? exceeded('memoryBytes') : { status: 'failed', error };
  }
  if (Buffer.byteLength(json) > limits.resultBytesMax) return exceeded('resultBytesMax');
  if (nestsDeeperThan(json, VALUE_DEPTH_MAX))
    return failed(`The result is more than ${VALUE_DEPTH_MAX} levels deep.`);
  return { status: 'completed', result: json };
}

/** Of a script that left the engine unable to go on: its stack, or that of the thread, had no room left. */
export function endOfCrash(error: unknown): GuestEnd {
  if (isOutOfMemory(error)) return exceeded('memoryBytes');
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  return { status: 'failed', error: { name, message } };
}

import type { DoubtfulCall } from './call-log.ts';
import { doubt } from './call-verdicts.ts';
import type { ComposedError, ComposedResult } from './composer.ts';

export interface LimitVerdictParams {
  readonly error: Pick<ComposedError, 'name' | 'message'>;
  /** Whether more time is all that the script needs. */
  readonly isTimeout: boolean;
  /** What the operator sets the limit by; undefined for nothing. */
  readonly setting?: string;
  readonly doubtful: readonly DoubtfulCall[];
}

/**
 * What the caller is told of a script that a limit has cut off. What it did stays in the journal, and it can go on from there,
 * unless a call was under way that must not be made again.
 */
export function limitVerdict(params: LimitVerdictParams): Pick<ComposedResult, 'status' | 'error'> {
  const { error, isTimeout, setting, doubtful } = params;
  const [call] = doubtful;
  if (call !== undefined) {
    const doubtError = doubt({ call, doubtful });
    return {
      status: 'in_doubt',
      error: { ...doubtError, message: `${error.message} ${doubtError.message}` },
    };
  }
  const raised = setting === undefined ? 'the limit is higher' : `the operator has raised ${setting}`;
  const more = isTimeout
    ? 'with a larger `timeout`.'
    : `once ${raised}. Code that needs less needs another run_id.`;
  const hint = `What is done is kept: the same code under this run_id goes on there, ${more}`;
  return { status: 'limit_exceeded', error: { ...error, retryable: isTimeout, hint } };
}

/** @param wasBegun false where the script was never run */
export function timeoutError(timeoutMs: number, wasBegun: boolean): Pick<ComposedError, 'name' | 'message'> {
  const time = `${timeoutMs / 1_000} s`;
  const message = wasBegun
    ? `The script was not done after ${time}.`
    : `The script was not begun within ${time}: it waited for its turn, or for servers that it names.`;
  return { name: 'LimitError', message };
}

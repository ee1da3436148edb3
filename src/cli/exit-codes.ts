import { Fault, type FaultCode } from '../domain/errors.ts';

/**
 * 0: done. 1: the operation failed, the linter or the doctor found trouble, or the circuit breaker stopped a worker.
 * 2: wrong configuration or usage.
 */
export type ExitCode = 0 | 1 | 2;

const FAULTS_OF_USAGE: readonly FaultCode[] = [
  'CONFIG_INVALID',
  'INVALID_ARGUMENT',
  'MODEL_REQUIRED',
  'VERIFIER_UNAVAILABLE',
];

/** What the process ends with when this was thrown. */
export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof Fault && FAULTS_OF_USAGE.includes(error.code) ? 2 : 1;
}

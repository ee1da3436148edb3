import { Fault, type FaultCode } from '../domain/errors.ts';

/** What a performer can do something about: by other arguments, by another tool, or by saying that it cannot be done. */
const TOLD: readonly FaultCode[] = [
  'SERVER_NOT_FOUND',
  'SERVER_UNAVAILABLE',
  'SERVER_TIMEOUT',
  'TOOL_FAILED',
  'TOO_LARGE',
  'NOT_ALLOWED',
];

/** Whether a call that failed so is one of many things that may come of a call; what else is thrown ends the work. */
export function isToldToPerformer(error: unknown): error is Fault {
  return error instanceof Fault && TOLD.includes(error.code);
}

import { Fault } from '../domain/errors.ts';
import type { CallReply } from '../sandbox/runner.ts';

/** Why a call came to nothing, as the script that made it is told. */
export interface CallFailure {
  /**
   * `denied`, `refused` (by a person), `unknown_tool`, `invalid_arguments`, `tool_error` (the tool says so itself), `server_error`,
   * `invalid_result`, `unavailable`, `timeout`, `too_large`, `cancelled`, `internal`.
   */
  readonly kind: string;
  readonly message: string;
  /** Whether the same call may be made again. */
  readonly retryable: boolean;
  /** The call was sent, and may have happened or not; absent where that is known, or where it may be made twice. */
  readonly outcome?: 'unknown';
  /** When the same call makes sense again, in milliseconds; absent where that is not known. */
  readonly retryAfterMs?: number;
}

export interface CallTarget {
  readonly server: string;
  readonly tool: string;
  readonly seq: number;
}

export function failedReply(
  { server, tool, seq }: CallTarget,
  { kind, message, retryable, retryAfterMs, outcome }: CallFailure,
): CallReply {
  const later = retryAfterMs !== undefined && { retry_after_ms: retryAfterMs };
  const fields = { server, tool, seq, kind, retryable, ...later, ...(outcome !== undefined && { outcome }) };
  return { ok: false, message, fields };
}

/**
 * What a fault of the hub means to a script; undefined for what is none.
 * @param isRepeatable whether the call may be made again although it may have happened
 */
export function failureOfFault(error: unknown, isRepeatable: boolean): CallFailure | undefined {
  if (!(error instanceof Fault)) return undefined;
  const { message, retryable, retryAfterMs, details } = error;
  const kind = kindOf(error);
  if (details?.outcome !== 'unknown' || isRepeatable) return { kind, message, retryable, retryAfterMs };
  const told = `${message} Whether it did what it was asked is not known.`;
  return { kind, message: told, retryable: false, outcome: 'unknown' };
}

function kindOf({ code, details }: Fault): string {
  switch (code) {
    case 'TOOL_FAILED':
      return typeof details?.kind === 'string' ? details.kind : 'tool_error';
    case 'SERVER_TIMEOUT':
      return 'timeout';
    case 'SERVER_NOT_FOUND':
    case 'SERVER_UNAVAILABLE':
      return 'unavailable';
    case 'TOO_LARGE':
      return 'too_large';
    case 'CANCELLED':
      return 'cancelled';
    default:
      return 'internal';
  }
}

import type { JsonValue } from './json.ts';

export const SCRIPT_RUN_STATUSES = ['running', 'completed', 'failed', 'in_doubt'] as const;
/**
 * A run that a limit has cut off is still `running`: it may go on. `in_doubt`: it was cut off in the middle of a call that may have happened and must not happen twice; a person has to
 * look.
 */
export type ScriptRunStatus = (typeof SCRIPT_RUN_STATUSES)[number];

const ENDED: readonly ScriptRunStatus[] = ['completed', 'failed'];

/** Whether it is over for good; an `in_doubt` one may be continued. */
export function isEnded(status: ScriptRunStatus): boolean {
  return ENDED.includes(status);
}

/** One run of a script, across all attempts to bring it to its end. */
export interface ScriptRun {
  /** Chosen by the caller, or minted. */
  readonly runId: string;
  /** SHA-256 of the code, in hex: the run is bound to it. */
  readonly codeHash: string;
  readonly status: ScriptRunStatus;
  /** What the script's clock said at its beginning, in milliseconds since 1970. */
  readonly startedMs: number;
  /** Of the script's `Math.random`. */
  readonly randomSeed: number;
  /** Grows by 1 whenever an executor takes the run over; only the latest one may write. */
  readonly fencingToken: number;
  /** When the executor counts as lost, ISO-8601 UTC; absent where none has it. */
  readonly leaseExpiresAt?: string;
  /** The stored answer, once the run has ended. */
  readonly answer?: JsonValue;
  /** ISO-8601 UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** One call out of a script: written when it is begun, and completed when it has ended. */
export interface JournaledCall {
  /** See `GuestCall.seq`. */
  readonly seq: number;
  /** The name that the script called. */
  readonly name: string;
  /** SHA-256 of its arguments, in hex. */
  readonly argsHash: string;
  /** Which tool that name meant, as JSON; absent where it meant none. */
  readonly target?: string;
  readonly finish?: CallFinish;
}

export interface CallFinish {
  /** Counts the finished calls of the run: the order in which their replies reached the script. */
  readonly position: number;
  /** A value, or the message and members of what was thrown. */
  readonly reply: JsonValue;
  readonly ok: boolean;
  /** How long it took. */
  readonly ms: number;
  /** What the script's clock said from then on, in milliseconds since 1970. */
  readonly nowMs: number;
}

import type { JsonObject, JsonValue } from '../domain/json.ts';

/** What one run may use up. */
export interface ScriptLimits {
  /** From start to end, waiting included. */
  readonly wallMs: number;
  /** Of computing; waiting for calls does not count. */
  readonly cpuMs: number;
  readonly memoryBytes: number;
  readonly callsMax: number;
  /** At one time; further calls wait for their turn. */
  readonly callsInFlightMax: number;
  /** JSON of the value that the script returns. */
  readonly resultBytesMax: number;
  /** What it writes with `console`; the rest is counted, and dropped. */
  readonly outputBytesMax: number;
}

export const DEFAULT_SCRIPT_LIMITS: ScriptLimits = {
  wallMs: 60_000,
  cpuMs: 5_000,
  memoryBytes: 64 * 1024 * 1024,
  callsMax: 1_000,
  callsInFlightMax: 32,
  resultBytesMax: 1024 * 1024,
  outputBytesMax: 64 * 1024,
};

/** One call out of a script. */
export interface GuestCall {
  /** Counts from 1, in the order in which the script makes its calls: the same in every run of the same script. */
  readonly seq: number;
  /** The name of the function that was called; `sleep` for that. */
  readonly name: string;
  /** Its arguments. */
  readonly args: readonly JsonValue[];
  /** Their JSON, the same in every run of the same script. */
  readonly argsJson: string;
  /** Where in the script, from 1. */
  readonly line?: number;
}

export type CallReply =
  | { readonly ok: true; readonly value: JsonValue }
  /** Thrown in the script as an Error with these members. */
  | { readonly ok: false; readonly message: string; readonly fields: Readonly<Record<string, JsonValue>> };

/** The reply to a call that an earlier run of the same script made. */
export interface RecordedReply {
  /** Of the call. */
  readonly seq: number;
  /** What `Date.now()` said from then on. */
  readonly now: number;
  readonly reply: CallReply;
}

export interface RunScriptParams {
  /** TypeScript or JavaScript: the body of an async function, so that `await` and `return` work at its top. */
  readonly source: string;
  /** Names of the functions that the script can call besides `sleep`. */
  readonly functionNames: readonly string[];
  /** Values that the script finds under these names. */
  readonly constants?: JsonObject;
  /**
   * Answers one call; told of the calls in their order, of all that were made before it ends, and also of those that have a
   * recorded reply. Replies reach the script in the order in which these promises are settled. Undefined: there is none from
   * here. One that rejects ends the run, past all code of the script.
   */
  readonly onCall: (call: GuestCall) => Promise<CallReply | undefined>;
  /**
   * What the script gets first, each once it has made the call, and all in this order: new replies wait until it has had
   * these. So it comes to where it was, without a way to the host and back for each reply.
   */
  readonly recorded?: readonly RecordedReply[];
  /** What `Date.now()` says: asked at the start, and after each new reply. Milliseconds since 1970. */
  readonly now: () => number;
  /** Of `Math.random`. */
  readonly randomSeed: number;
  readonly limits: ScriptLimits;
  readonly signal?: AbortSignal;
}

export const SCRIPT_STATUSES = ['completed', 'failed', 'limit_exceeded', 'cancelled'] as const;
export type ScriptStatus = (typeof SCRIPT_STATUSES)[number];

export interface ScriptError {
  /** Such as `TypeError`. */
  readonly name: string;
  readonly message: string;
  /** In the script as it was written, from 1. */
  readonly line?: number;
  readonly column?: number;
  /** The members of a call's failure that the script did not catch. */
  readonly fields?: Readonly<Record<string, JsonValue>>;
  /** On `limit_exceeded`: which. */
  readonly limit?: keyof ScriptLimits;
}

export interface ScriptOutcome {
  readonly status: ScriptStatus;
  /** What the script returned; null for nothing. */
  readonly result?: JsonValue;
  /** What it wrote with `console`, a line each. */
  readonly output: string;
  /** Bytes that were dropped of the output. */
  readonly outputDroppedBytes: number;
  readonly calls: number;
  /** Calls that it did not wait for: they were under way when it ended, or had not been begun. */
  readonly unansweredCalls: number;
  /** False where it never came out of waiting for its turn. */
  readonly wasBegun: boolean;
  readonly cpuMs: number;
  readonly error?: ScriptError;
}

/** Runs untrusted scripts, each in a sandbox of its own that has no file system, network, process or host globals. */
export interface ScriptRunner {
  /**
   * Never throws for what the script does; throws `INVALID_ARGUMENT` for a source that cannot be parsed, `CANCELLED` once it is
   * closed, and what `onCall` rejected with.
   */
  run(params: RunScriptParams): Promise<ScriptOutcome>;
  /** Gets ready for the first script, for a caller who does not wait for it. What goes wrong is told by the next `run`. */
  warmUp(): void;
  /** Cancels what runs, and ends all threads. */
  close(): Promise<void>;
}

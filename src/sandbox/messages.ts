import type { ScriptError, ScriptLimits } from './runner.ts';
import type { WireCall } from './wire-calls.ts';

/** What a thread is started with. */
export interface ThreadData {
  /** As much as most scripts may use: machines that have it are made ahead. */
  readonly memoryBytes: number;
}

/** A script, and all that its thread has to know to run it. */
export interface ScriptOrder {
  readonly source: string;
  readonly functionNames: readonly string[];
  /** A JSON object. */
  readonly constants: string;
  readonly now: number;
  readonly randomSeed: number;
  readonly limits: ScriptLimits;
  /** The numbers of the calls that have a recorded reply, in the order of the replies. */
  readonly recordedSeqs: readonly number[];
  /** The first portion of these replies. */
  readonly recorded: readonly ReplyMessage[];
  /** Of `RunMemory`. */
  readonly memory: SharedArrayBuffer;
}

/** Values cross as JSON text: an object of the script's making never becomes one of the host's. */
export interface CallMessage {
  readonly seq: number;
  readonly name: string;
  /** A JSON array. */
  readonly args: string;
  readonly line?: number;
}

export interface ReplyMessage {
  readonly seq: number;
  /** What the script's clock says from now on. */
  readonly now: number;
  readonly ok: boolean;
  /** JSON of the value, or of `{message, fields}`. */
  readonly json: string;
}

export type GuestError = Omit<ScriptError, 'fields' | 'limit'> & {
  /** A JSON object. */
  readonly fields?: string;
};

export type GuestEnd =
  | {
      readonly status: 'completed';
      /** JSON. */
      readonly result: string;
    }
  | { readonly status: 'failed'; readonly error: GuestError }
  | { readonly status: 'limit_exceeded'; readonly limit: keyof ScriptLimits }
  /** Nothing of it was run. */
  | { readonly status: 'unparsable'; readonly error: GuestError }
  /** As the host wished, which knows why. */
  | { readonly status: 'stopped' };

export type HostMessage =
  | { readonly kind: 'run'; readonly order: ScriptOrder }
  | { readonly kind: 'replies'; readonly replies: readonly ReplyMessage[] }
  /** The next portion. */
  | { readonly kind: 'recorded'; readonly replies: readonly ReplyMessage[] }
  /** For a script that waits; one that computes looks into the memory of the run. */
  | { readonly kind: 'stop' };

export type ThreadMessage =
  /** It has the engine. Comes first. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'calls'; readonly calls: readonly WireCall[] }
  /** The script has had the recorded replies that are here, and there are others. */
  | { readonly kind: 'more' }
  | {
      readonly kind: 'ended';
      readonly end: GuestEnd;
      /** False where the thread has grown so much that a new one is better. */
      readonly reusable: boolean;
    };

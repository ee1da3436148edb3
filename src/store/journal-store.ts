import type { JsonValue } from '../domain/json.ts';
import type { CallFinish, JournaledCall, ScriptRun, ScriptRunStatus } from '../domain/script-run.ts';

/** What is written of calls at once: in the given order, all or nothing. */
export type JournalEntry =
  | ({ readonly kind: 'begun' } & Omit<JournaledCall, 'finish'>)
  | { readonly kind: 'finished'; readonly seq: number; readonly finish: CallFinish };

export interface TakeRunParams {
  readonly runId: string;
  /** Used if there is no such run yet. */
  readonly fresh: Pick<ScriptRun, 'codeHash' | 'startedMs' | 'randomSeed'>;
  /** ISO-8601 UTC. */
  readonly now: string;
  readonly leaseExpiresAt: string;
}

/** What became of an attempt to execute a run. */
export type TakenRun =
  /** It is the caller's: begin it, or go on after these calls, which are ordered by `seq`. */
  | {
      readonly outcome: 'taken';
      readonly run: ScriptRun;
      readonly calls: readonly JournaledCall[];
      /** Of JSON, of all their replies. */
      readonly replyBytes: number;
    }
  /** It has ended, and has an answer. */
  | { readonly outcome: 'ended'; readonly run: ScriptRun }
  /** Another executor has it until `run.leaseExpiresAt`. */
  | { readonly outcome: 'busy'; readonly run: ScriptRun }
  /** The id belongs to a script with another `codeHash`; nothing was changed. */
  | { readonly outcome: 'other_code'; readonly run: ScriptRun };

/** The executor of a run, as it shows itself to the store. */
export interface RunHolder {
  readonly runId: string;
  readonly fencingToken: number;
}

/**
 * The journal of scripts: what they called and what came of it, so that a script that was cut off goes on without
 * repeating itself. Every verb is one transaction, durable when its promise resolves. Verbs that take a holder throw
 * `LEASE_LOST` where another executor has taken the run; all throw what the verbs of {@link Store} throw.
 */
export interface JournalStore {
  /**
   * Creates the run, or takes over one that nobody executes. One that has called nothing yet begins anew, with whatever
   * code.
   */
  takeRun(params: TakeRunParams): Promise<TakenRun>;
  renewLease(holder: RunHolder, leaseExpiresAt: string): Promise<void>;
  append(holder: RunHolder, entries: readonly JournalEntry[]): Promise<void>;
  /** Ends the run with its answer, and gives it out of hand; an `in_doubt` one may be taken again. */
  endRun(
    holder: RunHolder,
    end: {
      readonly status: Exclude<ScriptRunStatus, 'running'>;
      readonly answer: JsonValue;
      readonly now: string;
    },
  ): Promise<void>;
  /** Gives a run that did not end out of hand, so that the next one need not wait for the lease. */
  releaseRun(holder: RunHolder, now: string): Promise<void>;
  findRun(runId: string): Promise<ScriptRun | undefined>;
}

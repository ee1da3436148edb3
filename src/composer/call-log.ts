import type { CallFinish, JournaledCall } from '../domain/script-run.ts';
import type { GuestCall } from '../sandbox/runner.ts';
import type { CallSummary } from './composer.ts';
import { isRepeatable, type ScriptFunction, type ScriptFunctions, targetOf } from './script-functions.ts';

/** A call that may have happened and must not happen twice; arguments and line are known where the script got to it. */
export interface DoubtfulCall extends Pick<GuestCall, 'seq' | 'name' | 'line'> {
  readonly args?: GuestCall['args'];
  readonly called: ScriptFunction;
}

/** What became of the calls of a run, also of those that only an earlier attempt got to. */
export interface CallLog {
  /** The script has made the call, which may not be the tool's turn yet. */
  add(call: GuestCall, called: ScriptFunction): void;
  /** Its tool is about to be called. */
  begin(seq: number): void;
  finish(seq: number, outcome: Pick<CallFinish, 'ok' | 'ms'>): void;
  /** Of the calls to tools, by `seq`; those without an outcome are not `ok`. */
  summaries(): readonly CallSummary[];
  /** How many calls to tools the script made, in this attempt, of which nobody knows what came. */
  unfinished(): number;
  /** By `seq`. */
  doubtful(): readonly DoubtfulCall[];
}

interface LoggedCall extends DoubtfulCall {
  readonly isBegun: boolean;
  /** In this attempt. */
  readonly isMade: boolean;
  readonly outcome?: Pick<CallFinish, 'ok' | 'ms'>;
}

export interface CallLogParams {
  /** What the journal has of earlier attempts. */
  readonly calls: readonly JournaledCall[];
  readonly functions: ScriptFunctions;
}

export function createCallLog({ calls, functions }: CallLogParams): CallLog {
  const logged = new Map<number, LoggedCall>();
  for (const { seq, name, finish } of calls)
    logged.set(seq, {
      seq,
      name,
      called: functions.find(name),
      isBegun: true,
      isMade: false,
      outcome: finish,
    });
  const change = (seq: number, changes: Partial<LoggedCall>) => {
    const call = logged.get(seq);
    if (call !== undefined) logged.set(seq, { ...call, ...changes });
  };
  const toTools = () =>
    [...logged.values()]
      .filter(({ called }) => called.kind !== 'sleep')
      .sort((one, other) => one.seq - other.seq);
  return {
    add({ seq, name, args, line }, called) {
      const { isBegun = false } = logged.get(seq) ?? {};
      logged.set(seq, { seq, name, args, line, called, isBegun, isMade: true });
    },
    begin: (seq) => change(seq, { isBegun: true }),
    // Arguments may be large, and are of use only while nobody knows what came of the call.
    finish: (seq, outcome) => change(seq, { outcome, args: undefined }),
    summaries: () =>
      toTools().flatMap(({ called, outcome = NO_OUTCOME }) => {
        const target = targetOf(called);
        return target === undefined ? [] : [{ ...target, ms: outcome.ms, ok: outcome.ok }];
      }),
    unfinished: () => toTools().filter(({ isMade, outcome }) => isMade && outcome === undefined).length,
    doubtful: () =>
      toTools().filter(
        ({ isBegun, outcome, called }) => isBegun && outcome === undefined && !isRepeatable(called),
      ),
  };
}

const NO_OUTCOME = { ok: false, ms: 0 };

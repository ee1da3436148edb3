import type { JournaledCall } from '../domain/script-run.ts';
import { isRepeatable, type ScriptFunctions } from './script-functions.ts';

/** What the journal knows of earlier attempts at a run. */
export interface RecordedCalls {
  find(seq: number): JournaledCall | undefined;
  /** How many have a reply. */
  readonly finishedCount: number;
  /** Those that may have happened and must not happen twice, by `seq`; nothing is executed until somebody has looked. */
  readonly doubtful: readonly JournaledCall[];
}

export function createRecordedCalls(
  calls: readonly JournaledCall[],
  functions: ScriptFunctions,
): RecordedCalls {
  const bySeq = new Map(calls.map((call) => [call.seq, call]));
  return {
    find: (seq) => bySeq.get(seq),
    finishedCount: calls.filter(({ finish }) => finish !== undefined).length,
    doubtful: calls.filter(({ finish, name }) => finish === undefined && !isRepeatable(functions.find(name))),
  };
}

import type { JsonObject } from '../domain/json.ts';
import type { CallFinish, JournaledCall } from '../domain/script-run.ts';
import type { CallReply, RecordedReply } from '../sandbox/runner.ts';
import { isRepeatable, type ScriptFunctions } from './script-functions.ts';

/** What the journal knows of earlier attempts at a run. */
export interface RecordedCalls {
  find(seq: number): JournaledCall | undefined;
  /** As they reached the script, and in that order. */
  readonly replies: readonly RecordedReply[];
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
    replies: calls
      .flatMap(({ seq, finish }) => (finish === undefined ? [] : [{ seq, finish }]))
      .sort((one, other) => one.finish.position - other.finish.position)
      .map(({ seq, finish }) => ({ seq, now: finish.nowMs, reply: replyOf(finish) })),
    doubtful: calls.filter(({ finish, name }) => finish === undefined && !isRepeatable(functions.find(name))),
  };
}

function replyOf({ ok, reply }: CallFinish): CallReply {
  if (ok) return { ok, value: reply };
  const { message, fields } = reply as { readonly message: string; readonly fields: JsonObject };
  return { ok, message, fields };
}

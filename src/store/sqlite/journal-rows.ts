import type { CallFinish, JournaledCall, ScriptRun } from '../../domain/script-run.ts';
import type { scriptCalls, scriptRuns } from './journal-schema.ts';
import { withoutNulls } from './without-nulls.ts';

type RunRow = typeof scriptRuns.$inferSelect;
type CallRow = Omit<typeof scriptCalls.$inferSelect, 'runId'>;
type FinishColumns = Pick<CallRow, keyof CallFinish>;

// An absent member of the domain is a NULL of the table, typed both ways, so that a column that drifts from its
// domain type stops the compiler here.

export function runToRow(run: ScriptRun): RunRow {
  return {
    runId: run.runId,
    codeHash: run.codeHash,
    status: run.status,
    startedMs: run.startedMs,
    randomSeed: run.randomSeed,
    fencingToken: run.fencingToken,
    leaseExpiresAt: run.leaseExpiresAt ?? null,
    createdAt: run.createdAt,
    updatedAt: run.updatedAt,
    answer: run.answer === undefined ? null : { value: run.answer },
  };
}

export function runFromRow({ answer, ...row }: RunRow): ScriptRun {
  const run = withoutNulls(row);
  return answer === null ? run : { ...run, answer: answer.value };
}

/** What the row of a call has before its finish. */
export const UNFINISHED = {
  position: null,
  ok: null,
  ms: null,
  nowMs: null,
  reply: null,
} satisfies FinishColumns;

export function finishToColumns({ position, ok, ms, nowMs, reply }: CallFinish): FinishColumns {
  return { position, ok, ms, nowMs, reply: { value: reply } };
}

export function callFromRow({ position, ok, ms, nowMs, reply, ...begun }: CallRow): JournaledCall {
  const call = withoutNulls(begun);
  if (position === null || ok === null || ms === null || nowMs === null || reply === null) return call;
  return { ...call, finish: { position, ok, ms, nowMs, reply: reply.value } };
}

import type Database from 'better-sqlite3';
import { STEP_RUN_PREFIX, stepRunPrefix } from '../../domain/step-run.ts';

/** A transaction takes runs until they have this many calls; one run alone may have more. */
const CALLS_PER_BATCH = 1_000;
const RUNS_PER_BATCH = 100;

export interface ScriptRunPruning {
  /** Removes the scripts that were steps of an instance; returns their number. */
  removeOfInstance(instanceId: string): number;
  /** Removes some of those that no instance has, from this id on; `next` is where to go on, if there is more. */
  removeBatch(from: string): { readonly runs: number; readonly next: string | undefined };
}

export interface ScriptRunPruningParams {
  /** Those that changed last before this time, ISO-8601 UTC, and that nobody has in hand since, go. */
  readonly before: string;
  readonly dryRun: boolean;
}

/** Removes runs of scripts with their journals. The caller opens the transactions. */
export function createScriptRunPruning(
  client: Database.Database,
  { before, dryRun }: ScriptRunPruningParams,
): ScriptRunPruning {
  const selectRange = client
    .prepare<[string, string], string>('SELECT run_id FROM script_runs WHERE run_id >= ? AND run_id < ?')
    .pluck();
  const [stepsFrom, stepsTo] = rangeOf(STEP_RUN_PREFIX);
  const selectLoose = client
    .prepare<unknown[], string>(
      `SELECT run_id FROM script_runs
       WHERE run_id > ? AND NOT (run_id >= ? AND run_id < ?)
       AND updated_at < ? AND (lease_expires_at IS NULL OR lease_expires_at < ?)
       ORDER BY run_id LIMIT ${RUNS_PER_BATCH}`,
    )
    .pluck();
  const countCalls = client
    .prepare<[string], number>('SELECT count(*) FROM script_calls WHERE run_id = ?')
    .pluck();
  const removals = ['script_calls', 'script_runs'].map((table) =>
    client.prepare<[string]>(`DELETE FROM ${table} WHERE run_id = ?`),
  );
  const remove = (runId: string) => {
    if (!dryRun) for (const removal of removals) removal.run(runId);
  };

  return {
    removeOfInstance(instanceId) {
      const runIds = selectRange.all(...rangeOf(stepRunPrefix(instanceId)));
      runIds.forEach(remove);
      return runIds.length;
    },

    removeBatch(from) {
      const candidates = selectLoose.all(from, stepsFrom, stepsTo, before, before);
      let runs = 0;
      let last = from;
      for (let calls = 0; calls < CALLS_PER_BATCH && runs < candidates.length; runs++) {
        last = candidates[runs] ?? last;
        calls += countCalls.get(last) ?? 0;
        remove(last);
      }
      const exhausted = runs === candidates.length && runs < RUNS_PER_BATCH;
      return { runs, next: exhausted ? undefined : last };
    },
  };
}

/** From where, and up to where, the ids lie that begin like this, as the database compares text: by its bytes. */
function rangeOf(prefix: string): [from: string, to: string] {
  const last = prefix.charCodeAt(prefix.length - 1);
  return [prefix, `${prefix.slice(0, -1)}${String.fromCharCode(last + 1)}`];
}

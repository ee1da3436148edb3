import { eq, getTableColumns, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { ScriptRun } from '../../domain/script-run.ts';
import { runFromRow, runToRow } from './journal-rows.ts';
import { scriptRuns } from './journal-schema.ts';
import { lazy } from './lazy.ts';
import { columnPlaceholders, rowPlaceholders } from './placeholders.ts';

/** The statements of `script_runs`, prepared when first used. Their cost does not grow with the table. */
export function createScriptRunTable(db: BetterSQLite3Database) {
  const hasId = eq(scriptRuns.runId, sql.placeholder('runId'));
  const { runId: _runId, ...changing } = getTableColumns(scriptRuns);
  const { fencingToken, leaseExpiresAt } = changing;

  const select = lazy(() => db.select().from(scriptRuns).where(hasId).prepare());
  // Asked before every write, so it does not read answers.
  const selectHold = lazy(() =>
    db.select({ fencingToken, leaseExpiresAt }).from(scriptRuns).where(hasId).prepare(),
  );
  const insert = lazy(() => db.insert(scriptRuns).values(rowPlaceholders(scriptRuns)).prepare());
  const update = lazy(() => db.update(scriptRuns).set(columnPlaceholders(changing)).where(hasId).prepare());
  const updateLease = lazy(() =>
    db.update(scriptRuns).set(columnPlaceholders({ leaseExpiresAt })).where(hasId).prepare(),
  );

  return {
    find(runId: string): ScriptRun | undefined {
      const row = select().get({ runId });
      return row && runFromRow(row);
    },

    /** The token of whoever has the run now; undefined where nobody has it. */
    heldBy(runId: string): number | undefined {
      const row = selectHold().get({ runId });
      return row === undefined || row.leaseExpiresAt === null ? undefined : row.fencingToken;
    },

    insert(run: ScriptRun): void {
      insert().run(runToRow(run));
    },

    update(run: ScriptRun): void {
      update().run(runToRow(run));
    },

    extendLease(runId: string, leaseExpiresAt: string): void {
      updateLease().run({ runId, leaseExpiresAt });
    },
  };
}

import { and, asc, eq, getTableColumns, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { Defect } from '../../domain/errors.ts';
import type { JournaledCall } from '../../domain/script-run.ts';
import type { JournalEntry } from '../journal-store.ts';
import { callFromRow, finishToColumns, UNFINISHED } from './journal-rows.ts';
import { callColumns, scriptCalls } from './journal-schema.ts';
import { lazy } from './lazy.ts';
import { columnPlaceholders, rowPlaceholders } from './placeholders.ts';

/** The statements of `script_calls`, prepared when first used. Their cost does not grow with the table. */
export function createScriptCallTable(db: BetterSQLite3Database) {
  const { placeholder } = sql;
  const ofRun = eq(scriptCalls.runId, placeholder('runId'));
  const { position, ok, ms, nowMs, reply } = getTableColumns(scriptCalls);

  const insert = lazy(() => db.insert(scriptCalls).values(rowPlaceholders(scriptCalls)).prepare());
  const finish = lazy(() =>
    db
      .update(scriptCalls)
      .set(columnPlaceholders({ position, ok, ms, nowMs, reply }))
      .where(and(ofRun, eq(scriptCalls.seq, placeholder('seq'))))
      .prepare(),
  );
  const select = lazy(() =>
    db.select(callColumns).from(scriptCalls).where(ofRun).orderBy(asc(scriptCalls.seq)).prepare(),
  );

  return {
    append(runId: string, entry: JournalEntry): void {
      const { seq } = entry;
      if (entry.kind === 'begun') {
        const { name, argsHash } = entry;
        insert().run({ runId, seq, name, argsHash, ...UNFINISHED });
        return;
      }
      const { changes } = finish().run({ runId, seq, ...finishToColumns(entry.finish) });
      if (changes === 0) throw new Defect(`Call ${seq} of a script finished before it was begun.`);
    },

    /** By `seq`. */
    ofRun(runId: string): readonly JournaledCall[] {
      return select().all({ runId }).map(callFromRow);
    },
  };
}

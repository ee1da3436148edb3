import { and, asc, eq, getTableColumns, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { Defect } from '../../domain/errors.ts';
import type { CallFinish, JournaledCall } from '../../domain/script-run.ts';
import type { JournalEntry } from '../journal-store.ts';
import { callFromRow, finishToColumns, UNFINISHED } from './journal-rows.ts';
import { callColumns, scriptCalls } from './journal-schema.ts';
import { lazy } from './lazy.ts';
import { columnPlaceholders, rowPlaceholders } from './placeholders.ts';

type Begun = Extract<JournalEntry, { kind: 'begun' }>;
type Finished = Extract<JournalEntry, { kind: 'finished' }>;

/** The statements of `script_calls`, prepared when first used. Their cost does not grow with the table. */
export function createScriptCallTable(db: BetterSQLite3Database) {
  const { placeholder } = sql;
  const ofRun = eq(scriptCalls.runId, placeholder('runId'));
  const { position, ok, ms, nowMs, reply } = getTableColumns(scriptCalls);

  const insert = lazy(() => db.insert(scriptCalls).values(rowPlaceholders(scriptCalls)).prepare());
  const update = lazy(() =>
    db
      .update(scriptCalls)
      .set(columnPlaceholders({ position, ok, ms, nowMs, reply }))
      .where(and(ofRun, eq(scriptCalls.seq, placeholder('seq'))))
      .prepare(),
  );
  const select = lazy(() =>
    db.select(callColumns).from(scriptCalls).where(ofRun).orderBy(asc(scriptCalls.seq)).prepare(),
  );

  function begin({ seq, name, argsHash }: Begun, runId: string, finish?: CallFinish): void {
    const columns = finish === undefined ? UNFINISHED : finishToColumns(finish);
    insert().run({ runId, seq, name, argsHash, ...columns });
  }

  function finish({ seq, finish }: Finished, runId: string): void {
    const { changes } = update().run({ runId, seq, ...finishToColumns(finish) });
    if (changes === 0) throw new Defect(`Call ${seq} of a script finished before it was begun.`);
  }

  return {
    append(runId: string, entries: readonly JournalEntry[]): void {
      for (let index = 0; index < entries.length; index++) {
        const entry = entries[index];
        const next = entries[index + 1];
        if (entry?.kind === 'begun' && next?.kind === 'finished' && next.seq === entry.seq) {
          // Most calls that change nothing are told of in one go; so they are one write instead of two.
          begin(entry, runId, next.finish);
          index += 1;
        } else if (entry?.kind === 'begun') begin(entry, runId);
        else if (entry !== undefined) finish(entry, runId);
      }
    },

    /** By `seq`. */
    ofRun(runId: string): readonly JournaledCall[] {
      return select().all({ runId }).map(callFromRow);
    },
  };
}

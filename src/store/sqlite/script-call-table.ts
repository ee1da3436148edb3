import { and, asc, count, eq, getTableColumns, gt, sql } from 'drizzle-orm';
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
    db
      .select(callColumns)
      .from(scriptCalls)
      .where(and(ofRun, gt(scriptCalls.seq, placeholder('after'))))
      .orderBy(asc(scriptCalls.seq))
      .limit(placeholder('limit'))
      .prepare(),
  );
  // The length of a text in bytes is known without reading it.
  const measure = lazy(() =>
    db
      .select({ calls: count(), replyBytes: sql<number>`coalesce(sum(octet_length(${reply})), 0)` })
      .from(scriptCalls)
      .where(ofRun)
      .prepare(),
  );

  function begin({ seq, name, argsHash, target }: Begun, runId: string, finish?: CallFinish): void {
    const columns = finish === undefined ? UNFINISHED : finishToColumns(finish);
    insert().run({ runId, seq, name, argsHash, target: target ?? null, ...columns });
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

    /** The next ones, by `seq`. */
    after(runId: string, seq: number, limit: number): readonly JournaledCall[] {
      return select().all({ runId, after: seq, limit }).map(callFromRow);
    },

    sizeOf(runId: string): { readonly calls: number; readonly replyBytes: number } {
      return measure().get({ runId }) ?? { calls: 0, replyBytes: 0 };
    },
  };
}

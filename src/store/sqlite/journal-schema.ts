import { getTableColumns } from 'drizzle-orm';
import { integer, primaryKey, real, sqliteTable } from 'drizzle-orm/sqlite-core';
import type { JsonValue } from '../../domain/json.ts';
import type { CallFinish, JournaledCall, ScriptRun, ScriptRunStatus } from '../../domain/script-run.ts';
import { type Present, plainText, presentJson } from './columns.ts';

/** The column that grows comes last, so that reading the others never follows overflow pages. */
export const scriptRuns = sqliteTable('script_runs', {
  runId: plainText('run_id').primaryKey(),
  codeHash: plainText('code_hash').notNull(),
  status: plainText('status').$type<ScriptRunStatus>().notNull(),
  startedMs: integer('started_ms').notNull(),
  randomSeed: integer('random_seed').notNull(),
  fencingToken: integer('fencing_token').notNull(),
  leaseExpiresAt: plainText('lease_expires_at'),
  createdAt: plainText('created_at').notNull(),
  updatedAt: plainText('updated_at').notNull(),
  answer: presentJson('answer').$type<Present<JsonValue>>(),
} satisfies Record<keyof ScriptRun, unknown>);

/** The calls of scripts; the columns of the finish are NULL until there is one. */
export const scriptCalls = sqliteTable(
  'script_calls',
  {
    runId: plainText('run_id')
      .notNull()
      .references(() => scriptRuns.runId),
    seq: integer('seq').notNull(),
    name: plainText('name').notNull(),
    argsHash: plainText('args_hash').notNull(),
    target: plainText('target'),
    position: integer('position'),
    ok: integer('ok', { mode: 'boolean' }),
    ms: real('ms'),
    nowMs: integer('now_ms'),
    reply: presentJson('reply').$type<Present<JsonValue>>(),
  } satisfies Record<keyof Omit<JournaledCall, 'finish'> | keyof CallFinish | 'runId', unknown>,
  (table) => [primaryKey({ columns: [table.runId, table.seq] })],
);

// What readers of the domain are given: they know of which run.
const { runId: _runId, ...callColumns } = getTableColumns(scriptCalls);

export { callColumns };

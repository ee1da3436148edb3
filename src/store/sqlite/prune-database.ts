import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type Database from 'better-sqlite3';
import { INSTANCE_STATUSES, isFinished } from '../../domain/instance.ts';
import type { PruneResult } from '../maintenance.ts';
import { createBusyRetry } from './busy-retry.ts';
import { findPending, migrate, readMigrations } from './migrate.ts';
import { openDatabase } from './open-database.ts';
import { createScriptRunPruning } from './prune-script-runs.ts';

export interface PruneDatabaseParams {
  readonly path: string;
  readonly migrationsFolder: string;
  /** Finished instances, and scripts, that changed last before this time, ISO-8601 UTC, go. */
  readonly before: string;
  /** Counts, and removes nothing. */
  readonly dryRun: boolean;
  /** Gives the space back to the file system. Writers wait while the file is built anew. */
  readonly compact: boolean;
}

/**
 * Removes what finished long ago, while servers go on writing: whole instances with their history and the scripts of
 * their steps, other scripts with their journals, and definitions that nothing refers to any more. No transaction holds the lock for long, and each leaves the database sound.
 *
 * @throws Fault what every verb of the store throws; what was removed until then stays removed
 */
export async function pruneDatabase(params: PruneDatabaseParams): Promise<PruneResult> {
  const path = resolve(params.path);
  if (!existsSync(path)) return { ...NOTHING };
  const retry = createBusyRetry({ budgetMs: 10_000, random: Math.random });
  const known = readMigrations(params.migrationsFolder);
  const client = await openDatabase({ path, retry, inspect: (reader) => findPending(reader, known) });
  try {
    await migrate({ client, retry, known });
    // Rows go in an order that keeps every reference good. Checking each of them would read the whole history.
    client.pragma('foreign_keys = OFF');
    const bytesBefore = statSync(path).size;
    const pruning = createPruning(client, params);
    let instances = 0;
    let entries = 0;
    let scriptRuns = 0;
    for (let cursor: Position | undefined = START; cursor !== undefined; ) {
      const from: Position = cursor;
      const batch = await retry(() => pruning.removeBatch.immediate(from));
      instances += batch.instances;
      entries += batch.entries;
      scriptRuns += batch.scriptRuns;
      cursor = batch.next;
      await othersTurn();
    }
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const from: string = cursor;
      const batch = await retry(() => pruning.removeScriptRuns.immediate(from));
      scriptRuns += batch.runs;
      cursor = batch.next;
      await othersTurn();
    }
    const loose = await retry(() => pruning.looseDefinitions());
    const definitions = await retry(() => pruning.removeDefinitions.immediate(loose));
    if (!params.dryRun) {
      if (params.compact) await retry(() => client.exec('VACUUM'));
      await retry(() => client.pragma('wal_checkpoint(TRUNCATE)'));
    }
    const pageBytes = Number(client.pragma('page_size', { simple: true }));
    const freeBytes = Number(client.pragma('freelist_count', { simple: true })) * pageBytes;
    const bytesAfter = statSync(path).size;
    return { instances, entries, scriptRuns, definitions, bytesBefore, bytesAfter, freeBytes };
  } finally {
    client.close();
  }
}

/** Servers in other processes get their turn at the lock. */
function othersTurn(): Promise<void> {
  return new Promise((resolveTurn) => setImmediate(resolveTurn));
}

const NOTHING: PruneResult = {
  instances: 0,
  entries: 0,
  scriptRuns: 0,
  definitions: 0,
  bytesBefore: 0,
  bytesAfter: 0,
  freeBytes: 0,
};

/** A transaction takes instances until it has this many entries; one instance alone may have more. */
const ENTRIES_PER_BATCH = 1_000;
const INSTANCES_PER_BATCH = 100;

/** Where the walk through the index of a status stands. */
interface Position {
  readonly status: number;
  readonly updatedAt: string;
  readonly instanceId: string;
}

const START: Position = { status: 0, updatedAt: '', instanceId: '' };
const FINISHED = INSTANCE_STATUSES.filter(isFinished);

interface Candidate {
  readonly instanceId: string;
  readonly updatedAt: string;
}

interface Loose {
  readonly hashes: readonly string[];
  /** The last entry that was looked at. */
  readonly entryId: number;
}

function createPruning(client: Database.Database, { before, dryRun }: PruneDatabaseParams) {
  const select = client.prepare<unknown[], Candidate>(
    `SELECT instance_id AS instanceId, updated_at AS updatedAt FROM workflow_instances
     WHERE status = ? AND updated_at < ? AND (updated_at, instance_id) > (?, ?)
     ORDER BY updated_at, instance_id LIMIT ${INSTANCES_PER_BATCH}`,
  );
  // Transitions and notes are in an index each, and only these conditions lead to it.
  const parts = ['determined_next_step IS NOT NULL', 'determined_next_step IS NULL'];
  const count = parts.map((part) =>
    client
      .prepare<[string], number>(`SELECT count(*) FROM workflow_history WHERE instance_id = ? AND ${part}`)
      .pluck(),
  );
  const removals = [
    ...parts.map((part) => `DELETE FROM workflow_history WHERE instance_id = ? AND ${part}`),
    'DELETE FROM workflow_instances WHERE instance_id = ?',
  ].map((sql) => client.prepare<[string]>(sql));

  const scripts = createScriptRunPruning(client, { before, dryRun });

  const removeBatch = client.transaction((from: Position) => {
    const status = FINISHED[from.status];
    const candidates =
      status === undefined ? [] : select.all(status, before, from.updatedAt, from.instanceId);
    let entries = 0;
    let instances = 0;
    let scriptRuns = 0;
    let last = from;
    for (const { instanceId, updatedAt } of candidates) {
      if (entries >= ENTRIES_PER_BATCH) break;
      for (const each of count) entries += each.get(instanceId) ?? 0;
      scriptRuns += scripts.removeOfInstance(instanceId);
      if (!dryRun) for (const removal of removals) removal.run(instanceId);
      instances++;
      last = { status: from.status, updatedAt, instanceId };
    }
    const exhausted = instances === candidates.length && instances < INSTANCES_PER_BATCH;
    const following = exhausted ? { ...START, status: from.status + 1 } : last;
    return {
      instances,
      entries,
      scriptRuns,
      next: following.status < FINISHED.length ? following : undefined,
    };
  });

  // What a dry run would have removed refers to nothing either.
  const gone = `status IN (${FINISHED.map((status) => `'${status}'`).join(', ')}) AND updated_at < :before`;
  const stays = `instance_id IN (SELECT instance_id FROM workflow_instances WHERE NOT (${gone}))`;
  const looseDefinitions = client.transaction((): Loose => {
    const hashes = client
      .prepare<{ before: string }, string>(
        `SELECT definition_hash FROM workflow_definitions
         EXCEPT SELECT definition_hash FROM workflow_instances WHERE ${stays}
         EXCEPT SELECT definition_hash FROM workflow_history WHERE definition_hash IS NOT NULL AND ${stays}`,
      )
      .pluck()
      .all({ before });
    const entryId = client
      .prepare<[], number>('SELECT max(history_entry_id) FROM workflow_history')
      .pluck()
      .get();
    return { hashes, entryId: entryId ?? 0 };
  });

  /** Looks again at what was written since, now that nobody else can write. */
  const removeDefinitions = client.transaction(({ hashes, entryId }: Loose): number => {
    if (dryRun) return hashes.length;
    const remove = client.prepare<{ hash: string; entryId: number }>(
      `DELETE FROM workflow_definitions WHERE definition_hash = :hash
       AND NOT EXISTS (SELECT 1 FROM workflow_instances WHERE definition_hash = :hash)
       AND NOT EXISTS (SELECT 1 FROM workflow_history WHERE history_entry_id > :entryId AND definition_hash = :hash)`,
    );
    let removed = 0;
    for (const hash of hashes) removed += remove.run({ hash, entryId }).changes;
    return removed;
  });

  return {
    removeBatch,
    removeScriptRuns: client.transaction(scripts.removeBatch),
    looseDefinitions,
    removeDefinitions,
  };
}

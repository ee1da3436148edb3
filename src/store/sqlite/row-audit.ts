import type Database from 'better-sqlite3';
import { type HistoryKind, isTransitionKind } from '../../domain/history.ts';
import { type InstanceStatus, isFinished } from '../../domain/instance.ts';
import { pinDefinition } from '../../domain/pin-definition.ts';
import type { DatabaseProblem } from '../maintenance.ts';
import { createRowHash } from './row-hash.ts';
import { workflowHistory, workflowInstances } from './schema.ts';

export interface RowAudit {
  readonly instances: number;
  readonly entries: number;
  readonly definitions: number;
  readonly unsealedEntries: number;
  readonly problems: readonly DatabaseProblem[];
}

/** The last transition of an instance that the walk has met. */
interface Head {
  readonly revision: number;
  readonly chainHash: string;
  readonly status: string;
  readonly nextStep: string;
  readonly definitionHash: string;
}

type Stored = Readonly<Record<string, unknown>>;

/** Compares every row with its hash, and every instance with its history. Memory grows with the instances alone. */
export function auditRows(client: Database.Database): RowAudit {
  const problems: DatabaseProblem[] = [];
  const heads = new Map<string, Head>();
  let entries = 0;
  let unsealedEntries = 0;
  let sealedId: number | undefined;

  for (const row of rowsOf(client, HISTORY_SQL)) {
    entries++;
    const instanceId = String(row.instance_id);
    const wrong = (message: string) =>
      problems.push({ check: 'history', instanceId, message: `Entry ${row.history_entry_id} ${message}` });
    const before = heads.get(instanceId);
    const moves = isTransitionKind(row.kind as HistoryKind);
    const expected = (before?.revision ?? -1) + (moves ? 1 : 0);
    if (row.chain_hash === '') {
      unsealedEntries++;
      if (sealedId !== undefined) wrong(`has no hash, though the earlier entry ${sealedId} has one.`);
    } else {
      sealedId = Number(row.history_entry_id);
      // A prior transition without a hash counts as none: the chain begins after it.
      if (row.chain_hash !== entryHash.ofStored(row, before?.chainHash)) wrong('is not what was written.');
    }
    if (row.revision !== expected) wrong(`has revision ${row.revision}, where ${expected} follows.`);
    if (moves && before !== undefined && row.step_name !== before.nextStep)
      wrong(`leaves ${row.step_name}, where the run stood at ${before.nextStep}.`);
    if (moves)
      heads.set(instanceId, {
        revision: Number(row.revision),
        chainHash: String(row.chain_hash),
        status: String(row.status),
        nextStep: String(row.determined_next_step),
        definitionHash: String(row.definition_hash ?? before?.definitionHash),
      });
  }

  let instances = 0;
  for (const row of rowsOf(client, INSTANCES_SQL)) {
    instances++;
    const instanceId = String(row.instance_id);
    const head = heads.get(instanceId);
    heads.delete(instanceId);
    for (const message of instanceProblems(row, head))
      problems.push({ check: 'instance', instanceId, message });
  }
  for (const instanceId of heads.keys())
    problems.push({ check: 'instance', instanceId, message: 'There is history of it, and no instance.' });

  const { definitions, wrong } = auditDefinitions(client);
  return { instances, entries, definitions, unsealedEntries, problems: [...problems, ...wrong] };
}

const entryHash = createRowHash(workflowHistory, 'chainHash', ['historyEntryId']);
const stateHash = createRowHash(workflowInstances, 'stateHash');

// In the order of writing, straight from the tables: an index may be what is damaged.
const HISTORY_SQL = `SELECT history_entry_id, chain_hash, ${entryHash.columnNames.join(', ')}
  FROM workflow_history NOT INDEXED ORDER BY history_entry_id`;
const INSTANCES_SQL = `SELECT state_hash, ${stateHash.columnNames.join(', ')} FROM workflow_instances NOT INDEXED`;
const DEFINITIONS_SQL = 'SELECT definition_hash, definition FROM workflow_definitions NOT INDEXED';

function rowsOf(client: Database.Database, sql: string): IterableIterator<Stored> {
  return client.prepare<[], Stored>(sql).iterate();
}

function instanceProblems(row: Stored, head: Head | undefined): readonly string[] {
  if (head === undefined) return ['It has no history.'];
  const told = {
    revision: head.revision,
    status: head.status,
    current_step_name: head.nextStep,
    definition_hash: head.definitionHash,
  };
  const differing = Object.entries(told).filter(([column, value]) => row[column] !== value);
  const problems = differing.map(
    ([column, value]) => `Its ${column} is ${row[column]}, where its history ends with ${value}.`,
  );
  const finished = isFinished(row.status as InstanceStatus);
  if (finished !== (row.completed_at !== null)) problems.push('Its status and its completed_at disagree.');
  const sealed = row.state_hash === '' ? head.chainHash === '' : row.state_hash === stateHash.ofStored(row);
  if (!sealed) problems.push('It is not what was written.');
  return problems;
}

function auditDefinitions(client: Database.Database) {
  let definitions = 0;
  const wrong: DatabaseProblem[] = [];
  for (const row of rowsOf(client, DEFINITIONS_SQL)) {
    definitions++;
    if (hashOf(row.definition) !== row.definition_hash)
      wrong.push({
        check: 'definition',
        message: `Definition ${row.definition_hash} is not what was stored.`,
      });
  }
  return { definitions, wrong };
}

function hashOf(text: unknown): string | undefined {
  try {
    return pinDefinition(JSON.parse(String(text))).hash;
  } catch {
    return undefined;
  }
}

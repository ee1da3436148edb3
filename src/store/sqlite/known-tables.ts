import type Database from 'better-sqlite3';
import { getTableColumns, getTableName } from 'drizzle-orm';
import type { SQLiteTable } from 'drizzle-orm/sqlite-core';
import { Fault } from '../../domain/errors.ts';
import { scriptCalls, scriptRuns } from './journal-schema.ts';
import { knowledgeIndex } from './knowledge-index.ts';
import { workflowDefinitions, workflowHistory, workflowInstances } from './schema.ts';
import { agentKnowledge, agentMessages, agentTaskData } from './session-schema.ts';
import { circuitBreakers, taskQueues, tasks } from './task-schema.ts';

const TABLES = [
  workflowDefinitions,
  workflowInstances,
  workflowHistory,
  tasks,
  taskQueues,
  circuitBreakers,
  agentMessages,
  agentTaskData,
  agentKnowledge,
  knowledgeIndex,
  scriptRuns,
  scriptCalls,
];

/**
 * Refuses a database whose tables are not those that its migrations made: their description is damaged. Else every
 * statement would fail later, as if it were wrong.
 */
export function refuseUnknownTables(client: Database.Database): void {
  for (const table of TABLES) readable(client, table);
}

function readable(client: Database.Database, table: SQLiteTable): void {
  const columns = Object.values(getTableColumns(table)).map(({ name }) => name);
  try {
    client.prepare(`SELECT ${columns.join(', ')} FROM ${getTableName(table)}`);
  } catch (cause) {
    if (codeOf(cause) !== 'SQLITE_ERROR') throw cause;
    throw new Fault('STORAGE_CORRUPT', `The table ${getTableName(table)} is not as it was made.`, {
      hint: 'Restore the file from a backup; it was left as it is.',
      cause,
    });
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';

const MIGRATIONS = 'src/store/migrations/sqlite';

/** Whoever reads the database with tools of their own relies on these names. More may come; none may go. */
const PINNED: Readonly<Record<string, readonly string[]>> = {
  workflow_instances: [
    'instance_id',
    'workflow_name',
    'current_step_name',
    'status',
    'context',
    'created_at',
    'updated_at',
    'completed_at',
  ],
  workflow_history: [
    'history_entry_id',
    'instance_id',
    'timestamp',
    'step_name',
    'user_report',
    'outcome_status',
    'determined_next_step',
  ],
  workflow_definitions: ['definition_hash', 'definition'],
  tasks: [
    'task_number',
    'description',
    'status',
    'priority',
    'attempts',
    'max_attempts',
    'result',
    'error',
    'feedback',
    'workflow_name',
    'context',
    'fencing_token',
    'lease_expires_at',
    'run_number',
    'instance_id',
    'created_at',
    'updated_at',
    'started_at',
    'completed_at',
  ],
  circuit_breakers: ['name', 'state', 'failures_in_row', 'opened_at', 'trial_expires_at'],
  agent_messages: ['message_id', 'session_id', 'role', 'content', 'created_at'],
  agent_task_data: ['session_id', 'key', 'value', 'updated_at'],
  agent_knowledge: ['session_id', 'key', 'value', 'updated_at'],
  agent_knowledge_index: ['key', 'text'],
  script_runs: [
    'run_id',
    'code_hash',
    'status',
    'started_ms',
    'random_seed',
    'fencing_token',
    'lease_expires_at',
    'created_at',
    'updated_at',
    'answer',
  ],
  script_calls: ['run_id', 'seq', 'name', 'args_hash', 'target', 'position', 'ok', 'ms', 'now_ms', 'reply'],
};

test('the migrations make tables whose columns keep their names', async () => {
  const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort();
  const database = new Database(':memory:');
  for (const file of files) database.exec(await readFile(join(MIGRATIONS, file), 'utf8'));
  const columns = (table: string) =>
    database.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table);
  for (const [table, pinned] of Object.entries(PINNED))
    expect(columns(table), table).toEqual(expect.arrayContaining([...pinned]));
});

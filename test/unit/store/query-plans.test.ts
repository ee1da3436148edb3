import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { expect, it } from 'vitest';
import { createBusyRetry } from '../../../src/store/sqlite/busy-retry.ts';
import { createHistoryListing } from '../../../src/store/sqlite/history-listing.ts';
import { createHistoryTable } from '../../../src/store/sqlite/history-table.ts';
import { createInstanceListing } from '../../../src/store/sqlite/instance-listing.ts';
import { createInstanceTable } from '../../../src/store/sqlite/instance-table.ts';
import { createKnowledgeIndex } from '../../../src/store/sqlite/knowledge-index.ts';
import { createMessageTable } from '../../../src/store/sqlite/message-table.ts';
import { migrate, readMigrations } from '../../../src/store/sqlite/migrate.ts';
import { createScriptCallTable } from '../../../src/store/sqlite/script-call-table.ts';
import { createScriptRunTable } from '../../../src/store/sqlite/script-run-table.ts';
import { agentKnowledge, agentTaskData } from '../../../src/store/sqlite/session-schema.ts';
import { createTaskListing } from '../../../src/store/sqlite/task-listing.ts';
import { createTaskTable } from '../../../src/store/sqlite/task-table.ts';
import { createValueTable } from '../../../src/store/sqlite/value-table.ts';
import { createSampleRuns } from '../../support/sample-runs.ts';
import { sampleTask } from '../../support/sample-tasks.ts';

const samples = createSampleRuns();
const page = { limit: 10 };

const reads: Record<string, (db: Tables) => unknown> = {
  'one instance': ({ instances }) => instances.find('a'),
  instances: ({ instanceListing }) => instanceListing.list({}, page),
  'instances of a status': ({ instanceListing }) => instanceListing.list({ status: 'RUNNING' }, page),
  'instances of a workflow': ({ instanceListing }) => instanceListing.list({ workflowName: 'W' }, page),
  'instances of both': ({ instanceListing }) =>
    instanceListing.list({ status: 'RUNNING', workflowName: 'W' }, page),
  'instances but of one workflow': ({ instanceListing }) =>
    instanceListing.list({ withoutWorkflow: 'W' }, page),
  'instances of a status but of one workflow': ({ instanceListing }) =>
    instanceListing.list({ status: 'RUNNING', withoutWorkflow: 'W' }, page),
  'ids with a prefix': ({ instanceListing }) => instanceListing.completeId('a', { limit: 10 }),
  'a request': ({ history }) => history.findRequest('a', 'key'),
  'the request of a start': ({ history }) => history.findStartRequest('key'),
  'requests of starts with a prefix': ({ historyListing }) => historyListing.completeStartRequest('a', 10),
  'a transition': ({ history }) => history.findTransition('a', 1),
  history: ({ historyListing }) => historyListing.list('a', page),
  'recent history': ({ historyListing }) => historyListing.recent('a', 10),
  'the next task': ({ tasks }) => tasks.next(),
  'tasks whose lease ended': ({ tasks }) => tasks.expired('2026', 10),
  'tasks of a request': ({ tasks }) => tasks.ofRequest('key'),
  'a task that was claimed under a key': ({ tasks }) => tasks.claimedUnder('key'),
  'the last messages': ({ messages }) => messages.latest('s', page),
  'the message of a request': ({ messages }) => messages.findRequest('s', 'key'),
  'task data': ({ taskData }) => taskData.find('s', 'k'),
  'keys of task data': ({ taskData }) => taskData.listKeys('s', page),
  knowledge: ({ knowledge }) => knowledge.find('s', 'k'),
  'keys of knowledge': ({ knowledge }) => knowledge.listKeys('s', page),
  'the run of a script': ({ scriptRuns }) => scriptRuns.find('run'),
  'whoever has the run of a script': ({ scriptRuns }) => scriptRuns.heldBy('run'),
  'the calls of a script': ({ scriptCalls }) => scriptCalls.after('run', 0, 10),
  'the size of what a script called': ({ scriptCalls }) => scriptCalls.sizeOf('run'),
};

/** What a read that has several indexes to choose from walks, in the order that it needs. */
const walks: Record<string, RegExp> = {
  'the next task': /SEARCH tasks USING INDEX tasks_by_status \(status=\?\)/,
  'tasks whose lease ended': /tasks_by_lease \(status=\? AND lease_expires_at<\?\)/,
  'a task that was claimed under a key': /tasks_by_claim \(status=\? AND claim_key=\?\)/,
  'the last messages': /agent_messages_by_session \(session_id=\? AND rowid<\?\)/,
  'keys of knowledge': /COVERING INDEX agent_knowledge_one_per_key \(session_id=\? AND key>\?\)/,
  'requests of starts with a prefix': /workflow_history_one_per_start \(request_id>\? AND request_id<\?\)/,
};

it.each(Object.keys(reads))('%s are found in an index, whatever the size of the table', async (name) => {
  const { tables, statements, planOf } = await openTables(0);
  reads[name]?.(tables);
  expect(statements).toHaveLength(1);
  const plan = planOf(statements[0] as Statement);
  expectIndexed(plan);
  expect(plan.join('\n')).toMatch(walks[name] ?? /./);
});

it('ids with a short prefix are found in an index', async () => {
  const { tables, statements, planOf } = await openTables(600);
  statements.length = 0;
  tables.instanceListing.completeId('', { limit: 10 });
  expect(statements).toHaveLength(2);
  for (const statement of statements) expectIndexed(planOf(statement));
});

it('moving an instance touches its row by its key', async () => {
  const { tables, statements, planOf } = await openTables(0);
  tables.instances.move(samples.advance(samples.start().instance).instance);
  expectIndexed(planOf(statements[0] as Statement));
});

it('completed tasks are found in an index, those that can be repeated too', async () => {
  const { tables, statements, planOf } = await openTables(0);
  tables.tasks.removeCompleted();
  expect(statements).toHaveLength(2);
  for (const statement of statements)
    expect(planOf(statement).join('\n')).toMatch(/SEARCH tasks USING INDEX tasks_by_status \(status=\?\)/);
});

it('changing a task touches its row by its number', async () => {
  const { tables, statements, planOf } = await openTables(0);
  tables.tasks.update({ ...sampleTask(), id: 'task-001' });
  expect(planOf(statements[0] as Statement)).toEqual(['SEARCH tasks USING INTEGER PRIMARY KEY (rowid=?)']);
});

it.each([undefined, 'pending'] as const)(
  'tasks are listed along an index, with the status %s',
  async (status) => {
    const { tables, statements, planOf } = await openTables(0);
    tables.taskListing.list({ status }, page);
    const [rest = [], following = []] = statements.map(planOf);
    for (const plan of [rest, following]) expectIndexed(plan);
    const walks = (plan: readonly string[]) => new Set(plan.filter((line) => line.startsWith('SEARCH')));
    const index = 'SEARCH tasks USING INDEX tasks_by_status';
    expect(walks(rest)).toEqual(new Set([`${index} (status=? AND priority=? AND rowid>?)`]));
    expect(walks(following)).toEqual(new Set([`${index} (status=? AND priority>?)`]));
  },
);

it('walking all tasks goes by their number', async () => {
  const { tables, statements, planOf } = await openTables(0);
  tables.tasks.after(undefined, 10);
  expect(planOf(statements[0] as Statement)).toEqual(['SEARCH tasks USING INTEGER PRIMARY KEY (rowid>?)']);
});

it('counting tasks reads an index and no task', async () => {
  const { tables, statements, planOf } = await openTables(0);
  tables.tasks.countByStatus();
  expect(planOf(statements[0] as Statement)).toEqual(['SCAN tasks USING COVERING INDEX tasks_by_status']);
});

it('a search is led by the full-text index, which hands out the best first', async () => {
  const { tables, statements, planOf } = await openTables(0);
  tables.knowledgeIndex.search({ sessionId: 's', query: 'word', limit: 10 });
  expect(planOf(statements[0] as Statement)).toEqual([
    expect.stringMatching(/^SCAN agent_knowledge_index VIRTUAL TABLE INDEX 32:M/),
    'SEARCH agent_knowledge USING INTEGER PRIMARY KEY (rowid=?)',
  ]);
});

type Tables = Awaited<ReturnType<typeof openTables>>['tables'];

interface Statement {
  readonly sql: string;
  readonly params: readonly unknown[];
}

async function openTables(rows: number) {
  const client = new Database(':memory:');
  const known = readMigrations('src/store/migrations/sqlite');
  await migrate({ client, known, retry: createBusyRetry({ budgetMs: 0, random: () => 0 }) });
  client.pragma('foreign_keys = OFF');
  const statements: Statement[] = [];
  const db = drizzle(client, { logger: { logQuery: (sql, params) => statements.push({ sql, params }) } });
  const tables = {
    instances: createInstanceTable(db),
    instanceListing: createInstanceListing(db),
    history: createHistoryTable(db),
    historyListing: createHistoryListing(db),
    tasks: createTaskTable(db),
    taskListing: createTaskListing(db),
    messages: createMessageTable(db),
    taskData: createValueTable(db, agentTaskData),
    knowledge: createValueTable(db, agentKnowledge),
    knowledgeIndex: createKnowledgeIndex(db),
    scriptRuns: createScriptRunTable(db),
    scriptCalls: createScriptCallTable(db),
  };
  for (let row = 0; row < rows; row++) tables.instances.insert(samples.start().instance);
  const planOf = ({ sql, params }: Statement) =>
    (client.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...params) as { detail: string }[]).map(
      (row) => row.detail,
    );
  return { tables, statements, planOf };
}

/** A scan of one of the two bounded subqueries of history is not a scan of a table. */
function expectIndexed(plan: readonly string[]): void {
  expect(plan.filter((line) => /SEARCH .* USING .*INDEX/.test(line)).length).toBeGreaterThan(0);
  expect(plan.filter((line) => /TEMP B-TREE|SCAN (?!transitions|notes)/.test(line))).toEqual([]);
}

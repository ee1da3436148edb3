import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { expect, it } from 'vitest';
import { createBusyRetry } from '../../../src/store/sqlite/busy-retry.ts';
import { createHistoryListing } from '../../../src/store/sqlite/history-listing.ts';
import { createHistoryTable } from '../../../src/store/sqlite/history-table.ts';
import { createInstanceListing } from '../../../src/store/sqlite/instance-listing.ts';
import { createInstanceTable } from '../../../src/store/sqlite/instance-table.ts';
import { migrate, readMigrations } from '../../../src/store/sqlite/migrate.ts';
import { createSampleRuns } from '../../support/sample-runs.ts';

const samples = createSampleRuns();
const page = { limit: 10 };

const reads: Record<string, (db: Tables) => unknown> = {
  'one instance': ({ instances }) => instances.find('a'),
  instances: ({ instanceListing }) => instanceListing.list({}, page),
  'instances of a status': ({ instanceListing }) => instanceListing.list({ status: 'RUNNING' }, page),
  'instances of a workflow': ({ instanceListing }) => instanceListing.list({ workflowName: 'W' }, page),
  'instances of both': ({ instanceListing }) =>
    instanceListing.list({ status: 'RUNNING', workflowName: 'W' }, page),
  'ids with a prefix': ({ instanceListing }) => instanceListing.completeId('a', 10),
  'a request': ({ history }) => history.findRequest('a', 'key'),
  'the request of a start': ({ history }) => history.findStartRequest('key'),
  'a transition': ({ history }) => history.findTransition('a', 1),
  history: ({ historyListing }) => historyListing.list('a', page),
  'recent history': ({ historyListing }) => historyListing.recent('a', 10),
};

it.each(Object.keys(reads))('%s are found in an index, whatever the size of the table', async (name) => {
  const { tables, statements, planOf } = await openTables(0);
  reads[name]?.(tables);
  expect(statements).toHaveLength(1);
  expectIndexed(planOf(statements[0] as Statement));
});

it('ids with a short prefix are found in an index', async () => {
  const { tables, statements, planOf } = await openTables(600);
  statements.length = 0;
  tables.instanceListing.completeId('', 10);
  expect(statements).toHaveLength(2);
  for (const statement of statements) expectIndexed(planOf(statement));
  expect(planOf(statements[1] as Statement).join('\n')).toContain('COVERING INDEX');
});

it('moving an instance touches its row by its key', async () => {
  const { tables, statements, planOf } = await openTables(0);
  tables.instances.move(samples.advance(samples.start().instance).instance);
  expectIndexed(planOf(statements[0] as Statement));
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

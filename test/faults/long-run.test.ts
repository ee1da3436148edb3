import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { silentLogger } from '../../src/domain/logger.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { reportFigures, startCampaign } from '../support/campaign.ts';
import { fillDatabase, MIGRATIONS } from '../support/filled-database.ts';
import { inspectDatabase, pruneDatabase } from '../support/maintenance-room.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PAGE_BYTES = 4_096;

/** What goes through the kernel is counted only here. */
const countsReads = process.platform === 'linux';

interface Size {
  readonly instances: number;
  readonly steps: number;
}

const SMALL: Size = { instances: 100, steps: 10 };
/** With the read that would be the first to suffer without an index. */
const SIZES = [
  { name: '10,000 instances', instances: 10_000, steps: 1, catches: 'list_instances by status' },
  { name: '10,000 steps in one instance', instances: 1, steps: 10_000, catches: 'get_workflow_history' },
];

type Read = (
  store: Store,
  last: { readonly instanceId: string; readonly revision: number },
) => Promise<unknown>;

/** What a client asks for, on the first page, in the middle and at the end. */
const READS: Readonly<Record<string, Read>> = {
  'start-up': async () => {},
  list_instances: (store) => store.listInstances({}, { limit: 20 }),
  'list_instances by status': (store) => store.listInstances({ status: 'RUNNING' }, { limit: 20 }),
  'list_instances by workflow': (store) => store.listInstances({ workflowName: 'ONE' }, { limit: 20 }),
  'list_instances, a later page': async (store) => {
    const { nextCursor } = await store.listInstances({}, { limit: 20 });
    return nextCursor === undefined ? undefined : store.listInstances({}, { limit: 20, cursor: nextCursor });
  },
  get_workflow_history: (store, { instanceId }) => store.listHistory(instanceId, { limit: 20 }),
  'the recent history': (store, { instanceId }) => store.recentHistory(instanceId, 20),
  get_workflow_status: async (store, { instanceId, revision }) => {
    const instance = await store.findInstance(instanceId);
    await store.findDefinition(instance?.definitionHash ?? '');
    return store.findTransition(instanceId, revision);
  },
};

/**
 * `query-plans.test.ts` shows that every read goes by an index; here is what that comes to. A tree of a hundred times
 * as many rows is a level or two deeper, and a page of rows lies in a few pages more.
 */
const MORE_PAGES_MAX = 12;

test.skipIf(!countsReads)(
  'a cold reader reads as few pages of a large database as of a small one',
  async () => {
    startCampaign('long run');
    const small = await pagesRead(SMALL);
    for (const { name, catches, ...size } of SIZES) {
      const large = await pagesRead(size);
      const growth = Object.keys(READS).map(
        (read) => [read, (large.pages[read] ?? 0) - (small.pages[read] ?? 0)] as const,
      );
      reportFigures(`long run, ${name}`, {
        pages_of_file: `${small.pagesOfFile} -> ${large.pagesOfFile}`,
        ...Object.fromEntries(
          growth.map(([read]) => [read, `${small.pages[read]} -> ${large.pages[read]} pages`]),
        ),
      });
      expect(large.pagesOfFile, 'it is a large database').toBeGreaterThan(5 * small.pagesOfFile);
      expect(growth.filter(([, more]) => more > MORE_PAGES_MAX)).toEqual([]);
      // Else the count itself would be worth nothing: what is missed without an index has to show up in it.
      const missed = Object.keys(READS).filter(
        (read) => (large.pagesWithoutIndexes[read] ?? 0) - (small.pages[read] ?? 0) > MORE_PAGES_MAX,
      );
      reportFigures(`long run, ${name}, indexes dropped`, { caught: missed.join(' + ') });
      expect(missed).toContain(catches);
    }
  },
);

test('prune gives the space back that finished runs took, and takes nothing else', async () => {
  const campaign = startCampaign('long run, prune');
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const instances = campaign.times(1_000, 10_000);
  await fillDatabase({ path, instances, steps: 10, finishEvery: 2 });
  const params = { path, migrationsFolder: MIGRATIONS, before: '2027-01-01T00:00:00.000Z', compact: false };
  const counted = await pruneDatabase({ ...params, dryRun: true });
  expect(counted).toMatchObject({ instances: instances / 2, definitions: 1 });
  expect(await pruneDatabase({ ...params, dryRun: true, before: '2025-01-01T00:00:00.000Z' })).toMatchObject({
    instances: 0,
    entries: 0,
    definitions: 0,
  });
  const pruned = await pruneDatabase({ ...params, dryRun: false });
  expect(pruned).toMatchObject({ instances: counted.instances, entries: counted.entries, definitions: 1 });
  expect(pruned.freeBytes, 'room for what comes next').toBeGreaterThan(pruned.bytesBefore / 8);
  const compacted = await pruneDatabase({ ...params, dryRun: false, compact: true });
  expect(compacted).toMatchObject({ instances: 0, entries: 0, definitions: 0 });
  expect(compacted.bytesAfter).toBeLessThan(pruned.bytesBefore * 0.7);
  expect(await inspectDatabase({ path, migrationsFolder: MIGRATIONS })).toMatchObject({
    instances: instances / 2,
    problemCount: 0,
  });
  campaign.report({
    pruned: pruned.instances,
    entries: pruned.entries,
    bytes: `${pruned.bytesBefore} -> ${compacted.bytesAfter}`,
  });
});

interface PagesRead {
  readonly pagesOfFile: number;
  readonly pages: Readonly<Record<string, number>>;
  /** After somebody dropped all of them. */
  readonly pagesWithoutIndexes: Readonly<Record<string, number>>;
}

async function pagesRead({ instances, steps }: Size): Promise<PagesRead> {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const last = (await fillDatabase({ path, instances, steps })).at(-1);
  if (last === undefined) throw new Error('The database is empty.');
  const measure = async () => {
    const pages: Record<string, number> = {};
    for (const [name, read] of Object.entries(READS)) {
      const before = bytesRead();
      const store = await createSqliteStore({ path, migrationsFolder: MIGRATIONS, logger: silentLogger });
      await read(store, last);
      pages[name] = Math.round((bytesRead() - before) / PAGE_BYTES);
      await store.close();
    }
    return pages;
  };
  const pages = await measure();
  const client = new Database(path);
  const pagesOfFile = Number(client.pragma('page_count', { simple: true }));
  const indexes = client
    .prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL`)
    .pluck()
    .all();
  for (const index of indexes) client.exec(`DROP INDEX ${index}`);
  client.close();
  return { pagesOfFile, pages, pagesWithoutIndexes: await measure() };
}

/** By this thread so far: SQLite reads within it. */
function bytesRead(): number {
  return Number(/^rchar: (\d+)/m.exec(readFileSync('/proc/thread-self/io', 'utf8'))?.[1]);
}

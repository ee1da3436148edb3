import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../../src/domain/logger.ts';
import { openSqliteStores, type SqliteStores } from '../../../src/store/sqlite/open-sqlite-stores.ts';
import { describeJournalStoreContract } from './journal-store-contract.ts';
import { describeSessionStoreContract } from './session-store-contract.ts';
import { describeStoreContract } from './store-contract.ts';
import { describeTaskStoreContract } from './task-store-contract.ts';

/** Opens the same new file as often as it is asked to. */
async function openFile() {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-store-'));
  const opened: SqliteStores[] = [];
  async function reopen(): Promise<SqliteStores> {
    const stores = await openSqliteStores({
      path: join(folder, 'workflows.sqlite'),
      migrationsFolder: 'src/store/migrations/sqlite',
      logger: silentLogger,
    });
    opened.push(stores);
    return stores;
  }
  async function closeStores(): Promise<void> {
    for (const stores of opened.splice(0)) await stores.close();
  }
  async function close(): Promise<void> {
    await closeStores();
    await rm(folder, { recursive: true, force: true });
  }
  return { stores: await reopen(), reopen, closeStores, close };
}

describeStoreContract('SQLite', async () => {
  const { stores, reopen, close } = await openFile();
  return { store: stores.store, reopen: async () => (await reopen()).store, close };
});

describeTaskStoreContract('SQLite', async () => {
  const { stores, reopen, closeStores, close } = await openFile();
  return { tasks: stores.tasks, reopen: async () => (await reopen()).tasks, closeStores, close };
});

describeSessionStoreContract('SQLite', async () => {
  const { stores, reopen, closeStores, close } = await openFile();
  return { sessions: stores.sessions, reopen: async () => (await reopen()).sessions, closeStores, close };
});

describeJournalStoreContract('SQLite', async () => {
  const { stores, reopen, closeStores, close } = await openFile();
  return { journal: stores.journal, reopen: async () => (await reopen()).journal, closeStores, close };
});

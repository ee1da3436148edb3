import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../../src/domain/logger.ts';
import { createSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { describeStoreContract } from './store-contract.ts';

describeStoreContract('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-store-'));
  const stores: Store[] = [];
  const reopen = async () => {
    const store = await createSqliteStore({
      path: join(folder, 'workflows.sqlite'),
      migrationsFolder: 'src/store/migrations/sqlite',
      logger: silentLogger,
    });
    stores.push(store);
    return store;
  };
  return {
    store: await reopen(),
    reopen,
    async close() {
      for (const store of stores) await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});

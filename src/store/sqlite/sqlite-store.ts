import type { Store } from '../store.ts';
import { openSqliteStores, type SqliteStoreParams } from './open-sqlite-stores.ts';

/** The runs of {@link openSqliteStores} alone; closing them closes the connection. */
export async function createSqliteStore(params: SqliteStoreParams): Promise<Store> {
  const { store } = await openSqliteStores(params);
  return store;
}

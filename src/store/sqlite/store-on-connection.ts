import type Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { failpoint } from '../../domain/failpoint.ts';
import type { NewHistoryEntry } from '../../domain/history.ts';
import { assertNote, assertTransition } from '../entry-invariants.ts';
import type { CommitOutcome, StartParams, Store, TransitionParams } from '../store.ts';
import type { BusyRetry } from './busy-retry.ts';
import { createDefinitionTable } from './definition-table.ts';
import { createHistoryListing } from './history-listing.ts';
import { createHistoryTable } from './history-table.ts';
import { createInstanceListing } from './instance-listing.ts';
import { createInstanceTable } from './instance-table.ts';

export interface StoreOnConnectionParams {
  readonly client: Database.Database;
  readonly retry: BusyRetry;
}

/** The verbs, over a connection whose tables are up to date. Closing the store closes the connection. */
export function createStoreOnConnection({ client, retry }: StoreOnConnectionParams): Store {
  const db = drizzle(client);
  const definitions = createDefinitionTable(db);
  const instances = createInstanceTable(db);
  const history = createHistoryTable(db);
  const instanceListing = createInstanceListing(db);
  const historyListing = createHistoryListing(db);

  const start = client.transaction(({ instance, entry, definition }: StartParams): CommitOutcome => {
    const seen = entry.requestId === undefined ? undefined : history.findStartRequest(entry.requestId);
    if (seen !== undefined) return { outcome: 'request_seen', entry: seen };
    definitions.keep(definition, entry.timestamp);
    instances.insert(instance);
    history.append(entry);
    return { outcome: 'committed' };
  });

  const move = client.transaction(({ instance, entry, definition }: TransitionParams): CommitOutcome => {
    const { instanceId, requestId } = entry;
    const seen = requestId === undefined ? undefined : history.findRequest(instanceId, requestId);
    if (seen !== undefined) return { outcome: 'request_seen', entry: seen };
    failpoint('commit_begun');
    if (!instances.move(instance)) return { outcome: 'superseded' };
    if (definition !== undefined) definitions.keep(definition, entry.timestamp);
    if (entry.definitionHash !== undefined) instances.pin(instance);
    failpoint('commit_half_written');
    history.append(entry);
    failpoint('commit_written');
    return { outcome: 'committed' };
  });

  const note = client.transaction((entry: NewHistoryEntry) => history.append(entry));

  return {
    async startInstance(params) {
      assertTransition(params.entry, params.instance);
      // Taking the write lock first means that what is checked still holds when it is acted upon.
      return retry(() => start.immediate(params));
    },
    async commitTransition(params) {
      assertTransition(params.entry, params.instance);
      const outcome = await retry(() => move.immediate(params));
      failpoint('commit_done');
      return outcome;
    },
    async recordNote(entry) {
      assertNote(entry);
      return retry(() => note.immediate(entry));
    },
    findInstance: (instanceId) => retry(() => instances.find(instanceId)),
    findDefinition: (hash) => retry(() => definitions.find(hash)),
    findRequest: (instanceId, requestId) => retry(() => history.findRequest(instanceId, requestId)),
    findStartRequest: (requestId) => retry(() => history.findStartRequest(requestId)),
    completeStartRequest: (prefix, limit) => retry(() => historyListing.completeStartRequest(prefix, limit)),
    findTransition: (instanceId, revision) => retry(() => history.findTransition(instanceId, revision)),
    recentHistory: (instanceId, limit) => retry(() => historyListing.recent(instanceId, limit)),
    listHistory: (instanceId, page) => retry(() => historyListing.list(instanceId, page)),
    listInstances: (filter, page) => retry(() => instanceListing.list(filter, page)),
    completeInstanceId: (prefix, filter) => retry(() => instanceListing.completeId(prefix, filter)),
    async close() {
      client.close();
    },
  };
}

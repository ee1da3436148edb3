import { and, desc, eq, gte, isNull, lt, ne, or, type Placeholder, type SQL, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { unionAll } from 'drizzle-orm/sqlite-core';
import { INSTANCE_STATUSES, type Instance, type InstanceStatus } from '../../domain/instance.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Page } from '../../domain/page.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { InstanceFilter, PageParams } from '../store.ts';
import { lazy } from './lazy.ts';
import { instanceFromRow } from './rows.ts';
import { instanceColumns, workflowInstances as instances } from './schema.ts';

/**
 * The statements of `workflow_instances` that list, prepared when first used. Their cost does not grow with
 * the table.
 */
export function createInstanceListing(db: BetterSQLite3Database) {
  const ofWorkflow = eq(instances.workflowName, placeholder('workflowName'));
  const selectOfStatus = lazy(() => prepareSelectOfStatus(db, ofAnother));
  const selectOfStatusAndWorkflow = lazy(() => prepareSelectOfStatus(db, ofWorkflow));
  const selectAny = lazy(() => prepareSelectAny(db, ofAnother));
  const selectOfWorkflow = lazy(() => prepareSelectAny(db, ofWorkflow));
  const selectIds = lazy(() =>
    db
      .select(idColumns)
      .from(instances)
      .where(and(startsWithPrefix, ofAnother))
      .limit(placeholder('limit'))
      .prepare(),
  );
  const selectLatestIds = lazy(() => prepareSelectLatestIds(db));

  function selectPage({ status, workflowName }: InstanceFilter) {
    if (workflowName === undefined) return status === undefined ? selectAny : selectOfStatus;
    return status === undefined ? selectOfWorkflow : selectOfStatusAndWorkflow;
  }

  return {
    list(filter: InstanceFilter, { limit, cursor }: PageParams): Page<Instance> {
      const position = cursor === undefined ? START : decodeCursor(cursor, isListingPosition);
      // One more than asked for tells whether this is the end.
      const { status, workflowName, withoutWorkflow = null } = filter;
      const values = { status, workflowName, withoutWorkflow, ...position, limit: limit + 1 };
      const rows = selectPage(filter)().all(values);
      const items = rows.slice(0, limit).map(instanceFromRow);
      const last = items.at(-1);
      if (rows.length <= limit || last === undefined) return { items };
      return { items, nextCursor: encodeCursor({ updatedAt: last.updatedAt, instanceId: last.instanceId }) };
    },

    /**
     * Few ids fit a long prefix, so they are looked up and sorted; many fit a short one, so a walk from
     * the latest instance on soon meets enough of them.
     */
    completeId(
      prefix: string,
      { limit, withoutWorkflow = null }: { readonly limit: number; readonly withoutWorkflow?: string | null },
    ): readonly string[] {
      const range = { prefix, prefixEnd: `${prefix}\u{10FFFF}`, withoutWorkflow };
      const found = selectIds().all({ ...range, limit: SORTED_IDS_MAX + 1 });
      const ids =
        found.length > SORTED_IDS_MAX
          ? selectLatestIds().all({ ...range, ...START, limit })
          : found.sort(compareLatestFirst).slice(0, limit);
      return ids.map((row) => row.instanceId);
    },
  };
}

const SORTED_IDS_MAX = 500;

const { placeholder } = sql;
const idColumns = { instanceId: instances.instanceId, updatedAt: instances.updatedAt };
const latestFirst = [desc(instances.updatedAt), desc(instances.instanceId)] as const;
const isEarlier = sql`(${instances.updatedAt}, ${instances.instanceId}) < (${placeholder('updatedAt')}, ${placeholder('instanceId')})`;
const ofAnother = or(
  isNull(placeholder('withoutWorkflow')),
  ne(instances.workflowName, placeholder('withoutWorkflow')),
);
const startsWithPrefix = and(
  gte(instances.instanceId, placeholder('prefix')),
  lt(instances.instanceId, placeholder('prefixEnd')),
);

function prepareSelectOfStatus(db: BetterSQLite3Database, condition?: SQL) {
  return selectOfOneStatus(db, placeholder('status'), condition)
    .orderBy(...latestFirst)
    .limit(placeholder('limit'))
    .prepare();
}

function prepareSelectAny(db: BetterSQLite3Database, condition?: SQL) {
  const select = (status: InstanceStatus) => selectOfOneStatus(db, status, condition);
  const [first, second, ...rest] = INSTANCE_STATUSES;
  return unionAll(select(first), select(second), ...rest.map(select))
    .orderBy(...latestFirst)
    .limit(placeholder('limit'))
    .prepare();
}

function selectOfOneStatus(db: BetterSQLite3Database, status: InstanceStatus | Placeholder, condition?: SQL) {
  return db
    .select(instanceColumns)
    .from(instances)
    .where(and(eq(instances.status, status), condition, isEarlier));
}

function prepareSelectLatestIds(db: BetterSQLite3Database) {
  const select = (status: InstanceStatus) =>
    db
      .select(idColumns)
      .from(instances)
      .where(and(eq(instances.status, status), startsWithPrefix, ofAnother, isEarlier));
  const [first, second, ...rest] = INSTANCE_STATUSES;
  return unionAll(select(first), select(second), ...rest.map(select))
    .orderBy(...latestFirst)
    .limit(placeholder('limit'))
    .prepare();
}

interface Ranked {
  readonly updatedAt: string;
  readonly instanceId: string;
}

function compareLatestFirst(one: Ranked, other: Ranked): number {
  if (one.updatedAt !== other.updatedAt) return one.updatedAt < other.updatedAt ? 1 : -1;
  return one.instanceId < other.instanceId ? 1 : -1;
}

type ListingPosition = JsonObject & Ranked;

/** Later than any instance. */
const START: ListingPosition = { updatedAt: '\u{10FFFF}', instanceId: '' };

function isListingPosition(value: JsonObject): value is ListingPosition {
  return typeof value.updatedAt === 'string' && typeof value.instanceId === 'string';
}

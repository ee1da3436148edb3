import { eq, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { lazy } from './lazy.ts';
import { taskQueues } from './task-schema.ts';

const NAME = 'tasks';

/** The statements of `task_queues`, prepared when first used. */
export function createQueueRevision(db: BetterSQLite3Database) {
  const select = lazy(() =>
    db
      .select({ revision: taskQueues.revision })
      .from(taskQueues)
      .where(eq(taskQueues.name, sql.placeholder('name')))
      .prepare(),
  );
  const upsert = lazy(() =>
    db
      .insert(taskQueues)
      .values({ name: sql.placeholder('name'), revision: 1 })
      .onConflictDoUpdate({
        target: taskQueues.name,
        set: { revision: sql`${taskQueues.revision} + 1` },
      })
      .prepare(),
  );

  return {
    /** 0 where nothing was ever changed. */
    find(): number {
      return select().get({ name: NAME })?.revision ?? 0;
    },

    /** Call it within the transaction that changes the queue. */
    move(): void {
      upsert().run({ name: NAME });
    },
  };
}

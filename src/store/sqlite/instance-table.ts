import { and, eq, getTableColumns, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { Instance } from '../../domain/instance.ts';
import { lazy } from './lazy.ts';
import { columnPlaceholders, rowPlaceholders } from './placeholders.ts';
import { createRowHash } from './row-hash.ts';
import { instanceFromRow, instanceToRow } from './rows.ts';
import { instanceColumns, workflowInstances as instances } from './schema.ts';

/** The statements of `workflow_instances` that concern one row, prepared when first used. */
export function createInstanceTable(db: BetterSQLite3Database) {
  const hasId = eq(instances.instanceId, sql.placeholder('instanceId'));
  const stoodBefore = eq(instances.revision, sql`${sql.placeholder('revision')} - 1`);
  const { instanceId, workflowName, createdAt, definitionHash, ...changing } = getTableColumns(instances);

  const stateHash = createRowHash(instances, 'stateHash');

  const select = lazy(() => db.select(instanceColumns).from(instances).where(hasId).prepare());
  const insert = lazy(() => db.insert(instances).values(rowPlaceholders(instances)).prepare());
  const update = lazy(() =>
    db.update(instances).set(columnPlaceholders(changing)).where(and(hasId, stoodBefore)).prepare(),
  );
  const updateDefinition = lazy(() =>
    db.update(instances).set(columnPlaceholders({ definitionHash })).where(hasId).prepare(),
  );

  function sealed(instance: Instance) {
    const row = instanceToRow(instance);
    return Object.assign(row, { stateHash: stateHash.ofRow(row) });
  }

  return {
    find(instanceId: string): Instance | undefined {
      const row = select().get({ instanceId });
      return row && instanceFromRow(row);
    },

    insert(instance: Instance): void {
      insert().run(sealed(instance));
    },

    /**
     * Compare and swap; leaves the pinned definition as it is.
     *
     * @returns false, with nothing changed, unless the instance stood at the revision before
     */
    move(instance: Instance): boolean {
      return update().run(sealed(instance)).changes === 1;
    },

    /** Pins another definition. Apart from `move`, which would else check the foreign key at every step. */
    pin({ instanceId, definitionHash }: Instance): void {
      updateDefinition().run({ instanceId, definitionHash });
    },
  };
}

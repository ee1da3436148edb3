import { eq, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { PinnedDefinition } from '../../domain/definition.ts';
import { lazy } from './lazy.ts';
import { rowPlaceholders } from './placeholders.ts';
import { definitionFromRow, definitionToRow } from './rows.ts';
import { workflowDefinitions as definitions } from './schema.ts';

/** The statements of `workflow_definitions`, prepared when first used. */
export function createDefinitionTable(db: BetterSQLite3Database) {
  const hasHash = eq(definitions.definitionHash, sql.placeholder('hash'));
  const select = lazy(() => db.select().from(definitions).where(hasHash).prepare());
  const exists = lazy(() =>
    db.select({ hash: definitions.definitionHash }).from(definitions).where(hasHash).prepare(),
  );
  const insert = lazy(() => db.insert(definitions).values(rowPlaceholders(definitions)).prepare());

  return {
    find(hash: string): PinnedDefinition | undefined {
      const row = select().get({ hash });
      return row && definitionFromRow(row);
    },

    /** Stores the definition, unless it is there already. Call it within a transaction. */
    keep(pinned: PinnedDefinition, createdAt: string): void {
      // Looking first spares turning up to 4 MiB into text at every start.
      if (exists().get({ hash: pinned.hash }) === undefined) insert().run(definitionToRow(pinned, createdAt));
    },
  };
}

import { eq, getTableColumns, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { type CircuitBreaker, CLOSED_BREAKER } from '../../domain/circuit-breaker.ts';
import { lazy } from './lazy.ts';
import { columnPlaceholders, rowPlaceholders } from './placeholders.ts';
import { breakerFromRow, breakerToRow } from './task-rows.ts';
import { circuitBreakers as breakers } from './task-schema.ts';

/** The statements of `circuit_breakers` for the breaker of this name, prepared when first used. */
export function createBreakerTable(db: BetterSQLite3Database, name: string) {
  const { name: _name, ...changing } = getTableColumns(breakers);
  const select = lazy(() =>
    db
      .select()
      .from(breakers)
      .where(eq(breakers.name, sql.placeholder('name')))
      .prepare(),
  );
  const upsert = lazy(() =>
    db
      .insert(breakers)
      .values(rowPlaceholders(breakers))
      .onConflictDoUpdate({ target: breakers.name, set: columnPlaceholders(changing) })
      .prepare(),
  );

  return {
    find(): CircuitBreaker {
      const row = select().get({ name });
      return row === undefined ? CLOSED_BREAKER : breakerFromRow(row);
    },

    keep(breaker: CircuitBreaker): void {
      upsert().run({ name, ...breakerToRow(breaker) });
    },
  };
}

import { type Column, getTableColumns, type Placeholder, type SQL, sql } from 'drizzle-orm';
import type { SQLiteTable } from 'drizzle-orm/sqlite-core';

/** The values of a prepared INSERT: one placeholder per column, named like the member of the row. */
export function rowPlaceholders<Table extends SQLiteTable>(table: Table) {
  const names = Object.keys(getTableColumns(table));
  return Object.fromEntries(names.map((name) => [name, sql.placeholder(name)])) as {
    [Name in keyof Table['$inferSelect'] & string]: Placeholder<Name>;
  };
}

/** The values of a prepared UPDATE: a placeholder for each of these columns, encoded as the column is. */
export function columnPlaceholders<Name extends string>(columns: Record<Name, Column>): Record<Name, SQL> {
  const entries = Object.entries<Column>(columns);
  return Object.fromEntries(
    entries.map(([name, column]) => [name, sql`${sql.param(sql.placeholder(name), column)}`]),
  ) as Record<Name, SQL>;
}

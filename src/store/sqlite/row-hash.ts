import { hash } from 'node:crypto';
import { type Column, getTableColumns } from 'drizzle-orm';
import type { SQLiteTable } from 'drizzle-orm/sqlite-core';

/**
 * What tells whether a row still is what was written: SQLite checks how a page is built, but not what is in it.
 * It finds accidents; whoever can write to the file can also write a hash that fits.
 */
export interface RowHash {
  /** The names of the columns that are hashed, as the table has them. */
  readonly columnNames: readonly string[];
  /** The hash of a row that is about to be written, by the names of the domain. */
  ofRow(row: Readonly<Record<string, unknown>>, previous?: string): string;
  /** The hash of what SQLite holds, by the names of the table. */
  ofStored(stored: Readonly<Record<string, unknown>>, previous?: string): string;
}

/** 132 bits, and no length that a single bit in the header of a row can turn into that of an empty text. */
const HASH_CHARS = 22;

/**
 * @param seal the column that will hold the hash
 * @param without more columns that are not hashed
 */
export function createRowHash(table: SQLiteTable, seal: string, without: readonly string[] = []): RowHash {
  const columns = Object.entries<Column>(getTableColumns(table)).filter(
    ([member]) => member !== seal && !without.includes(member),
  );
  // Values that are absent are left out, so that a column that comes with a later version leaves old hashes valid.
  return {
    columnNames: columns.map(([, column]) => column.name),
    ofRow(row, previous = '') {
      const parts: unknown[] = [previous];
      for (const [member, column] of columns) {
        const value = row[member] ?? null;
        if (value !== null) parts.push(column.name, column.mapToDriverValue(value));
      }
      return digest(parts);
    },
    ofStored(stored, previous = '') {
      const parts: unknown[] = [previous];
      for (const [, { name }] of columns) {
        const value = stored[name] ?? null;
        if (value !== null) parts.push(name, value);
      }
      return digest(parts);
    },
  };
}

function digest(parts: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url').slice(0, HASH_CHARS);
}

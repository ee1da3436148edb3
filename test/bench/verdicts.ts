import { BARS, type Bar, type BarName, reaches } from './bars.ts';
import type { Cell, Table } from './measurement.ts';

/** What became of one promise. */
export interface Verdict {
  readonly row: string;
  readonly figure: string;
  readonly value: number;
  readonly bar: Bar;
  readonly reached: boolean;
}

/** Whether a figure reaches its bar; undefined where none applies. */
export function verdictOf(bar: BarName | undefined, cell: Cell): boolean | undefined {
  return bar === undefined || typeof cell !== 'number' ? undefined : reaches(cell, BARS[bar]);
}

/** One for every figure of a table that a bar applies to. */
export function verdictsOf({ columns, rows }: Table): readonly Verdict[] {
  return rows.flatMap(({ label, cells }) =>
    columns.flatMap(({ title, bar }, index) => {
      const value = cells[index];
      if (bar === undefined || typeof value !== 'number') return [];
      return [{ row: label, figure: title, value, bar: BARS[bar], reached: reaches(value, BARS[bar]) }];
    }),
  );
}

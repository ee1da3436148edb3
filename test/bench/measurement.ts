import type { BarName } from './bars.ts';
import type { HelloServers } from './hello-servers.ts';

/** One thing that is measured: a name for `--only`, and the work. */
export interface Measurement {
  readonly name: string;
  run(context: BenchContext): Promise<Table>;
}

export interface BenchContext {
  /** Fewer rounds and smaller inputs: good for seeing that everything runs, not for judging speed. */
  readonly quick: boolean;
  /** A new folder on the disk of the project; in memory, a durable commit would cost nothing. */
  newFolder(): Promise<string>;
  /** Built when first asked for. */
  helloServers(): Promise<HelloServers>;
}

/** What came out: rows of figures, some columns with a bar. */
export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly notes?: readonly string[];
}

export interface Column {
  readonly title: string;
  /** After the decimal point. */
  readonly digits: number;
  readonly bar?: BarName;
}

export interface Row {
  readonly label: string;
  /** One per column; undefined where the column says nothing about this row. */
  readonly cells: readonly Cell[];
}

/** A figure; a number in a column with a bar is judged by it. */
export type Cell = number | Reference | undefined;

/** A figure to compare others with, which no bar applies to. */
export interface Reference {
  readonly reference: number;
}

export function reference(value: number): Reference {
  return { reference: value };
}

/** The number in a cell, judged or not. */
export function figureOf(cell: Cell): number | undefined {
  return typeof cell === 'object' ? cell.reference : cell;
}

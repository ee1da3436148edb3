import { plain, type Terminal } from './terminal.ts';

const GAP = '  ';

export interface TableParams {
  readonly header: readonly string[];
  /** One line each; line breaks in cells become spaces. */
  readonly rows: readonly (readonly string[])[];
}

/** Prints aligned columns under a bold header; on a terminal, lines end at its edge. */
export function printTable(terminal: Terminal, { header, rows }: TableParams): void {
  const cells = rows.map((row) => row.map((cell) => plain(cell).replace(/\s+/g, ' ').trim()));
  const widths = header.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) => {
    const text = row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(GAP)
      .trimEnd();
    return cut(text, terminal.columns);
  };
  terminal.print(terminal.bold(line(header)));
  for (const row of cells) terminal.print(line(row));
}

function cut(text: string, columns = Number.POSITIVE_INFINITY): string {
  return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
}

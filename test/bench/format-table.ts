import { BARS } from './bars.ts';
import { type Cell, type Column, figureOf, type Table } from './measurement.ts';
import { verdictOf } from './verdicts.ts';

const SIGNS = { 'at least': '≥', 'at most': '≤', below: '<' } as const;

/** A table for people: titles, bars, and a mark at each figure that a bar applies to. */
export function formatTable({ title, columns, rows, notes = [] }: Table): string {
  const lines = [
    ['', ...columns.map((column) => `${column.title}  `)],
    ...(columns.some(({ bar }) => bar) ? [['bar', ...columns.map((column) => `${barText(column)}  `)]] : []),
    ...rows.map(({ label, cells }) => [
      label,
      ...columns.map((column, index) => cellText(column, cells[index])),
    ]),
  ];
  const widths = ['', ...columns].map((_, index) =>
    Math.max(...lines.map((line) => line[index]?.length ?? 0)),
  );
  const aligned = lines.map((line) =>
    line.map((text, index) =>
      index === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[index] ?? 0),
    ),
  );
  return [
    title,
    ...aligned.map((line) => `  ${line.join('  ').trimEnd()}`),
    ...notes.map((note) => `  (${note})`),
  ].join('\n');
}

function barText({ bar, digits }: Column): string {
  if (bar === undefined) return '';
  const { is, value } = BARS[bar];
  return `${SIGNS[is]} ${numberText(value, digits)}`;
}

function cellText(column: Column, cell: Cell): string {
  const value = figureOf(cell);
  if (value === undefined) return '';
  const verdict = verdictOf(column.bar, cell);
  const mark = verdict === undefined ? ' ' : verdict ? '✓' : '✗';
  return `${numberText(value, column.digits)} ${mark}`;
}

function numberText(value: number, digits: number): string {
  if (Number.isNaN(value)) return '-';
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** Leads from a place in generated code to the place in the source that it was made from. */
export type SourceMap = (generated: Position) => Position;

interface Segment {
  readonly generatedColumn: number;
  readonly sourceLine: number;
  readonly sourceColumn: number;
}

/** Reads the `mappings` of a source map with one source; only when a place is asked for. */
export function createSourceMap(mappings: string): SourceMap {
  let lines: readonly (readonly Segment[])[] | undefined;
  return ({ line, column }) => {
    lines ??= decode(mappings);
    const segment = lines[line - 1]?.findLast(({ generatedColumn }) => generatedColumn < column);
    if (segment === undefined) return { line, column };
    return { line: segment.sourceLine + 1, column: segment.sourceColumn + 1 };
  };
}

function decode(mappings: string): readonly (readonly Segment[])[] {
  // Every number is the difference to the one before; those of the source go on across lines.
  let sourceLine = 0;
  let sourceColumn = 0;
  return mappings.split(';').map((line) => {
    let generatedColumn = 0;
    const segments: Segment[] = [];
    for (const field of line.split(',')) {
      const [columns, , lines, sourceColumns] = numbersOf(field);
      if (columns === undefined || lines === undefined || sourceColumns === undefined) continue;
      generatedColumn += columns;
      sourceLine += lines;
      sourceColumn += sourceColumns;
      segments.push({ generatedColumn, sourceLine, sourceColumn });
    }
    return segments;
  });
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base 64 VLQ: five bits a digit, the lowest first; the sixth says that more follow, the very first is the sign. */
function numbersOf(field: string): readonly number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const character of field) {
    const digit = DIGITS.indexOf(character);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}

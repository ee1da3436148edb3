import type { Place } from './diagnostic.ts';

/** One file of a workflow, as it is on disk. */
export interface TextFile {
  /** Absolute, as it was asked for: symbolic links are not resolved. */
  readonly path: string;
  readonly realPath: string;
  /** Relative to the workflows folder, with forward slashes. */
  readonly display: string;
  /** Without a byte order mark. */
  readonly text: string;
  readonly hasByteOrderMark: boolean;
  /** Line and column of an offset in UTF-16 units. */
  place(offset: number): Place;
}

export function createTextFile(facts: Omit<TextFile, 'place'>): TextFile {
  let lineStarts: readonly number[] | undefined;
  return {
    ...facts,
    place(offset) {
      lineStarts ??= lineStartsOf(facts.text);
      let low = 0;
      let high = lineStarts.length - 1;
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if ((lineStarts[middle] ?? 0) <= offset) low = middle;
        else high = middle - 1;
      }
      return { line: low + 1, column: offset - (lineStarts[low] ?? 0) + 1 };
    },
  };
}

/** A line ends with LF, CRLF or CR. */
function lineStartsOf(text: string): readonly number[] {
  return [0, ...[...text.matchAll(/\r\n|\r|\n/g)].map((end) => end.index + end[0].length)];
}

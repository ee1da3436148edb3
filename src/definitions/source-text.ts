import type { Diagnostic, Place } from './diagnostic.ts';
import type { TextFile } from './text-file.ts';

/** A stretch of a text, and where it was read from. */
export interface SourcePiece {
  readonly text: string;
  readonly file: TextFile;
  /** Where the stretch starts in the file, in UTF-16 units. */
  readonly offset: number;
}

/** A text that was put together from files, and still knows where each part of it is from. */
export interface SourceText {
  readonly text: string;
  /** The file that an offset in the text is from. */
  fileAt(offset: number): TextFile;
  /** File, line and column of an offset in the text. */
  locate(offset: number): { readonly file: string; readonly place: Place };
}

export function joinPieces(pieces: readonly SourcePiece[], file: TextFile): SourceText {
  const starts: number[] = [];
  let length = 0;
  for (const piece of pieces) {
    starts.push(length);
    length += piece.text.length;
  }
  function pieceAt(offset: number): { readonly piece: SourcePiece; readonly start: number } {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { piece: pieces[low] ?? { text: '', file, offset: 0 }, start: starts[low] ?? 0 };
  }
  return {
    text: pieces.map((piece) => piece.text).join(''),
    fileAt: (offset) => pieceAt(offset).piece.file,
    locate(offset) {
      const { piece, start } = pieceAt(offset);
      return {
        file: piece.file.display,
        place: piece.file.place(piece.offset + Math.min(offset - start, piece.text.length)),
      };
    },
  };
}

/** Everything but the place, which the source text knows. */
export type Finding = Pick<Diagnostic, 'ruleId' | 'severity' | 'message'>;

export function diagnosticAt(source: SourceText, offset: number, finding: Finding): Diagnostic {
  return { ...finding, ...source.locate(offset) };
}

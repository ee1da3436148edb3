import type { Diagnostic } from './diagnostic.ts';
import { unreadableFinding } from './read-problems.ts';
import type { ReadOutcome } from './read-text-file.ts';
import { resolveRelative } from './relative-path.ts';
import { type Finding, joinPieces, type SourcePiece, type SourceText } from './source-text.ts';
import type { TextFile } from './text-file.ts';

/** What all files of one workflow may still use up together. */
export interface IncludeBudget {
  bytesLeft: number;
  includesLeft: number;
}

export interface ExpandIncludesParams {
  readonly file: TextFile;
  /** Where the text starts in the file: what stands before it (front matter) is left alone. */
  readonly from: number;
  readonly depthMax: number;
  readonly budget: IncludeBudget;
  readonly read: (path: string) => Promise<ReadOutcome>;
}

export interface ExpandedText {
  readonly source: SourceText;
  readonly diagnostics: readonly Diagnostic[];
}

/** A backslash in front of the braces keeps them as they are, for texts that explain includes. */
const INCLUDE = /(\\?)\{\{\s*file:([^{}\r\n]+)\}\}/g;

/**
 * Puts the files in the place of each `{{file:relative/path.md}}`, byte for byte, wherever it stands: code
 * blocks are no exception. Paths are relative to the file that names them. `\{{file:...}}` stays, without its
 * backslash. An include that fails leaves nothing in its place, and an error.
 */
export async function expandIncludes(params: ExpandIncludesParams): Promise<ExpandedText> {
  const { file, from, depthMax, budget, read } = params;
  const pieces: SourcePiece[] = [];
  const diagnostics: Diagnostic[] = [];

  /** @returns false where the budget is used up: nothing that follows is read any more */
  function append(piece: SourcePiece): boolean {
    budget.bytesLeft -= Buffer.byteLength(piece.text);
    if (budget.bytesLeft < 0) return report(piece.file, piece.offset, tooLarge);
    if (piece.text !== '') pieces.push(piece);
    return true;
  }

  function report(current: TextFile, offset: number, finding: Finding): false {
    diagnostics.push({ ...finding, file: current.display, place: current.place(offset) });
    return false;
  }

  async function readIncluded(written: string, lineage: readonly TextFile[]): Promise<TextFile | Finding> {
    const resolved = resolveRelative(lineage.at(-1)?.path ?? file.path, written);
    if (!resolved.ok) return error('include-path', `${resolved.problem}.`);
    const outcome = await read(resolved.path);
    if (!outcome.ok) return unreadableFinding('include', written, outcome.problem);
    if (lineage.some((parent) => parent.realPath === outcome.file.realPath)) {
      const circle = [...lineage, outcome.file].map((each) => each.display).join(' -> ');
      return error('include-cycle', `Unexpected include of a file into itself: ${circle}.`);
    }
    if (lineage.length > depthMax)
      return error('include-depth', `Unexpected include more than ${depthMax} files deep.`);
    return outcome.file;
  }

  /** @returns as {@link append} */
  async function expand(lineage: readonly TextFile[], current: TextFile, start: number): Promise<boolean> {
    let position = start;
    for (const match of current.text.slice(start).matchAll(INCLUDE)) {
      const [whole, backslash, path = ''] = match;
      const at = start + match.index;
      const isEscaped = backslash !== '';
      const before = current.text.slice(position, at);
      if (!append({ text: before, file: current, offset: position })) return false;
      position = isEscaped ? at + 1 : at + whole.length;
      if (isEscaped) continue;
      budget.includesLeft -= 1;
      if (budget.includesLeft < 0) return report(current, at, tooLarge);
      const ancestors = [...lineage, current];
      const included = await readIncluded(path.trim(), ancestors);
      if ('ruleId' in included) report(current, at, included);
      else if (!(await expand(ancestors, included, 0))) return false;
    }
    return append({ text: current.text.slice(position), file: current, offset: position });
  }

  if (budget.bytesLeft >= 0 && budget.includesLeft >= 0) await expand([], file, from);
  return { source: joinPieces(pieces, file), diagnostics };
}

function error(ruleId: string, message: string): Finding {
  return { ruleId, severity: 'error', message };
}

const tooLarge = error(
  'definition-too-large',
  'The workflow with all its includes is too large to be read. Make it smaller, or split it.',
);

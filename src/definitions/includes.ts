import type { Diagnostic } from './diagnostic.ts';
import type { ReadOutcome, ReadProblem } from './read-text-file.ts';
import { resolveRelative } from './relative-path.ts';
import { joinPieces, type SourcePiece, type SourceText } from './source-text.ts';
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
const INCLUDE = /(\\?)\{\{\s*file:([^{}\r\n]{1,1024})\}\}/g;

/**
 * Puts the files in the place of each `{{file:relative/path.md}}`, byte for byte, wherever it stands: code
 * blocks are no exception. Paths are relative to the file that names them. `\{{file:...}}` stays, without its
 * backslash. An include that fails leaves nothing in its place, and an error.
 */
export async function expandIncludes(params: ExpandIncludesParams): Promise<ExpandedText> {
  const { file, from, depthMax, budget, read } = params;
  const pieces: SourcePiece[] = [];
  const diagnostics: Diagnostic[] = [];

  function append(piece: SourcePiece): boolean {
    budget.bytesLeft -= Buffer.byteLength(piece.text);
    if (piece.text !== '' && budget.bytesLeft >= 0) pieces.push(piece);
    return budget.bytesLeft >= 0;
  }

  /** @returns false where the budget is used up: nothing that follows is read any more */
  async function expand(current: TextFile, start: number, parents: readonly TextFile[]): Promise<boolean> {
    let position = start;
    INCLUDE.lastIndex = 0;
    for (const match of current.text.slice(start).matchAll(INCLUDE)) {
      const at = start + match.index;
      const end = at + match[0].length;
      const before = { text: current.text.slice(position, at), file: current, offset: position };
      position = end;
      const report = (ruleId: string, message: string) =>
        diagnostics.push({
          ruleId,
          severity: 'error',
          file: current.display,
          place: current.place(at),
          message,
        });
      if (!append(before)) return overBudget(report);
      if (match[1] !== '') {
        if (!append({ text: match[0].slice(1), file: current, offset: at + 1 })) return overBudget(report);
        continue;
      }
      budget.includesLeft -= 1;
      if (budget.includesLeft < 0) return overBudget(report);
      const written = match[2]?.trim() ?? '';
      const resolved = resolveRelative(current.path, written);
      if (!resolved.ok) {
        report('include-path', `${resolved.problem}.`);
        continue;
      }
      const outcome = await read(resolved.path);
      if (!outcome.ok) {
        report(INCLUDE_RULES[outcome.problem], includeProblem(outcome.problem, written));
        continue;
      }
      const lineage = [...parents, current];
      if (lineage.some((parent) => parent.realPath === outcome.file.realPath)) {
        const circle = [...lineage, outcome.file].map((each) => each.display).join(' -> ');
        report('include-cycle', `Unexpected include of a file into itself: ${circle}.`);
        continue;
      }
      if (lineage.length > depthMax) {
        report('include-depth', `Unexpected include more than ${depthMax} files deep.`);
        continue;
      }
      if (!(await expand(outcome.file, 0, lineage))) return false;
    }
    const rest = { text: current.text.slice(position), file: current, offset: position };
    if (append(rest)) return true;
    return overBudget((ruleId, message) =>
      diagnostics.push({ ruleId, severity: 'error', file: current.display, message }),
    );
  }

  if (budget.bytesLeft >= 0 && budget.includesLeft >= 0) await expand(file, from, []);
  return { source: joinPieces(pieces, file), diagnostics };
}

function overBudget(report: (ruleId: string, message: string) => unknown): false {
  report(
    'definition-too-large',
    'The workflow with all its includes is too large to be read. Make it smaller, or split it.',
  );
  return false;
}

const INCLUDE_RULES: Readonly<Record<ReadProblem, string>> = {
  missing: 'include-missing',
  outside: 'include-outside',
  'not-a-file': 'include-unreadable',
  'too-large': 'file-too-large',
  'not-text': 'file-not-text',
  unreadable: 'include-unreadable',
};

function includeProblem(problem: ReadProblem, written: string): string {
  switch (problem) {
    case 'missing':
      return `Unexpected include of "${written}": there is no such file.`;
    case 'outside':
      return `Unexpected include of "${written}": it lies outside the workflows folder.`;
    case 'not-a-file':
      return `Unexpected include of "${written}": it is not a regular file.`;
    case 'too-large':
      return `Unexpected include of "${written}": the file is too large.`;
    case 'not-text':
      return `Unexpected include of "${written}": it is not UTF-8 text.`;
    case 'unreadable':
      return `Unexpected include of "${written}": it cannot be read.`;
  }
}

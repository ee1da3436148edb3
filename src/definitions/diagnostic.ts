export type Severity = 'error' | 'warning';

/** Where in a file, counted from 1, as editors do. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One problem of a workflow's files: data, not an exception. */
export interface Diagnostic {
  /** kebab-case; the name of the rule that found it. */
  readonly ruleId: string;
  readonly severity: Severity;
  /** Relative to the workflows folder, with forward slashes. */
  readonly file: string;
  readonly place?: Place;
  /** "Unexpected X, expected Y", or what else is wrong and what to do. */
  readonly message: string;
}

/** `file:line:column: severity message [rule-id]`, the form that editors and terminals turn into links. */
export function formatDiagnostic({ file, place, severity, message, ruleId }: Diagnostic): string {
  const position = place === undefined ? '' : `:${place.line}:${place.column}`;
  return `${file}${position}: ${severity} ${message} [${ruleId}]`;
}

/** In the order of files and places, so that the same problems always come in the same order. */
export function compareDiagnostics(one: Diagnostic, other: Diagnostic): number {
  return (
    compare(one.file, other.file) ||
    (one.place?.line ?? 0) - (other.place?.line ?? 0) ||
    (one.place?.column ?? 0) - (other.place?.column ?? 0) ||
    compare(one.ruleId, other.ruleId) ||
    compare(one.message, other.message)
  );
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

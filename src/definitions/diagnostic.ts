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

import type { Diagnostic, Severity } from '../diagnostic.ts';
import type { ParsedWorkflow } from '../workflow-files.ts';

/** What there is to know about a kind of problem; the reference of rules is made from this. */
export interface RuleInfo {
  /** kebab-case; what diagnostics carry. */
  readonly ruleId: string;
  readonly severity: Severity;
  /** What is wrong, in one sentence. */
  readonly summary: string;
  /** What to do about it, in one or two sentences. */
  readonly advice: string;
}

/** A workflow that loads without errors, and what the rules need to know beyond it. */
export interface LintSubject extends ParsedWorkflow {
  /** Markdown files beside the step files that no step is in and no file includes; relative to the workflows folder. */
  readonly unlistedFiles: readonly string[];
}

/** A check of a whole workflow. */
export interface Rule extends RuleInfo {
  check(subject: LintSubject): readonly Diagnostic[];
}

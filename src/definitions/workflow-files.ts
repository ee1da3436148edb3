import type { Definition, Step } from '../domain/definition.ts';
import type { SourceFile } from './definitions.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { FileSignature } from './file-signature.ts';
import type { SourceText } from './source-text.ts';

/** What makes a folder a workflow. */
export const INDEX_FILE = 'index.md';

/** A step as it was read, with the places of its parts. */
export interface ParsedStep {
  readonly step: Step;
  readonly source: SourceText;
  /** Where the parts start in the source, in UTF-16 units. */
  readonly guidanceAt: number;
  /** Of the Client Instructions, or of the script in their place. */
  readonly instructionsAt: number;
  /** Where the link to the step stands in the index. */
  readonly linkAt: number;
  /** Absolute path of the step file. */
  readonly path: string;
}

/** A workflow without errors, with the places of its parts: what rules look at. */
export interface ParsedWorkflow {
  readonly definition: Definition;
  readonly index: SourceText;
  readonly steps: readonly ParsedStep[];
}

/** Everything that reading one workflow folder came to. */
export interface WorkflowReading {
  readonly name: string;
  /** In the order of files and places. */
  readonly diagnostics: readonly Diagnostic[];
  /** Absent where there is an error. */
  readonly parsed?: ParsedWorkflow;
  readonly sources: readonly SourceFile[];
  /** Every path that was looked at, whether there was a file or not. */
  readonly signatures: readonly FileSignature[];
}

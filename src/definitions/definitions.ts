import type { PinnedDefinition } from '../domain/definition.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import type { Page } from '../domain/page.ts';
import type { Diagnostic } from './diagnostic.ts';

/** What the files of one workflow amount to now. */
export type LoadedWorkflow =
  | {
      readonly name: string;
      readonly usable: true;
      readonly pinned: PinnedDefinition;
      /** `index.md` and the step files as they are on disk, for readers: index first, then steps in order. */
      readonly sources: readonly SourceFile[];
      readonly diagnostics: readonly Diagnostic[];
    }
  | { readonly name: string; readonly usable: false; readonly diagnostics: readonly Diagnostic[] };

export interface SourceFile {
  /** Relative to the workflow's folder, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface WorkflowNamesChange {
  /** Workflows that appeared, changed or vanished. */
  readonly names: readonly string[];
}

/** The workflow folders: the earlier one wins where two hold the same name. */
export interface Definitions {
  /** Names of all workflows, sorted; cheap, nothing is parsed. */
  names(): Promise<readonly string[]>;

  /** A page of workflows in the order of their names; broken ones with their errors. */
  list(page: { readonly limit: number; readonly cursor?: string }): Promise<Page<LoadedWorkflow>>;

  /** One workflow as its files are now; read again only if one of them changed. Undefined: no such folder. */
  find(name: string): Promise<LoadedWorkflow | undefined>;

  /** Calls back when a change was noticed. Returns the way to stop it. */
  onChange(listener: (change: WorkflowNamesChange) => void): () => void;

  close(): Promise<void>;
}

/** The result of one `when`. */
export type ConditionResult =
  | { readonly ok: true; readonly value: boolean }
  /** It could not be evaluated, or is not a boolean; counts as not true. */
  | { readonly ok: false; readonly problem: string };

/** The language of `transitions[].when`: CEL over `report`, `context` and `visits`. */
export interface Conditions {
  evaluate(
    expression: string,
    variables: {
      readonly report: JsonObject;
      readonly context: JsonObject;
      readonly visits: Readonly<Record<string, number>>;
    },
  ): ConditionResult;
}

/** JSON Schema 2020-12, for `inputs` and `report_schema`. */
export interface Schemas {
  /** What is wrong with the value, one sentence each, with the place in it; empty if nothing is. */
  problems(schema: JsonObject, value: JsonValue): readonly string[];
}

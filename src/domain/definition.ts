import type { JsonObject } from './json.ts';

/** The reserved name of the end of every workflow. */
export const FINISH = 'FINISH';

/** One declared way out of a step. */
export interface Transition {
  /** A canonical step name of the same workflow, or FINISH. */
  readonly to: string;
  /** A CEL expression over `report`, `context` and `visits`; see {@link defaultTarget} for those without. */
  readonly when?: string;
}

/** One step of a workflow, with every include expanded. */
export interface Step {
  /** The canonical name: the link text in `index.md`. */
  readonly name: string;
  /** The file's name without folder and `.md`. */
  readonly fileStem: string;
  /** The step file's first heading, where it has one that is not a section. */
  readonly heading?: string;
  readonly goal?: string;
  /** Orchestrator Guidance, byte for byte: for whoever decides. */
  readonly guidance: string;
  /** Client Instructions, byte for byte, templates not yet filled in: for the client. Empty where there is a script. */
  readonly instructions: string;
  /** TypeScript or JavaScript: the server carries the step out by it, and what it returns is the report. */
  readonly script?: string;
  readonly transitions?: readonly Transition[];
  /** JSON Schema (2020-12) of the report's `result`. */
  readonly reportSchema?: JsonObject;
  readonly maxVisits?: number;
}

/** A whole workflow as it stood when it was read: plain data, so that it can be hashed and stored. */
export interface Definition {
  readonly name: string;
  readonly description?: string;
  readonly version?: string;
  readonly tags?: readonly string[];
  /** JSON Schema (2020-12) of the start context. */
  readonly inputs?: JsonObject;
  /** Everything in `index.md` but the front matter and the step list. */
  readonly goal: string;
  /** At least one; the first one starts the workflow. */
  readonly steps: readonly Step[];
}

/** A definition and the hash of its content: what an instance is pinned to. */
export interface PinnedDefinition {
  /** SHA-256 of the canonical JSON of the definition, in hex. */
  readonly hash: string;
  readonly definition: Definition;
}

export function findStep(definition: Definition, name: string): Step | undefined {
  return definition.steps.find((step) => step.name === name);
}

/**
 * Where a step leads if no condition is true: to the only one of its transitions that has none. Several without a
 * condition are a choice, which the decider makes.
 */
export function defaultTarget(transitions: readonly Transition[]): string | undefined {
  const [only, ...others] = transitions.filter(({ when }) => when === undefined);
  return others.length === 0 ? only?.to : undefined;
}

/** Where a step may lead, whoever decides: what it declares, else every step and FINISH. */
export function allowedNextSteps(definition: Definition, step: Step): readonly string[] {
  const names =
    step.transitions === undefined
      ? [...definition.steps.map((other) => other.name), FINISH]
      : step.transitions.map((transition) => transition.to);
  return [...new Set(names)];
}

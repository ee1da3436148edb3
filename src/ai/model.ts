import type { Decider, DecisionRecord } from '../domain/decision.ts';
import type { Definition, Step } from '../domain/definition.ts';
import type { HistoryEntry } from '../domain/history.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Report } from '../domain/report.ts';

/** Everything that a model may know in order to decide. */
export interface DecisionRequest {
  /** `advance`: which step follows the reported one. `reconcile`: where a client that believes otherwise goes on. */
  readonly task: 'advance' | 'reconcile';
  readonly definition: Definition;
  /** The step that the instance stands on. */
  readonly step: Step;
  /** The names that the decision may choose from: canonical step names, and FINISH where it is allowed. */
  readonly allowed: readonly string[];
  readonly context: JsonObject;
  readonly visits: Readonly<Record<string, number>>;
  readonly report?: Report;
  /** Only with `reconcile`: the step that the client believes to be the current one, as it wrote it. */
  readonly belief?: string;
  /** The `next_step_name` that the client asked for: a wish, not an order. */
  readonly wish?: string;
  /** The last few entries, the oldest first; empty for a model that does not read them. */
  readonly recentHistory: readonly HistoryEntry[];
}

export interface DecideOptions {
  /** Aborted when the caller gave up; the model stops and throws `CANCELLED`. */
  readonly signal?: AbortSignal;
}

/**
 * A decider that is asked: an LLM, or the stub.
 *
 * `decide` throws `AI_UNAVAILABLE`, `AI_TIMEOUT`, `AI_RATE_LIMITED`, `AI_MISCONFIGURED`, `AI_SAFETY_BLOCKED`,
 * `AI_INVALID_DECISION` or `CANCELLED`. Its retries stay inside its own budget. A decision that it returns is
 * valid: `nextStepName` is one of `allowed`, letter for letter.
 */
export interface Model {
  readonly decider: Exclude<Decider, 'transitions' | 'client'>;
  /** Whether it looks at `recentHistory`; where it does not, that is not read for it. */
  readonly readsHistory: boolean;
  decide(request: DecisionRequest, options?: DecideOptions): Promise<DecisionRecord>;
}

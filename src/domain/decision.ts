import type { JsonValue } from './json.ts';

export const DECIDERS = ['transitions', 'gemini', 'openai', 'sampling', 'client', 'stub'] as const;
/** Who decided. `transitions`: the definition itself, with no call to anyone. */
export type Decider = (typeof DECIDERS)[number];

export const STATUS_SUGGESTIONS = ['RUNNING', 'SUSPENDED', 'COMPLETED', 'FAILED'] as const;
export type StatusSuggestion = (typeof STATUS_SUGGESTIONS)[number];

export interface ContextEntry {
  readonly key: string;
  readonly value: JsonValue;
}

/** Which step comes next, and why. */
export interface Decision {
  /** One of the steps that the request allowed. */
  readonly nextStepName: string;
  readonly updatedContext: readonly ContextEntry[];
  readonly statusSuggestion?: StatusSuggestion;
  readonly reasoning?: string;
}

/** How a decision came about; kept in history with it. */
export interface DecisionRecord extends Decision {
  readonly decider: Decider;
  readonly candidates: readonly string[];
  readonly model?: string;
  readonly promptTokens?: number;
  readonly outputTokens?: number;
  readonly latencyMs?: number;
  /** SHA-256 of the prompt, in hex: equal prompts can be found without keeping them. */
  readonly promptHash?: string;
  /** How many requests the model got for it: retries and the repair request included. */
  readonly attempts?: number;
}

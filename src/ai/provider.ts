import type { JsonObject } from '../domain/json.ts';
import type { Model } from './model.ts';
import type { Prompt } from './prompt.ts';

export interface CompletionRequest extends Prompt {
  /** JSON Schema of the answer, for providers that can constrain it. */
  readonly schema: JsonObject;
  /** Aborts the HTTP request itself. */
  readonly signal: AbortSignal;
}

export interface Completion {
  /** What the model wrote; may be empty. */
  readonly text: string;
  /** Whether the answer ended at the model's output limit. */
  readonly truncated: boolean;
  readonly promptTokens?: number | undefined;
  /** Thoughts included: they are paid for as output. */
  readonly outputTokens?: number | undefined;
}

/**
 * One way to reach an LLM. `complete` sends a single request: what a failure means for the next one is
 * decided by its caller.
 *
 * Throws `AI_UNAVAILABLE`, `AI_RATE_LIMITED`, `AI_MISCONFIGURED` or `AI_SAFETY_BLOCKED`; once the signal has
 * been aborted, what it throws does not matter.
 */
export interface Provider {
  readonly decider: Model['decider'];
  readonly modelName: string;
  complete(request: CompletionRequest): Promise<Completion>;
}

import { Fault } from '../domain/errors.ts';
import type { JsonObject } from '../domain/json.ts';
import { type AttemptPolicy, completeWithRetries, startUsage, type Usage } from './attempts.ts';
import { adviseCaller, type Purpose } from './caller-advice.ts';
import { buildRepairPrompt, type Prompt } from './prompt.ts';
import { invalidDecision } from './provider-faults.ts';
import { type Reading, unusable } from './reading.ts';

/** What an LLM is asked, and how its answer is read. */
export interface Question<Value> {
  readonly purpose: Purpose;
  readonly prompt: Prompt;
  /** JSON Schema of the answer. */
  readonly schema: JsonObject;
  /** What a repair request says again of the answer, in one line. */
  readonly reminder?: string;
  read(text: string): Reading<Value>;
}

export interface AskParams<Value> {
  readonly policy: AttemptPolicy;
  readonly question: Question<Value>;
  /** Aborted when the caller gave up. */
  readonly signal: AbortSignal | undefined;
}

export interface Answer<Value> {
  readonly value: Value;
  /** What it took, retries and repair included. */
  readonly usage: Usage;
}

/**
 * Asks an LLM until its answer can be read. Within the budget, failures that pass by themselves are retried with
 * backoff (or after the wait that the provider asks for), and an answer that is not what was asked for is sent back
 * once for repair. Every failure that remains is a fault with an `AI_` code, or `CANCELLED`.
 */
export async function ask<Value>({ policy, question, signal }: AskParams<Value>): Promise<Answer<Value>> {
  const usage = startUsage(policy.clock);
  const { purpose, prompt, schema, reminder } = question;
  const request = async (asked: Prompt): Promise<Reading<Value>> => {
    const { text, truncated } = await completeWithRetries({ policy, usage, prompt: asked, schema, signal });
    return truncated ? unusable('it was cut off at the output limit; be brief.') : question.read(text);
  };
  try {
    const reading = await request(prompt);
    if (reading.ok) return { value: reading.value, usage };
    policy.logger.warn('The AI provider is asked to repair its answer', {
      provider: policy.provider.decider,
      problem: reading.problem,
    });
    const repaired = await request(buildRepairPrompt({ prompt, problem: reading.problem, reminder }));
    if (repaired.ok) return { value: repaired.value, usage };
    throw invalidDecision(policy.provider, repaired.problem);
  } catch (error) {
    throw error instanceof Fault ? adviseCaller(error, { purpose, attempts: usage.attempts }) : error;
  }
}

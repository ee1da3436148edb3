import type { DecisionRecord } from '../domain/decision.ts';
import { systemTimers, type Timers } from '../domain/timers.ts';
import { ask } from './ask.ts';
import type { AttemptPolicy } from './attempts.ts';
import { decisionSchema, readDecision } from './decision-schema.ts';
import type { Model } from './model.ts';
import { buildPrompt, promptHash } from './prompt.ts';

export interface LlmModelParams extends Omit<AttemptPolicy, 'timers'> {
  readonly timers?: Timers | undefined;
}

/** A decider that asks an LLM, as {@link ask} does. Every failure is one of the faults of {@link Model}. */
export function createLlmModel({ timers = systemTimers, ...rest }: LlmModelParams): Model {
  const policy = { timers, ...rest };
  const { provider, clock } = policy;
  return {
    decider: provider.decider,
    readsHistory: true,
    async decide(request, { signal } = {}): Promise<DecisionRecord> {
      const { allowed } = request;
      const prompt = buildPrompt(request);
      const { value, usage } = await ask({
        policy,
        question: {
          purpose: 'decision',
          prompt,
          schema: decisionSchema(allowed),
          reminder: `Allowed names: ${allowed.join(', ')}`,
          read: (text) => readDecision(text, allowed),
        },
        signal,
      });
      return {
        ...value,
        decider: provider.decider,
        candidates: allowed,
        model: provider.modelName,
        ...(usage.promptTokens === undefined ? {} : { promptTokens: usage.promptTokens }),
        ...(usage.outputTokens === undefined ? {} : { outputTokens: usage.outputTokens }),
        latencyMs: Math.round(clock.monotonicMs() - usage.startedMs),
        promptHash: promptHash(prompt),
        attempts: usage.attempts,
      };
    },
  };
}

import type { DecisionRecord } from '../domain/decision.ts';
import { Fault } from '../domain/errors.ts';
import { type AttemptPolicy, completeWithRetries, startUsage, type Usage } from './attempts.ts';
import { adviseCaller } from './caller-advice.ts';
import { type DecisionReading, decisionSchema, readDecision } from './decision-schema.ts';
import type { DecisionRequest, Model } from './model.ts';
import { buildPrompt, buildRepairPrompt, type Prompt, promptHash } from './prompt.ts';
import type { Completion } from './provider.ts';
import { invalidDecision } from './provider-faults.ts';
import { systemTimers, type Timers } from './timers.ts';

export interface LlmModelParams extends Omit<AttemptPolicy, 'timers'> {
  readonly timers?: Timers | undefined;
}

/**
 * A decider that asks an LLM. Within the budget, failures that pass by themselves are retried with backoff
 * (or after the wait that the provider asks for), and an answer that is no decision is sent back once for
 * repair. Every failure that remains is one of the faults of {@link Model}.
 */
export function createLlmModel({ timers = systemTimers, ...rest }: LlmModelParams): Model {
  const policy = { timers, ...rest };
  return {
    decider: policy.provider.decider,
    readsHistory: true,
    async decide(request, options = {}) {
      const usage = startUsage(policy.clock);
      try {
        return await decide({ policy, usage, request, signal: options.signal });
      } catch (error) {
        throw error instanceof Fault ? adviseCaller(error, usage.attempts) : error;
      }
    },
  };
}

interface DecideParams {
  readonly policy: AttemptPolicy;
  readonly usage: Usage;
  readonly request: DecisionRequest;
  readonly signal: AbortSignal | undefined;
}

async function decide({ policy, usage, request, signal }: DecideParams): Promise<DecisionRecord> {
  const { provider, clock, logger } = policy;
  const prompt = buildPrompt(request);
  const schema = decisionSchema(request.allowed);
  const ask = async (asked: Prompt): Promise<DecisionReading> =>
    readCompletion(
      await completeWithRetries({ policy, usage, prompt: asked, schema, signal }),
      request.allowed,
    );

  let reading = await ask(prompt);
  if (!reading.ok) {
    logger.warn('The decider is asked to repair its answer', {
      decider: provider.decider,
      problem: reading.problem,
    });
    reading = await ask(buildRepairPrompt(prompt, reading.problem, request.allowed));
  }
  if (!reading.ok) throw invalidDecision(provider, reading.problem);
  return {
    ...reading.decision,
    decider: provider.decider,
    candidates: request.allowed,
    model: provider.modelName,
    ...(usage.promptTokens === undefined ? {} : { promptTokens: usage.promptTokens }),
    ...(usage.outputTokens === undefined ? {} : { outputTokens: usage.outputTokens }),
    latencyMs: Math.round(clock.monotonicMs() - usage.startedMs),
    promptHash: promptHash(prompt),
    attempts: usage.attempts,
  };
}

function readCompletion({ text, truncated }: Completion, allowed: readonly string[]): DecisionReading {
  if (truncated) return { ok: false, problem: 'it was cut off at the output limit; be brief.' };
  return readDecision(text, allowed);
}

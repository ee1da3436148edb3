import type { Clock } from '../domain/clock.ts';
import type { DecisionRecord } from '../domain/decision.ts';
import { Fault, type FaultCode } from '../domain/errors.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Logger } from '../domain/logger.ts';
import { adviseCaller } from './caller-advice.ts';
import { type DecisionReading, decisionSchema, readDecision } from './decision-schema.ts';
import type { DecisionRequest, Model } from './model.ts';
import { buildPrompt, buildRepairPrompt, type Prompt, promptHash } from './prompt.ts';
import type { Completion, Provider } from './provider.ts';
import { cancelled, invalidDecision, timedOut } from './provider-faults.ts';
import { systemTimers, type Timers } from './timers.ts';

export interface LlmModelParams {
  readonly provider: Provider;
  readonly clock: Clock;
  /** Uniform in [0, 1); for jitter. */
  readonly random: () => number;
  /** Milliseconds for one decision, retries and repair included. */
  readonly budgetMs: number;
  readonly logger: Logger;
  readonly timers?: Timers;
}

/** Retries of one decision, whichever of its requests needs them. */
const RETRIES_MAX = 2;
const BACKOFF_MS = 500;
/** An attempt that may be retried gets this part of what is left of the budget; the last one gets all of it. */
const ATTEMPT_SHARE = 2 / 3;
/** A retry is not worth it with less than this part of the budget left. */
const LEFTOVER_SHARE = 0.05;
const RETRIED: readonly FaultCode[] = ['AI_UNAVAILABLE', 'AI_TIMEOUT', 'AI_RATE_LIMITED'];

/**
 * A decider that asks an LLM. Within the budget, failures that pass by themselves are retried with backoff
 * (or after the wait that the provider asks for), and an answer that is no decision is sent back once for
 * repair. Every failure that remains is one of the faults of {@link Model}.
 */
export function createLlmModel(params: LlmModelParams): Model {
  return {
    decider: params.provider.decider,
    async decide(request, options = {}) {
      const usage: Usage = { startedMs: params.clock.monotonicMs(), attempts: 0, retriesLeft: RETRIES_MAX };
      try {
        return await decide({ params, usage, request, signal: options.signal });
      } catch (error) {
        throw error instanceof Fault ? adviseCaller(error, usage.attempts) : error;
      }
    },
  };
}

/** What one decision has used up so far. */
interface Usage {
  readonly startedMs: number;
  attempts: number;
  retriesLeft: number;
  promptTokens?: number;
  outputTokens?: number;
}

interface DecideParams {
  readonly params: LlmModelParams;
  readonly usage: Usage;
  readonly request: DecisionRequest;
  readonly signal: AbortSignal | undefined;
}

async function decide({ params, usage, request, signal }: DecideParams): Promise<DecisionRecord> {
  const { provider, clock, logger } = params;
  const prompt = buildPrompt(request);
  const schema = decisionSchema(request.allowed);
  const ask = async (asked: Prompt): Promise<DecisionReading> =>
    readCompletion(
      await completeWithRetries({ params, prompt: asked, schema, usage, signal }),
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

interface AskParams {
  readonly params: LlmModelParams;
  readonly prompt: Prompt;
  readonly schema: JsonObject;
  readonly usage: Usage;
  readonly signal: AbortSignal | undefined;
}

async function completeWithRetries(ask: AskParams): Promise<Completion> {
  const { params, usage, signal } = ask;
  const timers = params.timers ?? systemTimers;
  for (;;) {
    try {
      return await attempt(ask);
    } catch (error) {
      const delayMs = retryDelayMs(error, ask);
      if (delayMs === undefined) throw error;
      usage.retriesLeft -= 1;
      const code = error instanceof Fault ? error.code : undefined;
      params.logger.warn('The decider failed and is asked again', {
        decider: params.provider.decider,
        code,
        delayMs,
      });
      await timers.sleep(delayMs, signal).catch((reason: unknown) => {
        throw signal?.aborted ? cancelled() : reason;
      });
    }
  }
}

/** How long to wait before the next attempt; undefined if there is none. */
function retryDelayMs(error: unknown, { params, usage }: AskParams): number | undefined {
  if (!(error instanceof Fault) || !RETRIED.includes(error.code) || usage.retriesLeft === 0) return undefined;
  const backoffMs = BACKOFF_MS * 2 ** (RETRIES_MAX - usage.retriesLeft) * (0.5 + params.random() / 2);
  const delayMs = Math.round(Math.max(backoffMs, error.retryAfterMs ?? 0));
  const leftMs = remainingMs(params, usage) - delayMs;
  return leftMs >= params.budgetMs * LEFTOVER_SHARE ? delayMs : undefined;
}

function remainingMs({ clock, budgetMs }: LlmModelParams, { startedMs }: Usage): number {
  return budgetMs - (clock.monotonicMs() - startedMs);
}

/** One request, ended by its share of the budget or by the caller, whichever comes first. */
async function attempt({ params, prompt, schema, usage, signal }: AskParams): Promise<Completion> {
  const { provider, budgetMs } = params;
  const leftMs = remainingMs(params, usage);
  if (signal?.aborted) throw cancelled();
  if (leftMs <= 0) throw timedOut(provider, budgetMs);
  const ended = new AbortController();
  const cancel = () => ended.abort(cancelled());
  signal?.addEventListener('abort', cancel, { once: true });
  const stopTimer = (params.timers ?? systemTimers).start(
    Math.ceil(usage.retriesLeft > 0 ? leftMs * ATTEMPT_SHARE : leftMs),
    () => ended.abort(timedOut(provider, budgetMs)),
  );
  usage.attempts += 1;
  try {
    // The race lets go of a provider that is slow to notice the abort.
    const completion = await Promise.race([
      provider.complete({ ...prompt, schema, signal: ended.signal }),
      rejectionOf(ended.signal),
    ]);
    addTokens(usage, completion);
    return completion;
  } catch (error) {
    throw ended.signal.aborted ? ended.signal.reason : error;
  } finally {
    stopTimer();
    signal?.removeEventListener('abort', cancel);
  }
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function addTokens(usage: Usage, { promptTokens, outputTokens }: Completion): void {
  if (promptTokens !== undefined) usage.promptTokens = (usage.promptTokens ?? 0) + promptTokens;
  if (outputTokens !== undefined) usage.outputTokens = (usage.outputTokens ?? 0) + outputTokens;
}

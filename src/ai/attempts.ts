import type { Clock } from '../domain/clock.ts';
import { Fault, type FaultCode } from '../domain/errors.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Logger } from '../domain/logger.ts';
import type { Timers } from '../domain/timers.ts';
import type { Prompt } from './prompt.ts';
import type { Completion, Provider } from './provider.ts';
import { cancelled, timedOut } from './provider-faults.ts';

/** Retries of one answer, whichever of its requests needs them. */
const RETRIES_MAX = 2;
const BACKOFF_MS = 500;
/** An attempt that may be retried gets this part of what is left of the budget; the last one gets all of it. */
const ATTEMPT_SHARE = 2 / 3;
/** A retry is not worth it with less than this part of the budget left. */
const LEFTOVER_SHARE = 0.05;
const RETRIED: readonly FaultCode[] = ['AI_UNAVAILABLE', 'AI_TIMEOUT', 'AI_RATE_LIMITED'];

export interface AttemptPolicy {
  readonly provider: Provider;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Uniform in [0, 1); for jitter. */
  readonly random: () => number;
  /** Milliseconds for one answer, retries and repair included. */
  readonly budgetMs: number;
  readonly logger: Logger;
}

/** What one answer has used up so far. */
export interface Usage {
  readonly startedMs: number;
  attempts: number;
  retriesLeft: number;
  promptTokens?: number;
  outputTokens?: number;
}

export function startUsage(clock: Clock): Usage {
  return { startedMs: clock.monotonicMs(), attempts: 0, retriesLeft: RETRIES_MAX };
}

export interface AttemptParams {
  readonly policy: AttemptPolicy;
  readonly usage: Usage;
  readonly prompt: Prompt;
  readonly schema: JsonObject;
  readonly signal: AbortSignal | undefined;
}

/** Sends a prompt until it is answered, or until a failure remains: then throws that. */
export async function completeWithRetries(params: AttemptParams): Promise<Completion> {
  const { policy, usage, signal } = params;
  for (;;) {
    try {
      return await attempt(params);
    } catch (error) {
      const delayMs = retryDelayMs(error, params);
      if (delayMs === undefined) throw error;
      usage.retriesLeft -= 1;
      const code = error instanceof Fault ? error.code : undefined;
      policy.logger.warn('The AI provider failed and is asked again', {
        provider: policy.provider.decider,
        code,
        delayMs,
      });
      await policy.timers.sleep(delayMs, signal).catch((reason: unknown) => {
        throw signal?.aborted ? cancelled() : reason;
      });
    }
  }
}

/** How long to wait before the next attempt; undefined if there is none. */
function retryDelayMs(error: unknown, { policy, usage }: AttemptParams): number | undefined {
  if (!(error instanceof Fault) || !RETRIED.includes(error.code) || usage.retriesLeft === 0) return undefined;
  const backoffMs = BACKOFF_MS * 2 ** (RETRIES_MAX - usage.retriesLeft) * (0.5 + policy.random() / 2);
  const delayMs = Math.round(Math.max(backoffMs, error.retryAfterMs ?? 0));
  const leftMs = remainingMs(policy, usage) - delayMs;
  return leftMs >= policy.budgetMs * LEFTOVER_SHARE ? delayMs : undefined;
}

function remainingMs({ clock, budgetMs }: AttemptPolicy, { startedMs }: Usage): number {
  return budgetMs - (clock.monotonicMs() - startedMs);
}

/** One request, ended by its share of the budget or by the caller, whichever comes first. */
async function attempt({ policy, usage, prompt, schema, signal }: AttemptParams): Promise<Completion> {
  const { provider, timers, budgetMs } = policy;
  const leftMs = remainingMs(policy, usage);
  if (signal?.aborted) throw cancelled();
  if (leftMs <= 0) throw timedOut(provider, budgetMs);
  const ended = new AbortController();
  const cancel = () => ended.abort(cancelled());
  signal?.addEventListener('abort', cancel, { once: true });
  const stopTimer = timers.start(Math.ceil(usage.retriesLeft > 0 ? leftMs * ATTEMPT_SHARE : leftMs), () =>
    ended.abort(timedOut(provider, budgetMs)),
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

import { type CircuitBreaker, CLOSED_BREAKER } from '../domain/circuit-breaker.ts';

export interface BreakerSettings {
  /** So many failures in a row open it. */
  readonly failuresInRowMax: number;
  /** Milliseconds from then until one attempt is let through on trial. */
  readonly cooldownMs: number;
}

/**
 * What an admitted attempt has to show for itself when it reports what came of it: undefined for one that was begun
 * while the breaker was closed, else when its trial expires, which tells one trial from the next.
 */
export type Trial = string | undefined;

export type BreakerAnswer =
  | { readonly admitted: true; readonly breaker: CircuitBreaker; readonly trial: Trial }
  | { readonly admitted: false; readonly breaker: CircuitBreaker; readonly retryAfterMs: number };

interface TrialTime {
  /** ISO-8601 UTC. */
  readonly now: string;
  /** Milliseconds after which a trial that is not heard of counts as lost, and another one is let through. */
  readonly trialMs: number;
}

/** Asks for an attempt: of all who ask a breaker whose cool-down is over, the first one gets the trial. */
export function admitAttempt(
  breaker: CircuitBreaker,
  { now, trialMs }: TrialTime,
  settings: BreakerSettings,
): BreakerAnswer {
  if (breaker.state === 'closed') return { admitted: true, breaker, trial: undefined };
  const waitMs = retryAfterMs(breaker, now, settings);
  if (waitMs > 0) return { admitted: false, breaker, retryAfterMs: waitMs };
  const trial = later(now, trialMs);
  return { admitted: true, trial, breaker: { ...breaker, state: 'half_open', trialExpiresAt: trial } };
}

/** Keeps a trial that still goes on from counting as lost; what it then has to show is its new `trialExpiresAt`. */
export function renewTrial(
  breaker: CircuitBreaker,
  { now, trialMs, trial }: TrialTime & { readonly trial: Trial },
): CircuitBreaker {
  return isOnTrial(breaker, trial) ? { ...breaker, trialExpiresAt: later(now, trialMs) } : breaker;
}

/** Milliseconds until it lets an attempt through; 0 where it would now. */
export function retryAfterMs(breaker: CircuitBreaker, now: string, { cooldownMs }: BreakerSettings): number {
  switch (breaker.state) {
    case 'closed':
      return 0;
    case 'open':
      return Math.max(0, untilMs(now, breaker.openedAt ?? now) + cooldownMs);
    case 'half_open':
      return Math.max(0, untilMs(now, breaker.trialExpiresAt ?? now));
  }
}

export interface AttemptOutcome {
  readonly outcome: 'success' | 'failure' | 'neither';
  readonly trial: Trial;
  readonly now: string;
}

/**
 * What an attempt came to. While the breaker is not closed, only the attempt on trial counts: others were begun before
 * it opened, and tell nothing new.
 */
export function recordAttempt(
  breaker: CircuitBreaker,
  { outcome, trial, now }: AttemptOutcome,
  { failuresInRowMax }: BreakerSettings,
): CircuitBreaker {
  if (breaker.state !== 'closed' && !isOnTrial(breaker, trial)) return breaker;
  switch (outcome) {
    case 'success':
      return breaker.state === 'closed' && breaker.failuresInRow === 0 ? breaker : CLOSED_BREAKER;
    case 'failure': {
      const failuresInRow = breaker.failuresInRow + 1;
      return breaker.state === 'half_open' || failuresInRow >= failuresInRowMax
        ? { state: 'open', failuresInRow, openedAt: now }
        : { state: 'closed', failuresInRow };
    }
    case 'neither':
      // The trial was not made: whoever asks next gets it.
      return breaker.state === 'closed' ? breaker : { ...breaker, trialExpiresAt: now };
  }
}

function isOnTrial(breaker: CircuitBreaker, trial: Trial): boolean {
  return breaker.state === 'half_open' && trial !== undefined && breaker.trialExpiresAt === trial;
}

/** Milliseconds from now until then; negative where it is past. */
function untilMs(now: string, then: string): number {
  return Date.parse(then) - Date.parse(now);
}

function later(now: string, ms: number): string {
  return new Date(Date.parse(now) + ms).toISOString();
}

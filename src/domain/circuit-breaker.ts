export const BREAKER_STATES = ['closed', 'open', 'half_open'] as const;
/**
 * `closed`: work goes on; `open`: too many failures in a row, none is begun; `half_open`: one attempt is on trial,
 * and decides between the two.
 */
export type BreakerState = (typeof BREAKER_STATES)[number];

/** What keeps a fleet of workers from failing task after task for one and the same reason; kept in the store. */
export interface CircuitBreaker {
  readonly state: BreakerState;
  readonly failuresInRow: number;
  /** ISO-8601 UTC; on `open`, when it opened. */
  readonly openedAt?: string;
  /** On `half_open`: when the attempt on trial counts as lost, so that another may be. */
  readonly trialExpiresAt?: string;
}

export const CLOSED_BREAKER: CircuitBreaker = { state: 'closed', failuresInRow: 0 };

/** What ended a run before the queue was empty; see `run_orchestrator`. */
export const STOP_REASONS = [
  /** As many tasks as the caller allowed. */
  'max_tasks',
  /** More attempts than one run may make. */
  'iterations',
  /** Longer than one run may take. */
  'seconds',
  /** This run's failures opened the circuit breaker. */
  'failures_in_row',
  /** The circuit breaker was open when the run began, or was opened by another one. */
  'breaker_open',
  'cancelled',
] as const;
export type StopReason = (typeof STOP_REASONS)[number];

export type Admission =
  | { readonly admitted: true }
  | {
      readonly admitted: false;
      readonly stoppedBy: StopReason;
      /** When the circuit breaker lets an attempt through on trial. */
      readonly retryAfterMs?: number;
    };

/** Decides before every attempt whether a run may go on. One per run; the circuit breaker behind it is everybody's. */
export interface Safety {
  admit(): Promise<Admission>;
  /** Says that the admitted attempt still goes on. */
  renew(): Promise<void>;
  /** What came of an admitted attempt. `neither`: it was given up, and says nothing. */
  record(outcome: 'success' | 'failure' | 'neither'): Promise<void>;
  /** Milliseconds that are left of the run's time. */
  remainingMs(): number;
}

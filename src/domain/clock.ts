/** Where the time comes from; injected, so that tests can hold it still. */
export interface Clock {
  /** Now, as an ISO-8601 UTC timestamp with milliseconds. */
  now(): string;
  /** Milliseconds on a clock that only moves forward; for measuring durations. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  now: () => new Date().toISOString(),
  monotonicMs: () => performance.now(),
};

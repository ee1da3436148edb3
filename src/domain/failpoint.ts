/**
 * Places at which a transition can be cut off, in the order in which it passes them. Each lies between two
 * things that must not come apart.
 */
export const FAILPOINTS = [
  /** The instance was read; nobody has been asked yet. */
  'decision_wanted',
  /** The decision is made, and only this process knows it. */
  'decision_made',
  /** Inside the transaction: key and revision were looked at, nothing is written. */
  'commit_begun',
  /** Inside the transaction: the instance has moved, its history has not. */
  'commit_half_written',
  /** Inside the transaction: everything is written, nothing is durable. */
  'commit_written',
  /** The transition is durable, and its caller has not heard of it. */
  'commit_done',
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

/**
 * Does nothing, and bundling removes the calls, so that no setting can ever arm one in the product. The fault
 * campaigns build the program with another module in the place of this one.
 */
export function failpoint(_place: Failpoint): void {}

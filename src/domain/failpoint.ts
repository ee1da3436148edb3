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

/** The same for one attempt at a task, in the order in which a run passes them. */
export const TASK_FAILPOINTS = [
  /** The task is taken; nothing is done for it. */
  'task_claimed',
  /** A step of its workflow is reported; the worker goes on to the next one. Passed for each step. */
  'task_step_reported',
  /** There is a result, and only this process knows it. */
  'task_executed',
  /** The result is judged; the verdict is not kept. */
  'task_verified',
  /** What became of the attempt is durable; the run has not counted it. */
  'task_settled',
] as const;

/** The same for one call out of a script, and for the end of the script. */
export const SCRIPT_FAILPOINTS = [
  /** The call is about to be made; if it may change something, the journal says so. */
  'script_call_begun',
  /** The tool has done it, and only this process knows. */
  'script_call_done',
  /** What was gathered is durable; nobody has acted on it. Passed for each commit. */
  'script_journal_written',
  /** The script has ended; its answer is not kept. */
  'script_ended',
  /** The answer is durable; nobody has heard of it. */
  'script_answer_kept',
] as const;

export type Failpoint =
  | (typeof FAILPOINTS)[number]
  | (typeof TASK_FAILPOINTS)[number]
  | (typeof SCRIPT_FAILPOINTS)[number];

/**
 * Does nothing, and bundling removes the calls, so that no setting can ever arm one in the product. The fault
 * campaigns build the program with another module in the place of this one.
 */
export function failpoint(_place: Failpoint): void {}

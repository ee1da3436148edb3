import type { JsonValue } from '../domain/json.ts';
import type { Judgement } from '../domain/judgement.ts';
import type { Task } from '../domain/task.ts';

export interface VerifyOptions {
  readonly signal: AbortSignal;
}

/** Judges what an executor brought. What it throws means that there is no judgement. */
export interface Verifier {
  /**
   * Asked before a task is taken, so that no work is done which nobody could judge. Throws `VERIFIER_UNAVAILABLE`; absent where
   * that cannot be known in advance.
   */
  checkReady?(): Promise<void>;
  verify(task: Task, result: JsonValue, options: VerifyOptions): Promise<Judgement>;
}

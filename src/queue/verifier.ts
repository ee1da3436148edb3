import type { JsonValue } from '../domain/json.ts';
import type { Judgement } from '../domain/judgement.ts';
import type { Task } from '../domain/task.ts';

export interface VerifyOptions {
  readonly signal: AbortSignal;
}

/** Judges what an executor brought. What it throws means that there is no judgement. */
export interface Verifier {
  /** Throws `VERIFIER_UNAVAILABLE` where it could not judge now; absent where nothing can be told beforehand. */
  checkReady?(): Promise<void>;
  verify(task: Task, result: JsonValue, options: VerifyOptions): Promise<Judgement>;
}

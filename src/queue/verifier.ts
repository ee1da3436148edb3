import { isJsonObject, type JsonValue } from '../domain/json.ts';
import type { Task } from '../domain/task.ts';

export type Verdict =
  | { readonly accepted: true }
  /** What the next attempt has to do better; never empty. */
  | { readonly accepted: false; readonly feedback: string };

/** Whether what a verifier gave is one: it may be what a model wrote. */
export function isVerdict(value: unknown): value is Verdict {
  if (!isJsonObject(value)) return false;
  const { accepted, feedback } = value;
  return accepted === true || (accepted === false && typeof feedback === 'string' && feedback.trim() !== '');
}

export interface VerifyOptions {
  readonly signal: AbortSignal;
}

/** Judges what an executor brought. What it throws means that there is no verdict. */
export interface Verifier {
  verify(task: Task, result: JsonValue, options: VerifyOptions): Promise<Verdict>;
}

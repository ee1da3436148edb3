import { isJsonObject } from './json.ts';

/** What a verifier says of the result of a task. */
export type Judgement =
  | { readonly accepted: true }
  /** What the next attempt has to do better; never empty. */
  | { readonly accepted: false; readonly feedback: string };

/** Whether what a verifier gave is one: it may be what a model wrote. */
export function isJudgement(value: unknown): value is Judgement {
  if (!isJsonObject(value)) return false;
  const { accepted, feedback } = value;
  return accepted === true || (accepted === false && typeof feedback === 'string' && feedback.trim() !== '');
}

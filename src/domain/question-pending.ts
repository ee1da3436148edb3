import type { ConfirmableCall } from './tool-policy.ts';

/**
 * Thrown where a person has to be asked, and can be asked only by whoever gets this: the work goes on when it is begun
 * anew with the answers.
 */
export class QuestionPending extends Error {
  override readonly name = 'QuestionPending';
  readonly questions: readonly ConfirmableCall[];
  /** What whoever threw it wants to get back with the answers. */
  readonly resumption?: string;

  constructor(questions: readonly ConfirmableCall[], resumption?: string) {
    super('A person has to be asked first.');
    this.questions = questions;
    if (resumption !== undefined) this.resumption = resumption;
  }
}

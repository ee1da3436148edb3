import type { ConfirmableCall } from '../domain/tool-policy.ts';

/**
 * Stops a script for questions that can only be answered after it: calls that are under way come to their end, so that
 * none is in doubt, and no other is begun.
 */
export interface Suspension {
  /** Whether a call may be begun; it counts as under way from then on. One that may lead to a question always may. */
  begin(isAskedAbout: boolean): boolean;
  /** The call has its reply, and that is in the journal. */
  end(): void;
  /** The call was begun, and waits for an answer that this attempt does not get. */
  ask(question: ConfirmableCall): void;
}

/** @param onQuiet told once, when there are questions and no call is under way any more */
export function createSuspension(onQuiet: (questions: readonly ConfirmableCall[]) => void): Suspension {
  const questions: ConfirmableCall[] = [];
  let underWay = 0;
  let isStopped = false;
  const stopIfQuiet = () => {
    if (isStopped || underWay > 0) return;
    isStopped = true;
    onQuiet(questions);
  };
  const end = () => {
    underWay -= 1;
    // Calls that the script makes at the same time come in this turn of the event loop, or in the next one.
    if (underWay === 0 && questions.length > 0) setImmediate(stopIfQuiet);
  };
  return {
    begin(isAskedAbout) {
      if (isStopped || (questions.length > 0 && !isAskedAbout)) return false;
      underWay += 1;
      return true;
    },
    end,
    ask(question) {
      questions.push(question);
      end();
    },
  };
}

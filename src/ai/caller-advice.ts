import { Fault, type FaultCode } from '../domain/errors.ts';

/** When a call may be sent again, where the provider did not say. */
const RETRY_AFTER_MS: Partial<Record<FaultCode, number>> = {
  AI_UNAVAILABLE: 2_000,
  AI_TIMEOUT: 2_000,
  AI_RATE_LIMITED: 10_000,
};

/** What the model was asked for: the next step of a run, work on a task, or to go on with work after calls of tools. */
export type Purpose = 'decision' | 'work' | 'work_after_calls';

const WORK_WORDS = {
  again: 'Try the task again',
  inVain: 'Trying the same task again',
  rephrase: 'word the task differently',
};

/** How the purposes are spoken of. */
const WORDS: Readonly<
  Record<Purpose, { unharmed: string; again: string; inVain: string; rephrase: string }>
> = {
  decision: {
    unharmed: 'nothing moved',
    again: 'Send the same call again',
    inVain: 'Sending the same call again',
    rephrase: 'word the report differently',
  },
  work: { ...WORK_WORDS, unharmed: 'nothing was done' },
  work_after_calls: { ...WORK_WORDS, unharmed: 'what tools have done for it stays done' },
};

export interface AdviseCallerParams {
  readonly purpose: Purpose;
  /** Requests that were sent before it failed. */
  readonly attempts: number;
}

/**
 * The same fault for the model that called us: its message also says what has changed, mostly nothing, and what to do.
 * A provider knows what happened to it, but not what that means for a workflow or a task.
 */
export function adviseCaller(fault: Fault, { purpose, attempts }: AdviseCallerParams): Fault {
  const retryAfterMs = fault.retryAfterMs ?? RETRY_AFTER_MS[fault.code];
  const { unharmed } = WORDS[purpose];
  return new Fault(
    fault.code,
    `${fault.message}; ${unharmed}. ${advice(purpose, fault.code, retryAfterMs)}`,
    {
      retryable: fault.retryable,
      retryAfterMs,
      hint: fault.hint,
      details: { ...fault.details, attempts },
      cause: fault.cause,
    },
  );
}

function advice(purpose: Purpose, code: FaultCode, retryAfterMs: number | undefined): string {
  const { again, inVain, rephrase } = WORDS[purpose];
  if (code === 'AI_MISCONFIGURED') {
    return `${inVain} will not help: tell the user that the configuration of this server needs a look.`;
  }
  if (code === 'AI_SAFETY_BLOCKED') {
    return `${inVain} will not help: ${rephrase}, or ask the user how to go on.`;
  }
  if (code === 'CANCELLED') return `${again} to go on.`;
  if (retryAfterMs === undefined) return `${again}.`;
  return `${again} in ${Math.max(1, Math.ceil(retryAfterMs / 1_000))} s.`;
}

import { Fault, type FaultCode } from '../domain/errors.ts';

/** When a call may be sent again, where the provider did not say. */
const RETRY_AFTER_MS: Partial<Record<FaultCode, number>> = {
  AI_UNAVAILABLE: 2_000,
  AI_TIMEOUT: 2_000,
  AI_RATE_LIMITED: 10_000,
};

/**
 * The same fault for the model that called us: its message also says that nothing moved, and what to do.
 * A provider knows what happened to it, but not what that means for a workflow.
 */
export function adviseCaller(fault: Fault, attempts: number): Fault {
  const retryAfterMs = fault.retryAfterMs ?? RETRY_AFTER_MS[fault.code];
  return new Fault(fault.code, `${fault.message}; nothing moved. ${advice(fault.code, retryAfterMs)}`, {
    retryable: fault.retryable,
    retryAfterMs,
    hint: fault.hint,
    details: { ...fault.details, attempts },
    cause: fault.cause,
  });
}

function advice(code: FaultCode, retryAfterMs: number | undefined): string {
  if (code === 'AI_MISCONFIGURED') {
    return 'Sending the call again will not help: tell the user that the configuration of this server needs a look.';
  }
  if (code === 'AI_SAFETY_BLOCKED') {
    return 'Sending the same call again will not help: word the report differently, or ask the user how to go on.';
  }
  if (code === 'CANCELLED') return 'Send the same call again to go on.';
  if (retryAfterMs === undefined) return 'Send the same call again.';
  return `Send the same call again in ${Math.max(1, Math.ceil(retryAfterMs / 1_000))} s.`;
}

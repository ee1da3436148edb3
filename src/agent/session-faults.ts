import { Fault } from '../domain/errors.ts';
import type { SessionPosition } from './machine.ts';

export function stateNotAllowed(
  { sessionId, state }: SessionPosition,
  newState: string,
  available: readonly string[],
): Fault {
  const options = available.length === 0 ? 'It leads nowhere.' : `Choose one of ${quoted(available)}.`;
  return new Fault('STEP_NOT_ALLOWED', `"${newState}" cannot follow "${state}". ${options}`, {
    hint: 'Nothing has moved; call transition_state with one of these, or stay.',
    details: { session_id: sessionId, state, available_transitions: [...available] },
  });
}

export function sessionEnded({ sessionId, state, status, statusReason }: SessionPosition): Fault {
  const reason = statusReason === undefined ? '' : ` ${statusReason}`;
  return new Fault(
    'STEP_NOT_ALLOWED',
    `The session "${sessionId}" has ended: it is ${status} at "${state}".${reason}`,
    {
      hint: 'What it keeps can still be read. To begin anew, use another session_id.',
      details: { session_id: sessionId, state, status, available_transitions: [] },
    },
  );
}

export function sessionSuspended({ sessionId, instanceId, state, statusReason }: SessionPosition): Fault {
  return new Fault(
    'INSTANCE_SUSPENDED',
    `The session "${sessionId}" is suspended at "${state}". ${statusReason ?? ''}`.trim(),
    {
      hint:
        `Tell the user why. When they want it to go on, call resume_workflow with instance_id "${instanceId}" and ` +
        `assumed_current_step_name "${state}". Where there is no such tool, the toolset workflows is off: they have to add it to ` +
        'ORCHESTRATOR_TOOLSETS; or begin anew, with another session_id.',
      details: { session_id: sessionId, state, reason: statusReason ?? null },
    },
  );
}

export function movedByOthers(sessionId: string): Fault {
  return new Fault(
    'STALE_STEP',
    `Other processes keep moving the session "${sessionId}"; this call changed nothing.`,
    { retryable: true, hint: 'Send the same call again, or give each agent a session_id of its own.' },
  );
}

export function transitionsUsedUp(sessionId: string, cause: Fault): Fault {
  return new Fault(
    'TOO_LARGE',
    `The session "${sessionId}" has changed its state as often as a session may.`,
    {
      hint: 'Go on with another session_id; what this one keeps can still be read.',
      details: cause.details,
      cause,
    },
  );
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

import { allowedNextSteps, type Definition, FINISH, findStep } from '../domain/definition.ts';
import type { Fault } from '../domain/errors.ts';
import { type InstanceStatus, isFinished } from '../domain/instance.ts';
import { requestIdReused } from '../domain/request-id-reused.ts';
import { matchStepName } from '../domain/step-names.ts';
import { sessionEnded, sessionSuspended, stateNotAllowed } from './session-faults.ts';

/** One change of state that was asked for, and what came of it. */
export interface StateChange {
  readonly from: string;
  readonly to: string;
  /** Differs from `to` where a `when` of the old state decided otherwise. */
  readonly requested: string;
  readonly reason?: string;
}

/** Where a session stands, and what it goes on by. */
export interface SessionPosition {
  readonly sessionId: string;
  /** Absent as long as the session was only looked at. */
  readonly instanceId?: string;
  readonly definition: Definition;
  readonly state: string;
  readonly status: InstanceStatus;
  readonly statusReason?: string;
  /** What led here; absent at the start, and where something else than a request moved the session. */
  readonly last?: StateChange;
}

export type SessionEvent =
  | {
      readonly type: 'asked';
      readonly newState: string;
      readonly reason?: string;
      readonly requestId?: string;
      /** What came of the call that had the same key. */
      readonly seen?: StateChange;
    }
  | {
      readonly type: 'moved';
      readonly change: StateChange;
      readonly status: InstanceStatus;
      readonly statusReason?: string;
    };

export type SessionEffect =
  /** Commit the change; what came of it comes back as the event `moved`. */
  | { readonly type: 'advance'; readonly to: string }
  | { readonly type: 'announce' }
  | { readonly type: 'answer'; readonly change: StateChange; readonly replayed: boolean }
  | { readonly type: 'refuse'; readonly fault: Fault };

/** The whole conduct of a session: what happens to it, and what is to be done about it. Pure. */
export function react(
  position: SessionPosition,
  event: SessionEvent,
): readonly [SessionPosition, readonly SessionEffect[]] {
  switch (event.type) {
    case 'asked':
      return [position, [answerTo(position, event)]];
    case 'moved': {
      const { change, status, statusReason } = event;
      return [
        { ...position, state: change.to, status, statusReason, last: change },
        [{ type: 'announce' }, { type: 'answer', change, replayed: false }],
      ];
    }
  }
}

/**
 * Where the session may go from here: what its state declares. A state that declares nothing may lead to every other
 * one; to itself, and to the end, leads only what says so.
 */
export function availableTransitions({ definition, state, status }: SessionPosition): readonly string[] {
  const step = status === 'RUNNING' ? findStep(definition, state) : undefined;
  if (step === undefined) return [];
  if (step.transitions !== undefined) return allowedNextSteps(definition, step);
  return definition.steps.map(({ name }) => name).filter((name) => name !== state && name !== FINISH);
}

function answerTo(position: SessionPosition, asked: Extract<SessionEvent, { type: 'asked' }>): SessionEffect {
  const { newState, reason, requestId, seen } = asked;
  if (requestId !== undefined && seen !== undefined) {
    const isSame = seen.reason === reason && means([seen.to, seen.requested], newState);
    return isSame ? { type: 'answer', change: seen, replayed: true } : refuse(requestIdReused(requestId));
  }
  const available = availableTransitions(position);
  const to = matchStepName(available, newState);
  const { last } = position;
  const repeats = last !== undefined && last.reason === reason && means([last.to, last.requested], newState);
  // A state that leads to itself, or away from what was asked for, can be asked for twice in earnest: a new key says so.
  if (repeats && (requestId === undefined || to === undefined))
    return { type: 'answer', change: last, replayed: true };
  if (isFinished(position.status)) return refuse(sessionEnded(position));
  if (position.status === 'SUSPENDED') return refuse(sessionSuspended(position));
  return to === undefined ? refuse(stateNotAllowed(position, newState, available)) : { type: 'advance', to };
}

function means(names: readonly string[], name: string): boolean {
  return names.some((each) => matchStepName([each], name) !== undefined);
}

function refuse(fault: Fault): SessionEffect {
  return { type: 'refuse', fault };
}

import { type Definition, findStep } from '../domain/definition.ts';
import type { InstanceStatus } from '../domain/instance.ts';
import type { SessionStore } from '../store/session-store.ts';
import type { ChangedState } from './change-state.ts';
import { availableTransitions, type SessionPosition } from './machine.ts';
import { sessionSuspended } from './session-faults.ts';
import { followsFiles, type Sighting } from './sighting.ts';
import { fillPrompt } from './state-prompt.ts';

/** A state of a session. Field names are the contract's. */
export interface StateAnswer {
  readonly session_id: string;
  readonly state: string;
  /** Only where it is other than RUNNING: the session has ended, or waits for a person. */
  readonly status?: InstanceStatus;
  readonly status_reason?: string;
  /** What the state is for. */
  readonly description?: string;
  /** What to do in it, with the task data filled in. */
  readonly instructions?: string;
  /** Task data that the instructions want, and that is not there. */
  readonly missing_context?: readonly string[];
  /** When to go where. */
  readonly guidance?: string;
  readonly available_transitions: readonly string[];
  /** The files have errors or lack the state: the session goes on by the version that it is pinned to. */
  readonly definition_changed?: true;
}

export interface CurrentStateAnswer extends StateAnswer {
  /** Where it came from, and why; absent in the first state. */
  readonly previous_state?: string;
  readonly reason?: string;
  /** When, ISO-8601 UTC; absent where the session was never moved. */
  readonly since?: string;
}

export interface TransitionAnswer extends StateAnswer {
  readonly previous_state: string;
  readonly reason?: string;
  /** What was asked for, where a condition of the old state decided otherwise. */
  readonly requested_state?: string;
  /** The call was made before; nothing happened now. */
  readonly replayed?: true;
  /** Where the session has got to since the call that is answered again. */
  readonly current_state?: string;
}

export async function currentStateAnswer(
  sessions: SessionStore,
  { position, files, since }: Sighting,
): Promise<CurrentStateAnswer> {
  return {
    ...(await stateAnswer(sessions, position, files)),
    previous_state: position.last?.from,
    reason: position.last?.reason,
    since,
  };
}

export async function transitionAnswer(
  sessions: SessionStore,
  { position, files, change, replayed }: ChangedState,
): Promise<TransitionAnswer> {
  const hasMovedOn = position.state !== change.to;
  const reached: SessionPosition = hasMovedOn
    ? { ...position, state: change.to, status: 'RUNNING', statusReason: undefined }
    : position;
  return {
    ...(await stateAnswer(sessions, reached, files)),
    previous_state: change.from,
    reason: change.reason,
    requested_state: change.requested === change.to ? undefined : change.requested,
    replayed: replayed ? true : undefined,
    current_state: hasMovedOn ? position.state : undefined,
  };
}

async function stateAnswer(
  sessions: SessionStore,
  position: SessionPosition,
  files: Definition | undefined,
): Promise<StateAnswer> {
  const { sessionId, state, status } = position;
  // A change by an older version may have led to where the files know the way again.
  const isCurrent = followsFiles(files, position);
  const definition = isCurrent ? files : position.definition;
  const step = findStep(definition, state);
  const hasInstructions = status === 'RUNNING' || status === 'COMPLETED';
  const prompt = step && hasInstructions ? await fillPrompt(sessions, { sessionId, step }) : undefined;
  const available = availableTransitions({ ...position, definition });
  return {
    session_id: sessionId,
    state,
    status: status === 'RUNNING' ? undefined : status,
    status_reason: position.statusReason,
    description: step?.goal?.trim(),
    instructions: status === 'SUSPENDED' ? sessionSuspended(position).hint : prompt?.text.trim(),
    missing_context: prompt && prompt.missing.length > 0 ? prompt.missing : undefined,
    guidance: available.length === 0 ? undefined : step?.guidance.trim(),
    available_transitions: available,
    definition_changed: isCurrent ? undefined : true,
  };
}

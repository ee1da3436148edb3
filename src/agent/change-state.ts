import type { ChangeFeed } from '../domain/change-feed.ts';
import type { Definition } from '../domain/definition.ts';
import { Fault, type FaultCode } from '../domain/errors.ts';
import type { KeyedLock } from '../domain/keyed-lock.ts';
import type { Answer } from '../engine/answer.ts';
import type { Engine } from '../engine/engine.ts';
import { react, type SessionEvent, type SessionPosition, type StateChange } from './machine.ts';
import { movedByOthers, transitionsUsedUp } from './session-faults.ts';
import { followsFiles, type Sighting, sight, stateChange } from './sighting.ts';

export interface ChangeStateParams {
  readonly sessionId: string;
  readonly newState: string;
  readonly reason?: string;
  /** Makes the call safe to repeat, whatever happened since. */
  readonly requestId?: string;
}

export interface ChangeStateDeps {
  readonly engine: Engine;
  /** Announces the ids of sessions. */
  readonly changes: ChangeFeed<string>;
  /** By session id: only other processes can spoil what a call has seen. */
  readonly lock: KeyedLock;
}

export interface ChangedState {
  readonly position: SessionPosition;
  /** The states as the files are now; absent where these have errors. */
  readonly files?: Definition;
  readonly change: StateChange;
  readonly replayed: boolean;
}

/** More looks than other callers can plausibly spoil for one call. */
const LOOKS_MAX = 20;

/** What the engine says when session or files are no longer as they were seen. */
const OUTDATED: readonly FaultCode[] = [
  'STALE_STEP',
  'STEP_NOT_ALLOWED',
  'INSTANCE_SUSPENDED',
  'WORKFLOW_NOT_FOUND',
  'WORKFLOW_INVALID',
  'DEFINITION_INCOMPATIBLE',
];

/**
 * Changes the state of a session by one transition of its run. Whoever loses a race looks again, and is answered or
 * refused by what the session has become.
 *
 * Throws `STEP_NOT_ALLOWED`, `REQUEST_ID_REUSED`, `INSTANCE_SUSPENDED`, `STALE_STEP`, `WORKFLOW_INVALID`, `TOO_LARGE`; after
 * any of them the session is where it was.
 */
export async function changeState(deps: ChangeStateDeps, params: ChangeStateParams): Promise<ChangedState> {
  await deps.engine.openSession(params.sessionId);
  return deps.lock.hold(params.sessionId, undefined, async () => {
    for (let look = 0; look < LOOKS_MAX; look++) {
      const changed = await tryToChange(deps, params);
      if (changed !== undefined) return changed;
    }
    throw movedByOthers(params.sessionId);
  });
}

/** Undefined: session or files changed in the meantime, so that everything has to be looked at again. */
async function tryToChange(
  { engine, changes }: ChangeStateDeps,
  params: ChangeStateParams,
): Promise<ChangedState | undefined> {
  const sighting = await sight(engine, params.sessionId);
  const { files } = sighting;
  let { position } = sighting;
  let event: SessionEvent | undefined = await askedEvent(engine, sighting, params);
  while (event !== undefined) {
    const [next, effects] = react(position, event);
    position = next;
    event = undefined;
    for (const effect of effects) {
      switch (effect.type) {
        case 'advance':
          event = await advance(engine, { sighting, to: effect.to, params });
          break;
        case 'announce':
          changes.announce(params.sessionId);
          break;
        case 'answer':
          return { position, change: effect.change, replayed: effect.replayed, files };
        case 'refuse':
          throw effect.fault;
      }
    }
  }
  return undefined;
}

async function askedEvent(
  engine: Engine,
  { run }: Sighting,
  { newState, reason, requestId }: ChangeStateParams,
): Promise<SessionEvent> {
  const entry =
    run === undefined || requestId === undefined
      ? undefined
      : await engine.findRequest({ instanceId: run.instanceId, requestId });
  return { type: 'asked', newState, reason, requestId, seen: entry && stateChange(entry) };
}

interface AdvanceSessionParams {
  readonly sighting: Sighting;
  readonly to: string;
  readonly params: ChangeStateParams;
}

/** Undefined: the session is no longer where it was seen. */
async function advance(
  engine: Engine,
  { sighting, to, params }: AdvanceSessionParams,
): Promise<SessionEvent | undefined> {
  const { run, position, files } = sighting;
  if (run === undefined) return undefined;
  const { reason, requestId } = params;
  let answer: Answer;
  try {
    answer = await engine.advance({
      instanceId: run.instanceId,
      report: { status: 'success', ...(reason !== undefined && { reason }) },
      nextStepName: to,
      stepToken: run.stepToken,
      requestId,
      callerDecides: true,
      adoptDefinition: followsFiles(files, position),
    });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (OUTDATED.includes(error.code)) return undefined;
    if (error.details?.what === 'transitions') throw transitionsUsedUp(params.sessionId, error);
    throw error;
  }
  // A repeat of another call, or the last word of a run that was ended: not what this call has done.
  if (answer.replayed === true || answer.revision !== run.revision + 1) return undefined;
  return {
    type: 'moved',
    change: { from: position.state, to: answer.next_step.step_name, requested: to, reason },
    status: answer.status,
    statusReason: answer.status_reason,
  };
}

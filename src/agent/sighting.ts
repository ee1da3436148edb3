import { type Definition, findStep } from '../domain/definition.ts';
import { Defect } from '../domain/errors.ts';
import { isTransitionKind } from '../domain/history.ts';
import { isFinished } from '../domain/instance.ts';
import { AGENT_STATES } from '../domain/session.ts';
import type { Engine } from '../engine/engine.ts';
import type { HistoryItem } from '../engine/listings.ts';
import type { SessionPosition, StateChange } from './machine.ts';

/** Enough to find the last transition among notes that moved nothing. */
const ENTRIES_LOOKED_AT = 10;

/** A session as one look found it. */
export interface Sighting {
  readonly position: SessionPosition;
  /** The run that the session is; absent where it was never moved. */
  readonly run?: { readonly instanceId: string; readonly stepToken: string; readonly revision: number };
  /** When it came to its state, ISO-8601 UTC; absent where it was never opened. */
  readonly since?: string;
  /** The states as the files are now; absent where these have errors. */
  readonly files?: Definition;
}

/** Whether a session goes on by the files, so that its next change moves it to them: if they know its state. */
export function followsFiles(
  files: Definition | undefined,
  { state, status }: Pick<SessionPosition, 'state' | 'status'>,
): files is Definition {
  return files !== undefined && (isFinished(status) || findStep(files, state) !== undefined);
}

/**
 * Looks at a session and changes nothing: one that was never opened is seen in its first state. It goes by the
 * files as they are now, unless these have errors or lack its state: then by the version that it is pinned to.
 *
 * Throws `WORKFLOW_INVALID` for a session that was never opened, if the states have errors.
 */
export async function sight(engine: Engine, sessionId: string): Promise<Sighting> {
  const found = await engine.findSession(sessionId);
  const current = await engine.findWorkflow(AGENT_STATES);
  const files = current?.usable === true ? current.pinned.definition : undefined;
  if (found === undefined && files !== undefined) return sightUnopened(sessionId, files);
  // Without usable files, this says what is wrong with them.
  const instanceId = found ?? (await engine.openSession(sessionId));
  const answer = await engine.status({ instanceId });
  // Read second, so that the entry that led to this revision is there already.
  const entries = await engine.recentHistory({ instanceId, limit: ENTRIES_LOOKED_AT });
  const place = { state: answer.next_step.step_name, status: answer.status };
  const last = entries.findLast(
    ({ kind, revision }) => isTransitionKind(kind) && revision === answer.revision,
  );
  return {
    position: {
      ...place,
      sessionId,
      instanceId,
      definition: followsFiles(files, place) ? files : await engine.pinnedDefinition({ instanceId }),
      statusReason: answer.status_reason,
      last: last && stateChange(last),
    },
    run: { instanceId, stepToken: answer.step_token, revision: answer.revision },
    since: last?.timestamp,
    files,
  };
}

function sightUnopened(sessionId: string, files: Definition): Sighting {
  const state = files.steps[0]?.name;
  if (state === undefined) throw new Defect(`The loaded workflow ${AGENT_STATES} has no step.`);
  return { position: { sessionId, definition: files, state, status: 'RUNNING' }, files };
}

/** What a history entry says of a change that was asked for; undefined for entries of other kinds. */
export function stateChange(entry: HistoryItem): StateChange | undefined {
  const { kind, step_name, determined_next_step, requested_next_step, user_report } = entry;
  if (kind !== 'advanced' || determined_next_step === undefined) return undefined;
  const reason = user_report?.reason;
  return {
    from: step_name,
    to: determined_next_step,
    requested: requested_next_step ?? determined_next_step,
    reason: typeof reason === 'string' ? reason : undefined,
  };
}

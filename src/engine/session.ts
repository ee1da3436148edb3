import { Fault } from '../domain/errors.ts';
import type { Instance } from '../domain/instance.ts';
import { AGENT_STATES } from '../domain/session.ts';
import { TASK_KEY_PREFIX } from '../domain/task.ts';
import type { EngineCore } from './core.ts';
import { type StartParams, startInstance } from './start.ts';

/**
 * An agent session is a run of AGENT_STATES whose start has this key and the session's id for its `request_id`: as a
 * start with one key happens once, a session has one run, however many callers open it at once.
 */
const KEY_PREFIX = 'agent-session:';
/** Who starts a workflow under such a key would get in the way of a session or a task. */
const RESERVED_PREFIXES = [KEY_PREFIX, TASK_KEY_PREFIX];

/** The instance of an agent session; undefined where it was never opened. */
export async function findSession({ store }: EngineCore, sessionId: string): Promise<string | undefined> {
  return (await store.findStartRequest(KEY_PREFIX + sessionId))?.instanceId;
}

/**
 * The instance of an agent session, which is started if there is none yet. Throws `WORKFLOW_INVALID` if the states of
 * a new one have errors.
 */
export async function openSession(core: EngineCore, sessionId: string): Promise<string> {
  const found = await findSession(core, sessionId);
  if (found !== undefined) return found;
  const answer = await startInstance(core, { workflowName: AGENT_STATES, requestId: KEY_PREFIX + sessionId });
  return answer.instance_id;
}

/** Ids of agent sessions that start with the prefix, in the order of their code points. */
export async function listSessionIds(
  { store }: EngineCore,
  prefix: string,
  limit: number,
): Promise<readonly string[]> {
  const keys = await store.completeStartRequest(KEY_PREFIX + prefix, limit);
  return keys.map((key) => key.slice(KEY_PREFIX.length));
}

/**
 * Only transition_state moves a session: whoever reports on it, or ends it, takes it for a workflow's run. Throws
 * `INVALID_ARGUMENT`.
 */
export function refuseSession({ workflowName, instanceId }: Instance): void {
  if (workflowName !== AGENT_STATES) return;
  throw new Fault(
    'INVALID_ARGUMENT',
    `Instance "${instanceId}" is an agent session, and no run of a workflow.`,
    {
      hint: 'Nothing has moved. Use the tools of the toolset "agent": get_current_state, transition_state.',
      details: { instance_id: instanceId },
    },
  );
}

/** Sessions are opened, not started like a workflow. Throws `WORKFLOW_NOT_FOUND` or `INVALID_ARGUMENT`. */
export function refuseSessionStart({ workflowName, requestId, reservedRequest }: StartParams): void {
  if (workflowName === AGENT_STATES) {
    throw new Fault(
      'WORKFLOW_NOT_FOUND',
      `${AGENT_STATES} holds the states of agent sessions; it is not run.`,
      {
        hint: 'Use the tools of the toolset "agent": get_current_state, transition_state.',
      },
    );
  }
  const reserved = RESERVED_PREFIXES.find((prefix) => requestId?.startsWith(prefix));
  if (reserved !== undefined && reservedRequest !== true) {
    throw new Fault('INVALID_ARGUMENT', `A request_id cannot begin with "${reserved}".`, {
      hint: 'Send the call with another request_id.',
    });
  }
}

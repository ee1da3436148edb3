import type { AgentSessions } from '../agent/agent-sessions.ts';
import { AGENT_STATES, DEFAULT_SESSION_ID } from '../domain/session.ts';
import { promptText } from './prompt-text.ts';
import type { ResourceContent, ResourceProvider } from './resource-provider.ts';
import { readSessionId, SESSION_IDS_MAX } from './session-argument.ts';
import type { ToolDeps } from './tool.ts';
import { decodeSegment } from './uri-segment.ts';

const JSON_TYPE = 'application/json';
const MARKDOWN = 'text/markdown';

const CURRENT_URI = 'state://current';
const HISTORY_URI = 'orchestration://history';

const CURRENT = {
  name: 'current-state',
  description: 'The state of an agent session, what it is for, and where it may go from there',
  mimeType: JSON_TYPE,
} as const;
const PROMPT = {
  name: 'state-prompt',
  description: 'What to do in a state, with the task data filled in',
  mimeType: MARKDOWN,
} as const;
const HISTORY = {
  name: 'state-history',
  description: 'The last changes of state, the oldest first',
  mimeType: JSON_TYPE,
} as const;

/** More states than any agent has. */
const PROMPTS_TOLD_MAX = 100;

const SESSION_QUERY = '{?session_id}';
const TEMPLATES = [
  { uriTemplate: `${CURRENT_URI}${SESSION_QUERY}`, ...CURRENT },
  { uriTemplate: `state://{state_name}/prompt${SESSION_QUERY}`, ...PROMPT },
  { uriTemplate: `${HISTORY_URI}${SESSION_QUERY}`, ...HISTORY },
] as const;

/** Where a session stands, how it got there, and what to do in each state. */
export function createStateResources({ engine, agent, sessionChanges, logger }: ToolDeps): ResourceProvider {
  return {
    templates: TEMPLATES,

    async list(cursor) {
      if (cursor !== undefined) return { resources: [] };
      const states = await (await agent()).states(DEFAULT_SESSION_ID);
      const prompts = states.map(({ name, description }) => ({
        uri: promptUri(name),
        name: `${name}-prompt`,
        description,
        mimeType: MARKDOWN,
      }));
      const fixed = [
        { uri: CURRENT_URI, ...CURRENT },
        { uri: HISTORY_URI, ...HISTORY },
      ];
      return { resources: [...fixed, ...prompts] };
    },

    async read(uri) {
      const address = readAddress(uri);
      return address === undefined ? undefined : readState(await agent(), address);
    },

    async complete(uriTemplate, variable, typed) {
      if (!TEMPLATES.some((template) => template.uriTemplate === uriTemplate)) return undefined;
      const sessions = await agent();
      if (variable === 'session_id') return sessions.completeSessionId(typed, SESSION_IDS_MAX);
      return (await sessions.states(DEFAULT_SESSION_ID)).map(({ name }) => name);
    },

    watch({ updated, listChanged }) {
      const tell = (uri: string, sessionId: string) => {
        updated(`${uri}?session_id=${encodeURIComponent(sessionId)}`);
        if (sessionId === DEFAULT_SESSION_ID) updated(uri);
      };
      const tellPrompts = async (sessionId: string) => {
        const states = await (await agent()).states(sessionId);
        for (const { name } of states.slice(0, PROMPTS_TOLD_MAX)) tell(promptUri(name), sessionId);
      };
      const stopSessions = sessionChanges.add((sessionId) => {
        for (const uri of [CURRENT_URI, HISTORY_URI]) tell(uri, sessionId);
        // Prompts show the task data, and a change of state may have brought other states.
        tellPrompts(sessionId).catch((error: unknown) =>
          logger.debug('The prompts of a session cannot be told of.', { sessionId, error }),
        );
      });
      const stopFiles = engine.onWorkflowsChange(({ names }) => {
        if (names.includes(AGENT_STATES)) listChanged();
      });
      return () => {
        stopSessions();
        stopFiles();
      };
    },
  };
}

function promptUri(stateName: string): string {
  return `state://${encodeURIComponent(stateName)}/prompt`;
}

interface StateAddress {
  /** Undefined: the prompt of a state. */
  readonly fixed?: typeof CURRENT_URI | typeof HISTORY_URI;
  readonly stateName: string;
  readonly sessionId: string;
}

/** Undefined for addresses of other things; throws for a session id that cannot be one. */
function readAddress(uri: string): StateAddress | undefined {
  const match =
    /^(?:(state:\/\/current|orchestration:\/\/history)|state:\/\/([^/?#]+)\/prompt)(?:\?session_id=([^&#]*))?$/.exec(
      uri,
    );
  if (match === null) return undefined;
  const [, fixed, name = '', session = ''] = match;
  const stateName = decodeSegment(name);
  const typed = decodeSegment(session);
  if (stateName === undefined || typed === undefined) return undefined;
  return {
    fixed: fixed === CURRENT_URI || fixed === HISTORY_URI ? fixed : undefined,
    stateName,
    sessionId: readSessionId(typed),
  };
}

async function readState(
  sessions: AgentSessions,
  { fixed, stateName, sessionId }: StateAddress,
): Promise<ResourceContent | undefined> {
  if (fixed === HISTORY_URI) return json(await sessions.history(sessionId));
  if (fixed === CURRENT_URI) {
    // What to do in the state is its prompt: a resource of its own.
    const {
      instructions: _prompt,
      missing_context: _missing,
      ...state
    } = await sessions.currentState(sessionId);
    return json(state);
  }
  const prompt = await sessions.statePrompt({ stateName, sessionId });
  return prompt && { mimeType: MARKDOWN, text: promptText(prompt, sessionId) };
}

function json(body: object): ResourceContent {
  return { mimeType: JSON_TYPE, text: JSON.stringify(body) };
}

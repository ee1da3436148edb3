import type { AgentSessions, StateListing } from '../agent/agent-sessions.ts';
import { Fault } from '../domain/errors.ts';
import { DEFAULT_SESSION_ID } from '../domain/session.ts';
import type { PromptProvider } from './prompt-provider.ts';
import { promptText } from './prompt-text.ts';
import { readSessionId, SESSION_IDS_MAX } from './session-argument.ts';
import type { ToolDeps } from './tool.ts';

const SESSION_ARGUMENT = 'session_id';
const TYPED_CHARS_MAX = 1_000;

/** Every state is a prompt; its arguments are the variables of its instructions. */
export function createStatePrompts({ agent }: ToolDeps): PromptProvider {
  return {
    async list(cursor) {
      if (cursor !== undefined) return { prompts: [] };
      const states = await (await agent()).states(DEFAULT_SESSION_ID);
      return {
        prompts: states.map(({ name, description, variables }) => ({
          name: promptName(name),
          description,
          arguments: [
            ...variables
              .filter((variable) => variable !== SESSION_ARGUMENT)
              .map((variable) => ({
                name: variable,
                description: 'If left out: what the task data has under that name',
                required: false,
              })),
            { name: SESSION_ARGUMENT, description: `"${DEFAULT_SESSION_ID}" if left out`, required: false },
          ],
        })),
      };
    },

    async get(name, { [SESSION_ARGUMENT]: session, ...args }) {
      const sessions = await agent();
      const sessionId = readSessionId(session);
      const state = await findState(sessions, sessionId, name);
      const prompt = state && (await sessions.statePrompt({ stateName: state.name, sessionId, args }));
      return prompt && { description: prompt.description, text: promptText(prompt, sessionId) };
    },

    async complete(name, argument, typed) {
      const sessions = await agent();
      const state = await findState(sessions, DEFAULT_SESSION_ID, name);
      if (state === undefined) return undefined;
      if (argument === SESSION_ARGUMENT) return sessions.completeSessionId(typed, SESSION_IDS_MAX);
      return state.variables.includes(argument) ? knownValues(sessions, argument) : [];
    },
  };
}

/** `PLANNING` is the prompt `planning_prompt`; clients take no spaces in a slash command. */
function promptName(state: string): string {
  return `${state.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '_')}_prompt`;
}

async function findState(
  sessions: AgentSessions,
  sessionId: string,
  prompt: string,
): Promise<StateListing | undefined> {
  return (await sessions.states(sessionId)).find(({ name }) => promptName(name) === prompt);
}

/** What the task data has under the name, if it is a text that someone could have typed. */
async function knownValues(sessions: AgentSessions, name: string): Promise<readonly string[]> {
  try {
    const { value } = await sessions.getTaskData(DEFAULT_SESSION_ID, name);
    return typeof value === 'string' && value.length <= TYPED_CHARS_MAX ? [value] : [];
  } catch (error) {
    if (error instanceof Fault && error.code === 'KEY_NOT_FOUND') return [];
    throw error;
  }
}

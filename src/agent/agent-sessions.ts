import type { ChangeFeed } from '../domain/change-feed.ts';
import type { Clock } from '../domain/clock.ts';
import { findStep } from '../domain/definition.ts';
import { Fault } from '../domain/errors.ts';
import { KeyedLock } from '../domain/keyed-lock.ts';
import type { Limits } from '../domain/limits.ts';
import { matchStepName } from '../domain/step-names.ts';
import type { Engine } from '../engine/engine.ts';
import type { SessionStore } from '../store/session-store.ts';
import { type ChangeStateParams, changeState } from './change-state.ts';
import {
  type AddedMessageAnswer,
  type AddMessageParams,
  addMessage,
  type ConversationAnswer,
  type ConversationParams,
  conversation,
} from './conversation.ts';
import {
  getValue,
  type KeysAnswer,
  listKeys,
  type ShelfDeps,
  type StoredAnswer,
  type StoreValueParams,
  storeValue,
  type ValueAnswer,
} from './keyed-values.ts';
import {
  type CurrentStateAnswer,
  currentStateAnswer,
  type TransitionAnswer,
  transitionAnswer,
} from './session-answers.ts';
import { type SessionHistoryAnswer, sessionHistory } from './session-history.ts';
import { sight } from './sighting.ts';
import { fillPrompt, type PromptArguments, promptVariables } from './state-prompt.ts';

export interface StateListing {
  readonly name: string;
  /** What the state is for. */
  readonly description?: string;
  /** The variables of its prompt. */
  readonly variables: readonly string[];
}

export interface StatePromptParams {
  readonly stateName: string;
  readonly sessionId: string;
  readonly args?: PromptArguments;
}

export interface StatePrompt {
  readonly state: string;
  readonly description?: string;
  readonly text: string;
  /** Variables for which there is neither an argument nor task data. */
  readonly missing_context?: readonly string[];
}

export interface SearchKnowledgeParams {
  readonly sessionId: string;
  /** Plain words. */
  readonly query: string;
}

export interface KnowledgeHits {
  readonly session_id: string;
  /** The best first. */
  readonly hits: readonly KnowledgeHitItem[];
}

export interface KnowledgeHitItem {
  readonly key: string;
  /** The part that matches best, matches in `**`. */
  readonly excerpt: string;
  /** ISO-8601 UTC. */
  readonly updated_at: string;
}

/**
 * Agent sessions as tools and resources use them: each is a run of AGENT_STATES, with a conversation, task data and
 * knowledge of its own. A session needs no creating; one that was never used is in its first state.
 *
 * All methods throw the `STORAGE_` codes; those that look at the state throw `WORKFLOW_INVALID` if the states have
 * errors and the session was never opened.
 */
export interface AgentSessions {
  /** See {@link changeState}. */
  transition(params: ChangeStateParams): Promise<TransitionAnswer>;
  currentState(sessionId: string): Promise<CurrentStateAnswer>;
  /** The last changes of its state, the oldest first. */
  history(sessionId: string): Promise<SessionHistoryAnswer>;
  /**
   * The states that the session can be in, in the order of the files; none where these have errors and the session was
   * never opened.
   */
  states(sessionId: string): Promise<readonly StateListing[]>;
  /** What to do in a state, whichever the session is in; undefined where there is no such state. */
  statePrompt(params: StatePromptParams): Promise<StatePrompt | undefined>;

  /** See {@link addMessage}. */
  addMessage(params: AddMessageParams): Promise<AddedMessageAnswer>;
  /** See {@link conversation}. */
  conversation(params: ConversationParams): Promise<ConversationAnswer>;

  /** See {@link storeValue}. */
  storeTaskData(params: StoreValueParams): Promise<StoredAnswer>;
  /** Throws `KEY_NOT_FOUND`, with the keys that there are. */
  getTaskData(sessionId: string, key: string): Promise<ValueAnswer>;
  listTaskDataKeys(sessionId: string): Promise<KeysAnswer>;

  /** See {@link storeValue}. */
  storeKnowledge(params: StoreValueParams): Promise<StoredAnswer>;
  /** Throws `KEY_NOT_FOUND`, with the keys that there are. */
  getKnowledge(sessionId: string, key: string): Promise<ValueAnswer>;
  listKnowledgeKeys(sessionId: string): Promise<KeysAnswer>;
  /** See {@link SessionStore.searchKnowledge}. */
  searchKnowledge(params: SearchKnowledgeParams): Promise<KnowledgeHits>;

  /** Ids of sessions that have been moved and that start with the prefix, in the order of their code points. */
  completeSessionId(prefix: string, limit: number): Promise<readonly string[]>;
}

export interface AgentSessionsDeps {
  readonly engine: Engine;
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly limits: Limits;
  /** Hears the id of each session whose state or task data this process changed. */
  readonly changes: ChangeFeed<string>;
}

const HITS_MAX = 10;

export function createAgentSessions(deps: AgentSessionsDeps): AgentSessions {
  const { engine, sessions, changes } = deps;
  const lock = new KeyedLock();
  const taskData: ShelfDeps = {
    ...deps,
    shelf: {
      what: 'The task data',
      put: (params) => sessions.putTaskData(params),
      find: (sessionId, key) => sessions.findTaskData(sessionId, key),
      keys: (sessionId, page) => sessions.listTaskDataKeys(sessionId, page),
    },
  };
  const knowledge: ShelfDeps = {
    ...deps,
    shelf: {
      what: 'The knowledge',
      put: (params) => sessions.putKnowledge(params),
      find: (sessionId, key) => sessions.findKnowledge(sessionId, key),
      keys: (sessionId, page) => sessions.listKnowledgeKeys(sessionId, page),
    },
  };
  return {
    transition: async (params) => transitionAnswer(sessions, await changeState({ ...deps, lock }, params)),
    currentState: async (sessionId) => currentStateAnswer(sessions, await sight(engine, sessionId)),
    history: (sessionId) => sessionHistory(deps, sessionId),

    states: (sessionId) => listStates(engine, sessionId),

    async statePrompt({ stateName, ...params }) {
      const { definition } = (await sight(engine, params.sessionId)).position;
      const name = matchStepName(
        definition.steps.map((each) => each.name),
        stateName,
      );
      const step = name === undefined ? undefined : findStep(definition, name);
      if (step === undefined) return undefined;
      const { text, missing } = await fillPrompt(sessions, { ...params, step });
      return {
        state: step.name,
        description: step.goal?.trim(),
        text: text.trim(),
        missing_context: missing.length > 0 ? missing : undefined,
      };
    },

    addMessage: (params) => addMessage(deps, params),
    conversation: (params) => conversation(deps, params),
    async storeTaskData(params) {
      const stored = await storeValue(taskData, params);
      changes.announce(params.sessionId);
      return stored;
    },
    getTaskData: (sessionId, key) => getValue(taskData, sessionId, key),
    listTaskDataKeys: (sessionId) => listKeys(taskData, sessionId),
    storeKnowledge: (params) => storeValue(knowledge, params),
    getKnowledge: (sessionId, key) => getValue(knowledge, sessionId, key),
    listKnowledgeKeys: (sessionId) => listKeys(knowledge, sessionId),

    async searchKnowledge({ sessionId, query }) {
      const hits = await sessions.searchKnowledge({ sessionId, query, limit: HITS_MAX });
      return {
        session_id: sessionId,
        hits: hits.map(({ key, excerpt, updatedAt }) => ({ key, excerpt, updated_at: updatedAt })),
      };
    },

    completeSessionId: (prefix, limit) => engine.completeSessionId(prefix, limit),
  };
}

async function listStates(engine: Engine, sessionId: string): Promise<readonly StateListing[]> {
  try {
    const { position } = await sight(engine, sessionId);
    return position.definition.steps.map((step) => ({
      name: step.name,
      description: step.goal?.trim(),
      variables: promptVariables(step),
    }));
  } catch (error) {
    if (error instanceof Fault && error.code.startsWith('WORKFLOW_')) return [];
    throw error;
  }
}

import { createStatePrompts } from './state-prompts.ts';
import { createStateResources } from './state-resources.ts';
import { addAssistantMessage } from './tools/add-assistant-message.ts';
import { addSystemMessage } from './tools/add-system-message.ts';
import { addUserMessage } from './tools/add-user-message.ts';
import { getConversationHistory } from './tools/get-conversation-history.ts';
import { getCurrentState } from './tools/get-current-state.ts';
import { getKnowledge } from './tools/get-knowledge.ts';
import { getTaskData } from './tools/get-task-data.ts';
import { listKnowledgeKeys } from './tools/list-knowledge-keys.ts';
import { listTaskDataKeys } from './tools/list-task-data-keys.ts';
import { searchKnowledge } from './tools/search-knowledge.ts';
import { storeKnowledge } from './tools/store-knowledge.ts';
import { storeTaskData } from './tools/store-task-data.ts';
import { transitionState } from './tools/transition-state.ts';
import type { ToolsetSurface } from './toolset-surface.ts';

/** The toolset `agent`. */
export const agentSurface: ToolsetSurface = {
  instructions: `\
It keeps an agent session: your own state, and what you must not forget. get_current_state says what to do now, and by what \
guidance to choose the next of its available_transitions; transition_state goes there. Keep facts about the task with \
store_task_data, what later tasks could use with store_knowledge, what was said with add_user_message and \
add_assistant_message: all of it is there after a restart. With a request_id, a message or a transition may be sent again if no \
answer comes. Agents that share the server each pass a session_id of their own.`,
  tools: [
    getCurrentState,
    transitionState,
    addUserMessage,
    addAssistantMessage,
    addSystemMessage,
    getConversationHistory,
    storeTaskData,
    getTaskData,
    listTaskDataKeys,
    storeKnowledge,
    getKnowledge,
    listKnowledgeKeys,
    searchKnowledge,
  ],
  resources: createStateResources,
  prompts: createStatePrompts,
};

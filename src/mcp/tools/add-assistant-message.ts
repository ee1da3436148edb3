import { defineMessageTool } from '../message-tool.ts';

export const addAssistantMessage = defineMessageTool({
  name: 'add_assistant_message',
  role: 'assistant',
  description: 'Keep what you answered the user.',
});

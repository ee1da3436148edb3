import { defineMessageTool } from '../message-tool.ts';

export const addAssistantMessage = defineMessageTool({
  role: 'assistant',
  description: 'Keep what you answered the user.',
});

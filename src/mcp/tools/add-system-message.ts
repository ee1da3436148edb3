import { defineMessageTool } from '../message-tool.ts';

export const addSystemMessage = defineMessageTool({
  name: 'add_system_message',
  role: 'system',
  description: 'Keep a note about the circumstances, such as a restart or a rule that holds from now on.',
});

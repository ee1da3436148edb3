import { defineMessageTool } from '../message-tool.ts';

export const addUserMessage = defineMessageTool({
  name: 'add_user_message',
  role: 'user',
  description: 'Keep what the user said, so that it is there after an interruption.',
});

import * as z from 'zod';
import { conversation, sessionId } from '../agent-schemas.ts';
import { defineTool } from '../tool.ts';

export const getConversationHistory = defineTool({
  name: 'get_conversation_history',
  description: 'The last messages that were kept, the oldest first.',
  input: z.strictObject({ max_messages: z.int().min(1).max(200).default(10), session_id: sessionId }),
  output: conversation,
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: async ({ max_messages, session_id }, { agent }) =>
    (await agent()).conversation({ sessionId: session_id, maxMessages: max_messages }),
});

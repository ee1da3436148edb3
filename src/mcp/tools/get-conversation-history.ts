import * as z from 'zod';
import { conversation, sessionId } from '../agent-schemas.ts';
import { cursor } from '../schemas.ts';
import { defineTool } from '../tool.ts';

export const getConversationHistory = defineTool({
  name: 'get_conversation_history',
  description: 'The last messages that were kept, the oldest first; next_cursor: there are older ones.',
  input: z.strictObject({
    max_messages: z.int().min(1).max(200).default(10),
    cursor,
    session_id: sessionId,
  }),
  output: conversation,
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: async ({ max_messages, cursor, session_id }, { agent }) =>
    (await agent()).conversation({ sessionId: session_id, maxMessages: max_messages, cursor }),
});

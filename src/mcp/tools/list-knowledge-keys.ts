import * as z from 'zod';
import { keys, sessionId } from '../agent-schemas.ts';
import { defineTool } from '../tool.ts';

export const listKnowledgeKeys = defineTool({
  name: 'list_knowledge_keys',
  description: 'What there is knowledge about.',
  input: z.strictObject({ session_id: sessionId }),
  output: keys,
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: async ({ session_id }, { agent }) => (await agent()).listKnowledgeKeys(session_id),
});

import * as z from 'zod';
import { knowledgeHits, sessionId } from '../agent-schemas.ts';
import { plainText } from '../schemas.ts';
import { defineTool } from '../tool.ts';

export const searchKnowledge = defineTool({
  name: 'search_knowledge',
  description:
    'Find knowledge by words, or beginnings of words; get_knowledge has all of what an excerpt shows.',
  input: z.strictObject({ query: plainText, session_id: sessionId }),
  output: knowledgeHits,
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: async ({ query, session_id }, { agent }) =>
    (await agent()).searchKnowledge({ sessionId: session_id, query }),
});

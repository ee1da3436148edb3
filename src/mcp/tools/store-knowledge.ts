import * as z from 'zod';
import { key, sessionId, stored, value } from '../agent-schemas.ts';
import { defineTool } from '../tool.ts';

export const storeKnowledge = defineTool({
  name: 'store_knowledge',
  description:
    'Keep what later tasks could use, with its source; one subject per key, in place of what is there.',
  input: z.strictObject({ key, value, session_id: sessionId }),
  output: stored,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  run: async ({ session_id, ...entry }, { agent }) =>
    (await agent()).storeKnowledge({ sessionId: session_id, ...entry }),
});

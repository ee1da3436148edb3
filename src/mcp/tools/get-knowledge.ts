import * as z from 'zod';
import { found, key, sessionId } from '../agent-schemas.ts';
import { defineTool } from '../tool.ts';

export const getKnowledge = defineTool({
  name: 'get_knowledge',
  description: 'What is known under a key.',
  input: z.strictObject({ key, session_id: sessionId }),
  output: found,
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: async (args, { agent }) => (await agent()).getKnowledge(args.session_id, args.key),
});

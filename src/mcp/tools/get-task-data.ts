import * as z from 'zod';
import { found, key, sessionId } from '../agent-schemas.ts';
import { defineTool } from '../tool.ts';

export const getTaskData = defineTool({
  name: 'get_task_data',
  description: 'What is kept about the task under a key.',
  input: z.strictObject({ key, session_id: sessionId }),
  output: found,
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: async (args, { agent }) => (await agent()).getTaskData(args.session_id, args.key),
});

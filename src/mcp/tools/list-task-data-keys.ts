import * as z from 'zod';
import { keys, sessionId } from '../agent-schemas.ts';
import { defineTool } from '../tool.ts';

export const listTaskDataKeys = defineTool({
  name: 'list_task_data_keys',
  description: 'Under which keys something is kept about the task.',
  input: z.strictObject({ session_id: sessionId }),
  output: keys,
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: async ({ session_id }, { agent }) => (await agent()).listTaskDataKeys(session_id),
});

import * as z from 'zod';
import { key, sessionId, stored, value } from '../agent-schemas.ts';
import { defineTool } from '../tool.ts';

export const storeTaskData = defineTool({
  name: 'store_task_data',
  description:
    'Keep something about the present task under a key, in place of what is there; null clears it. The instructions of a ' +
    'state use it by that name.',
  input: z.strictObject({ key, value, session_id: sessionId }),
  output: stored,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  run: async ({ session_id, ...entry }, { agent }) =>
    (await agent()).storeTaskData({ sessionId: session_id, ...entry }),
});

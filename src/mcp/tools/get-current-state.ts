import * as z from 'zod';
import { currentState, sessionId } from '../agent-schemas.ts';
import { defineTool } from '../tool.ts';

export const getCurrentState = defineTool({
  name: 'get_current_state',
  description:
    'Your state: what to do in it, where it may go, and by what guidance. Call it first, and when in doubt.',
  input: z.strictObject({ session_id: sessionId }),
  output: currentState,
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: async ({ session_id }, { agent }) => (await agent()).currentState(session_id),
});

import * as z from 'zod';
import { sessionId, transition } from '../agent-schemas.ts';
import { plainText, requestId } from '../schemas.ts';
import { defineTool } from '../tool.ts';

export const transitionState = defineTool({
  name: 'transition_state',
  description:
    'Change your state, to one of available_transitions. Then do what the instructions of the answer say. No answer, or a ' +
    'time-out: send the same call again.',
  input: z.strictObject({
    new_state: plainText,
    reason: plainText.optional().describe('Why, for whoever reads the history'),
    session_id: sessionId,
    request_id: requestId.describe('Unique; a repeat with the same one changes nothing'),
  }),
  output: transition,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  run: async ({ new_state, reason, session_id, request_id }, { agent }) =>
    (await agent()).transition({
      sessionId: session_id,
      newState: new_state,
      reason,
      requestId: request_id,
    }),
});

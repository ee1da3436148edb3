import * as z from 'zod';
import { answer, instanceId, plainText } from '../schemas.ts';
import { defineTool } from '../tool.ts';

export const cancelWorkflow = defineTool({
  name: 'cancel_workflow',
  description: 'End a run for good. Ask the user first.',
  input: z.strictObject({ instance_id: instanceId, reason: plainText.max(2000).optional() }),
  output: answer,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  run: (args, { engine }) => engine.cancel({ instanceId: args.instance_id, reason: args.reason }),
});

import * as z from 'zod';
import { answer, instanceId } from '../schemas.ts';
import { defineTool } from '../tool.ts';

export const getWorkflowStatus = defineTool({
  name: 'get_workflow_status',
  description: 'Where a run stands, with the current instructions.',
  input: z.strictObject({ instance_id: instanceId }),
  output: answer,
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: (args, { engine }) => engine.status({ instanceId: args.instance_id }),
});

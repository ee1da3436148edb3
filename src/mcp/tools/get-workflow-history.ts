import * as z from 'zod';
import { cursor, historyPage, instanceId, limit } from '../schemas.ts';
import { defineTool } from '../tool.ts';

export const getWorkflowHistory = defineTool({
  name: 'get_workflow_history',
  description: 'Everything that happened to a run, the oldest first: reports, decisions and their reasons.',
  input: z.strictObject({ instance_id: instanceId, limit, cursor }),
  output: historyPage,
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: ({ instance_id, ...page }, { engine }) => engine.history({ instanceId: instance_id, ...page }),
});

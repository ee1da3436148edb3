import * as z from 'zod';
import { cursor, historyPage, instanceId, limit } from '../schemas.ts';
import { defineTool } from '../tool.ts';

export const getWorkflowHistory = defineTool({
  name: 'get_workflow_history',
  description: 'All that happened to a run, oldest first: what earlier steps reported, decisions and why.',
  input: z.strictObject({ instance_id: instanceId, limit, cursor }),
  output: historyPage,
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: ({ instance_id, ...page }, { engine }) => engine.history({ instanceId: instance_id, ...page }),
});

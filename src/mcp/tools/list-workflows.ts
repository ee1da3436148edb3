import * as z from 'zod';
import { cursor, limit, workflowPage } from '../schemas.ts';
import { defineTool } from '../tool.ts';

export const listWorkflows = defineTool({
  name: 'list_workflows',
  description: 'Workflows that can be started, with their inputs, if any; broken ones with their errors.',
  input: z.strictObject({ limit, cursor }),
  output: workflowPage,
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: (args, { engine }) => engine.listWorkflows(args),
});

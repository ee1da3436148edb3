import * as z from 'zod';
import { INSTANCE_STATUSES } from '../../domain/instance.ts';
import { cursor, instancePage, limit, plainText } from '../schemas.ts';
import { defineTool } from '../tool.ts';

export const listInstances = defineTool({
  name: 'list_instances',
  description: 'Runs, the latest changed first: how to find yours again.',
  input: z.strictObject({
    status: z.enum(INSTANCE_STATUSES).optional(),
    workflow_name: plainText.optional(),
    limit,
    cursor,
  }),
  output: instancePage,
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: ({ workflow_name, ...args }, { engine }) =>
    engine.listInstances({ ...args, workflowName: workflow_name }),
});

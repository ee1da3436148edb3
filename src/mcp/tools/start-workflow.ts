import * as z from 'zod';
import { answer, jsonObject, plainText, requestId } from '../schemas.ts';
import { defineTool } from '../tool.ts';

export const startWorkflow = defineTool({
  name: 'start_workflow',
  description:
    'Start a run. Carry out next_step.instructions of the answer yourself, exactly; then choose by its decision_request, ' +
    'if it has one; report both with advance_workflow; repeat until status is COMPLETED.',
  input: z.strictObject({
    workflow_name: plainText,
    context: jsonObject.optional().describe('Its inputs, as list_workflows shows them'),
    request_id: requestId.describe('Unique; a repeat with the same one starts no second run'),
  }),
  output: answer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  runsScripts: true,
  long: 'pulse',
  run: (args, { engine }, { signal }) =>
    engine.start(
      { workflowName: args.workflow_name, context: args.context, requestId: args.request_id },
      { signal },
    ),
});

import * as z from 'zod';
import { answer, briefReport, instanceId, jsonObject, plainText, requestId } from '../schemas.ts';
import { defineTool } from '../tool.ts';

export const resumeWorkflow = defineTool({
  name: 'resume_workflow',
  description:
    'Find back into a run after a lost answer, a restart, a suspension, or in a new session (list_instances first). Compares ' +
    'your belief with what is stored, and answers with the instructions to go on with.',
  input: z.strictObject({
    instance_id: instanceId,
    assumed_current_step_name: plainText.describe('Unsure: take current_step_name from list_instances'),
    report: briefReport
      .optional()
      .describe('If you carried that step out: your report on it, as for advance_workflow'),
    context_updates: jsonObject.optional(),
    next_step_name: plainText.optional().describe('With a report: as for advance_workflow'),
    adopt_definition: z.boolean().optional().describe("Move the run to the workflow's current files"),
    request_id: requestId,
  }),
  output: answer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  runsScripts: true,
  long: 'pulse',
  run: (args, { engine }, { signal }) =>
    engine.resume(
      {
        instanceId: args.instance_id,
        assumedCurrentStepName: args.assumed_current_step_name,
        report: args.report,
        contextUpdates: args.context_updates,
        nextStepName: args.next_step_name,
        adoptDefinition: args.adopt_definition,
        requestId: args.request_id,
      },
      { signal },
    ),
});

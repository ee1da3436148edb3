import * as z from 'zod';
import { answer, instanceId, jsonObject, plainText, report, requestId } from '../schemas.ts';
import { defineTool } from '../tool.ts';

export const advanceWorkflow = defineTool({
  name: 'advance_workflow',
  description:
    'Report on the step that you just carried out; the answer holds the next one. Report only what you really did. ' +
    'No answer, or a time-out: send the same call again, it is safe.',
  input: z.strictObject({
    instance_id: instanceId,
    report,
    context_updates: jsonObject.optional().describe('Facts to keep for later steps'),
    next_step_name: plainText
      .optional()
      .describe('Required if the last answer had a decision_request: the option that its guidance calls for'),
    step_token: plainText.optional().describe('From the last answer; always pass it'),
    request_id: requestId.describe('A new one for each report; the same one only to send it again'),
  }),
  output: answer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  runsScripts: true,
  long: 'pulse',
  run: (args, { engine }, { signal }) =>
    engine.advance(
      {
        instanceId: args.instance_id,
        report: args.report,
        contextUpdates: args.context_updates,
        nextStepName: args.next_step_name,
        stepToken: args.step_token,
        requestId: args.request_id,
      },
      { signal },
    ),
});

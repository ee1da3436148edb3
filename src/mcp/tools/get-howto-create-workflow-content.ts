import * as z from 'zod';
import { defineTool } from '../tool.ts';

export const getHowtoCreateWorkflowContent = defineTool({
  name: 'get_howto_create_workflow_content',
  description: 'How to write workflow files; read it before you create or change one.',
  input: z.strictObject({}),
  output: z.object({ content: z.string() }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: async (_args, { authoringGuide }) => ({ content: await authoringGuide() }),
});

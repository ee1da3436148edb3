import * as z from 'zod';
import { toolListAnswer, toolListOf } from '../composition-schemas.ts';
import { defineTool } from '../tool.ts';

export const refreshTools = defineTool({
  name: 'refresh_tools',
  description: 'Ask every server for its tools again. Servers that tell of changes need no asking.',
  input: z.strictObject({}),
  output: toolListAnswer,
  annotations: { readOnlyHint: true, openWorldHint: true },
  run: async (_args, { composer }, { signal }) => toolListOf(await composer.refreshTools(signal)),
});

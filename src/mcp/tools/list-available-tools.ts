import * as z from 'zod';
import { toolListAnswer, toolListOf } from '../composition-schemas.ts';
import { defineTool } from '../tool.ts';

export const listAvailableTools = defineTool({
  name: 'list_available_tools',
  description: 'Every function that scripts can call. Long; search_tools finds the ones for a task.',
  input: z.strictObject({}),
  output: toolListAnswer,
  annotations: { readOnlyHint: true, openWorldHint: true },
  run: async (_args, { composer }) => toolListOf(await composer.listTools()),
});

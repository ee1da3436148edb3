import * as z from 'zod';
import { toolListAnswer, toolListOf } from '../composition-schemas.ts';
import { plainText } from '../schemas.ts';
import { defineTool } from '../tool.ts';

export const searchTools = defineTool({
  name: 'search_tools',
  description: 'Functions that scripts can call, by words, the best match first.',
  input: z.strictObject({ query: plainText }),
  output: toolListAnswer,
  annotations: { readOnlyHint: true, openWorldHint: true },
  run: async ({ query }, { composer }) => toolListOf(await composer.searchTools(query)),
});

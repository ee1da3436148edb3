import * as z from 'zod';
import { plainText } from '../schemas.ts';
import { defineTool } from '../tool.ts';

const DETAILS = ['brief', 'signatures', 'full'] as const;

export const getApiDocumentation = defineTool({
  name: 'get_api_documentation',
  description: 'What scripts can use, as TypeScript declarations. Read it before you write a script.',
  input: z.strictObject({
    query: plainText.optional().describe('Words; without, all functions'),
    detail: z
      .enum(DETAILS)
      .optional()
      .describe('brief: a line each; signatures: types; full: all descriptions too'),
  }),
  output: z.object({ documentation: z.string() }),
  annotations: { readOnlyHint: true, openWorldHint: true },
  run: async (params, { composer }) => ({ documentation: await composer.documentation(params) }),
});

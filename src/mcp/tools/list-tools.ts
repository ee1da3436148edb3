import * as z from 'zod';
import { clientName, serverToolsAnswer, serverToolsOf } from '../server-schemas.ts';
import { defineTool } from '../tool.ts';

export const listTools = defineTool({
  name: 'list_tools',
  description: 'The tools of a server, with their schemas.',
  input: z.strictObject({
    name: clientName.describe('Of a server, or of a client of one'),
    refresh: z.boolean().optional().describe('Ask it again'),
  }),
  output: serverToolsAnswer,
  annotations: { readOnlyHint: true, openWorldHint: true },
  async run({ name, refresh }, { gateway }) {
    return serverToolsOf(await (await gateway()).listTools(name, { refresh }));
  },
});

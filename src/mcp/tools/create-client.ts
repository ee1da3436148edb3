import * as z from 'zod';
import { clientAnswer, clientName, clientOf, serverName } from '../server-schemas.ts';
import { defineTool } from '../tool.ts';

export const createClient = defineTool({
  name: 'create_client',
  description:
    'Give your use of a server a name. Never needed: list_tools and call_tool take the name of a server too.',
  input: z.strictObject({ name: clientName, server_name: serverName }),
  output: clientAnswer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  run: async ({ name, server_name }, { gateway }) =>
    clientOf((await gateway()).createClient({ name, server: server_name })),
});

import * as z from 'zod';
import { clientAnswer, clientOf, serverAnswer, serverOf } from '../server-schemas.ts';
import { defineTool } from '../tool.ts';

export const listServers = defineTool({
  name: 'list_servers',
  description: 'The servers that there are, how each is, and the clients of them.',
  input: z.strictObject({}),
  output: z.object({
    servers: z.array(serverAnswer),
    clients: z.array(clientAnswer),
    note: z.string().optional(),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  async run(_args, deps) {
    const gateway = await deps.gateway();
    return {
      servers: gateway.servers().map(serverOf),
      clients: gateway.clients().map(clientOf),
      note: gateway.noServersNote(),
    };
  },
});

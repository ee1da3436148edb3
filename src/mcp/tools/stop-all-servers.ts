import * as z from 'zod';
import { serverAnswer, serverOf } from '../server-schemas.ts';
import { defineTool } from '../tool.ts';

export const stopAllServers = defineTool({
  name: 'stop_all_servers',
  description: 'End all servers.',
  input: z.strictObject({}),
  output: z.object({ servers: z.array(serverAnswer) }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  run: async (_args, { gateway }) => ({ servers: (await (await gateway()).stopAllServers()).map(serverOf) }),
});

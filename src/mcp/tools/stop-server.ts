import * as z from 'zod';
import { serverAnswer, serverName, serverOf } from '../server-schemas.ts';
import { defineTool } from '../tool.ts';

export const stopServer = defineTool({
  name: 'stop_server',
  description: 'End a server and all that it started. Its next use starts it anew.',
  input: z.strictObject({ name: serverName }),
  output: z.object({ server: serverAnswer }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  run: async ({ name }, { gateway }) => ({ server: serverOf(await (await gateway()).stopServer(name)) }),
});

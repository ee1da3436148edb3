import * as z from 'zod';
import { clientName, serverAnswer, serverOf } from '../server-schemas.ts';
import { defineTool } from '../tool.ts';

export const initializeClient = defineTool({
  name: 'initialize_client',
  description: "Connect a client's server now, to see early what is wrong with it.",
  input: z.strictObject({ name: clientName }),
  output: z.object({ server: serverAnswer }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  run: async ({ name }, { gateway }) => ({
    server: serverOf(await (await gateway()).initializeClient(name)),
  }),
});

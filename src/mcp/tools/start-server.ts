import * as z from 'zod';
import { isJsonObject } from '../../domain/json.ts';
import { serverAnswer, serverName, serverOf } from '../server-schemas.ts';
import { defineTool } from '../tool.ts';

const variables = z
  .custom<Readonly<Record<string, string>>>(
    (value) => isJsonObject(value) && Object.values(value).every((member) => typeof member === 'string'),
    'expected an object of texts',
  )
  .meta({ type: 'object' });

export const startServer = defineTool({
  name: 'start_server',
  description: 'Start an MCP server, by its configured name. Others start it too, when they use it.',
  input: z.strictObject({
    name: serverName,
    command: z
      .string()
      .min(1)
      .optional()
      .describe('Only for one that is not configured, if the operator allows it'),
    args: z.array(z.string()).optional(),
    env: variables.optional(),
  }),
  output: z.object({ server: serverAnswer }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  run: async (params, { gateway }) => ({ server: serverOf(await (await gateway()).startServer(params)) }),
});

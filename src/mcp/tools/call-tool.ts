import * as z from 'zod';
import { AnswerWithImages } from '../answer-with-images.ts';
import { passOn } from '../progress.ts';
import { jsonObject, plainText } from '../schemas.ts';
import { clientName } from '../server-schemas.ts';
import { defineTool } from '../tool.ts';
import { setImagesApart } from '../tool-images.ts';

export const callTool = defineTool({
  name: 'call_tool',
  description:
    'Call a tool of a server. Errors name server and tool. SERVER_TIMEOUT, SERVER_UNAVAILABLE: it may have done it all ' +
    'the same. NOT_ALLOWED: do without.',
  input: z.strictObject({
    name: clientName.describe('Of a server, or of a client of one'),
    tool_name: plainText,
    arguments: jsonObject.optional(),
  }),
  output: z.object({ server: z.string(), tool: z.string(), result: z.unknown() }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  long: 'told',
  async run({ name, tool_name: tool, arguments: args = {} }, { gateway }, { signal, onProgress, confirm }) {
    const { server, ...result } = await (await gateway()).callTool({
      name,
      tool,
      args,
      signal,
      confirm,
      onProgress: passOn(onProgress, tool),
    });
    const { value, images } = setImagesApart(result);
    const answer = { server, tool, result: value };
    return images.length === 0 ? answer : new AnswerWithImages(answer, images);
  },
});

import * as z from 'zod';
import type { ToolList } from '../composer/composer.ts';
import { TOOL_POLICIES } from '../domain/tool-policy.ts';
import { dropped, fittingTools } from './fitting-tools.ts';
import { policyWorthTelling } from './server-schemas.ts';

const text = z.string();
/** Of the functions in one answer: some hundreds. Whoever has more of them has to search. */
const LIST_BYTES_MAX = 128 * 1024;

export const toolListAnswer = z.object({
  tools: z.array(
    z.object({
      name: text,
      server: text,
      tool: text,
      description: text.optional(),
      policy: z.enum(TOOL_POLICIES).optional(),
    }),
  ),
  dropped,
  servers: z.array(z.object({ name: text, state: text, problem: text.optional() })),
  note: text.optional(),
});

export function toolListOf({ tools, servers, note }: ToolList): z.infer<typeof toolListAnswer> {
  return {
    ...fittingTools({
      all: tools.map(({ policy, ...tool }) => ({ ...tool, ...policyWorthTelling(policy) })),
      bytesMax: LIST_BYTES_MAX,
    }),
    servers: [...servers],
    note,
  };
}

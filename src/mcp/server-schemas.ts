import * as z from 'zod';
import { TOOL_POLICIES, type ToolPolicy } from '../domain/tool-policy.ts';
import type { PermittedTool, ServerClient, ServerTools } from '../hub/gateway.ts';
import type { ServerStatus } from '../hub/hub.ts';
import { dropped, fittingTools } from './fitting-tools.ts';
import { jsonObject, plainText } from './schemas.ts';

export const serverName = plainText.max(200);
/** Of a client, or of a server. */
export const clientName = plainText.max(200);

const text = z.string();

export const serverAnswer = z.object({
  name: text,
  state: text,
  problem: text.optional(),
  retry_after_ms: z.number().optional(),
  pid: z.int().optional(),
  title: text.optional(),
  version: text.optional(),
  tool_count: z.int().optional(),
  tools_dropped: z.int().optional(),
  unmatched_rules: z.array(text).optional(),
});

export const clientAnswer = z.object({ name: text, server_name: text });

export const serverToolsAnswer = z.object({
  server: text,
  tools: z.array(
    z.object({
      name: text,
      description: text.optional(),
      policy: z.enum(TOOL_POLICIES).optional(),
      inputSchema: jsonObject.optional(),
      outputSchema: jsonObject.optional(),
      annotations: jsonObject.optional(),
    }),
  ),
  dropped,
  unmatched_rules: z.array(text).optional(),
});

export function serverOf(server: ServerStatus): z.infer<typeof serverAnswer> {
  const { retryAfterMs, toolCount, toolsDropped, unmatchedRules, ...status } = server;
  return {
    ...status,
    retry_after_ms: retryAfterMs,
    tool_count: toolCount,
    tools_dropped: toolsDropped,
    unmatched_rules: unmatchedRules && [...unmatchedRules],
  };
}

export function serverToolsOf(params: ServerTools): z.infer<typeof serverToolsAnswer> {
  const { server, tools, dropped, unmatchedRules } = params;
  return {
    server,
    ...fittingTools({ all: tools.map(toolOf), known: dropped }),
    unmatched_rules: unmatchedRules && [...unmatchedRules],
  };
}

export function clientOf({ name, server }: ServerClient): z.infer<typeof clientAnswer> {
  return { name, server_name: server };
}

/** As its server describes it; a policy is told where there is something to tell. */
function toolOf({ server: _server, policy, ...tool }: PermittedTool) {
  return { ...tool, ...policyWorthTelling(policy) };
}

export function policyWorthTelling(policy: ToolPolicy): { readonly policy?: ToolPolicy } {
  return policy === 'allow' ? {} : { policy };
}

import { Server } from '@modelcontextprotocol/server';
import { serveCompletions } from './completions.ts';
import { servePrompts } from './serve-prompts.ts';
import { serveResources } from './serve-resources.ts';
import { serveTools } from './serve-tools.ts';
import type { ToolDeps } from './tool.ts';
import type { ToolsetSurface } from './toolset-surface.ts';

export interface McpServerDeps extends ToolDeps {
  /** Of this program. */
  readonly version: string;
  /** What the toolsets that are switched on show. */
  readonly surfaces: readonly ToolsetSurface[];
  /** Whether there may be downstream servers. */
  readonly hasServers: boolean;
  /** Called once a client has seen the tools: the moment to load what calling them takes. */
  readonly afterListing: () => Promise<void>;
}

export interface McpServerParams {
  /** `legacy`: protocol revisions up to 2025-11-25; `modern`: from 2026-07-28. */
  readonly era: 'legacy' | 'modern';
}

/**
 * One server for one connection, the same on every transport. Built on the SDK's low-level `Server`, because the
 * prompts and resources follow the workflow folders, which change while it runs.
 */
export function createMcpServer(deps: McpServerDeps, { era }: McpServerParams): Server {
  const { logger, surfaces } = deps;
  const server = new Server(
    { name: 'orchestrator-mcp-server', title: 'Workflow orchestrator', version: deps.version },
    {
      capabilities: {
        tools: {},
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        completions: {},
      },
      instructions: surfaces.map(({ instructions }) => instructions).join('\n\n'),
    },
  );
  const resources = surfaces.flatMap((surface) => surface.resources?.(deps) ?? []);
  const prompts = surfaces.flatMap((surface) => surface.prompts?.(deps) ?? []);
  serveTools(server, deps, { era });
  serveResources(server, { providers: resources, era, logger });
  servePrompts(server, { providers: prompts, logger });
  serveCompletions(server, { resources, prompts, logger });
  return server;
}

import { callTool } from './tools/call-tool.ts';
import { createClient } from './tools/create-client.ts';
import { initializeClient } from './tools/initialize-client.ts';
import { listServers } from './tools/list-servers.ts';
import { listTools } from './tools/list-tools.ts';
import { startServer } from './tools/start-server.ts';
import { stopAllServers } from './tools/stop-all-servers.ts';
import { stopServer } from './tools/stop-server.ts';
import type { ToolsetSurface } from './toolset-surface.ts';

/** The toolset `servers`. */
export const serversSurface: ToolsetSurface = {
  instructions: `\
It is a client of other MCP servers. list_servers shows them, list_tools {name} their tools, call_tool calls one; a server is \
started by its first use. A failed call says which server and tool it was, and whether calling again makes sense.`,
  tools: [
    startServer,
    stopServer,
    stopAllServers,
    listServers,
    createClient,
    initializeClient,
    listTools,
    callTool,
  ],
};

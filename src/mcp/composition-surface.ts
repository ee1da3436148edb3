import { executeComposedCode } from './tools/execute-composed-code.ts';
import { getApiDocumentation } from './tools/get-api-documentation.ts';
import { listAvailableTools } from './tools/list-available-tools.ts';
import { refreshTools } from './tools/refresh-tools.ts';
import { searchTools } from './tools/search-tools.ts';
import type { ToolsetSurface } from './toolset-surface.ts';

/** The toolset `composition`. */
export const compositionSurface: ToolsetSurface = {
  instructions: `\
It runs scripts over the tools of other MCP servers. Where a task takes more than two or three tool calls, or a loop: \
search_tools, then get_api_documentation {query} for the types, then one execute_composed_code. Choose a run_id: after a \
crash or a lost answer the same call goes on where it was. in_doubt: a call may have happened; look before you go on.`,
  tools: [executeComposedCode, searchTools, getApiDocumentation, listAvailableTools, refreshTools],
};

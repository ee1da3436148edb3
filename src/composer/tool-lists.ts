import type { ServerStatus } from '../hub/hub.ts';
import type { ComposableTool, ServerNote, ToolList } from './composer.ts';
import type { KnownTools, ScriptTool } from './tool-directory.ts';

/** @param noServersNote for the case that there is no server */
export function toolList(known: KnownTools, noServersNote: string): ToolList {
  return {
    tools: known.tools.map(composableTool),
    servers: known.servers.map(serverNote),
    ...(known.servers.length === 0 && { note: noServersNote }),
  };
}

function composableTool({ functionName, tool, policy }: ScriptTool): ComposableTool {
  const { server, name, description } = tool;
  return {
    name: functionName,
    server,
    tool: name,
    ...(description !== undefined && { description }),
    policy,
  };
}

/** What a reader of the list has to know of a server: also why its tools are not in it. */
export function serverNote({ name, state, problem, toolCount }: ServerStatus): ServerNote {
  const isUnknown = toolCount === undefined && state !== 'disabled';
  const why = problem ?? (isUnknown ? 'Its tools are not known yet; ask again in a moment.' : undefined);
  return { name, state, ...(why !== undefined && { problem: why }) };
}

import { isJsonObject, type JsonValue } from '../domain/json.ts';
import type { DownstreamTool } from './hub.ts';
import type { HubLimits } from './limits.ts';
import { isNestedDeeper } from './nesting.ts';

export interface ToolPage {
  readonly tools: readonly DownstreamTool[];
  /** Where the next page begins, if there is one. */
  readonly cursor?: string;
  /** Entries that are no tools. */
  readonly dropped: number;
}

/** One page of a server's tools as it came, read with care: what a server left out or got wrong is absent. */
export function readTools(server: string, raw: unknown, limits: HubLimits): ToolPage {
  const { tools, nextCursor } = isJsonObject(raw) ? raw : {};
  const entries: readonly JsonValue[] = Array.isArray(tools) ? tools : [];
  const read = entries.flatMap((entry) => readTool(server, entry, limits) ?? []);
  return {
    tools: read,
    dropped: entries.length - read.length,
    ...(typeof nextCursor === 'string' && nextCursor !== '' && { cursor: nextCursor }),
  };
}

function readTool(server: string, entry: JsonValue, limits: HubLimits): DownstreamTool | undefined {
  if (!isJsonObject(entry) || typeof entry.name !== 'string' || entry.name === '') return undefined;
  const { name, description, inputSchema, outputSchema, annotations } = entry;
  if (Buffer.byteLength(name) > limits.toolBytesMax) return undefined;
  const room = roomFor(limits);
  return {
    server,
    name,
    ...(typeof description === 'string' && room(description) && { description }),
    ...(isJsonObject(inputSchema) && room(inputSchema) && { inputSchema }),
    ...(isJsonObject(outputSchema) && room(outputSchema) && { outputSchema }),
    ...(isJsonObject(annotations) && room(annotations) && { annotations }),
  };
}

/** Says of each member of a tool in turn whether it is small and flat enough to be kept with the others. */
function roomFor({ toolBytesMax, depthMax }: HubLimits): (member: JsonValue) => boolean {
  let left = toolBytesMax;
  return (member) => {
    if (isNestedDeeper(member, depthMax)) return false;
    const bytes = Buffer.byteLength(JSON.stringify(member));
    if (bytes > left) return false;
    left -= bytes;
    return true;
  };
}

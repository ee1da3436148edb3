import type { JsonValue } from '../domain/json.ts';
import type { ToolPolicy } from '../domain/tool-policy.ts';
import type { Catalogue, DownstreamTool, Hub } from '../hub/hub.ts';

/** The function that stands for a tool in scripts. */
export interface ToolFunction {
  readonly functionName: string;
  /** A line of text for `brief`, else TypeScript. */
  describe(detail: 'brief' | 'signatures' | 'full'): string;
}

/**
 * The functions of these tools, in their order, each with another name. `samples` are good results, for tools that do not
 * declare what they return.
 */
export type NameTools = (
  tools: readonly (DownstreamTool & { readonly samples?: readonly JsonValue[] })[],
) => readonly ToolFunction[];

export interface ScriptTool {
  /** What scripts call. */
  readonly functionName: string;
  readonly tool: DownstreamTool;
  readonly policy: ToolPolicy;
}

export interface KnownTools {
  readonly tools: readonly ScriptTool[];
  readonly servers: Catalogue['servers'];
}

/** Which tools scripts can call, by the names under which they do. */
export interface ToolDirectory {
  /** As far as they are known now. */
  known(): KnownTools;
  /** How the names of a server's tools begin. */
  prefixOf(server: string): string;
}

export interface ToolDirectoryParams {
  readonly hub: Pick<Hub, 'catalogue'>;
  readonly nameTools: NameTools;
  readonly policyOf: (server: string, tool: string) => ToolPolicy;
}

export function createToolDirectory({ hub, nameTools, policyOf }: ToolDirectoryParams): ToolDirectory {
  let listed: readonly DownstreamTool[] = [];
  let tools: readonly ScriptTool[] = [];
  return {
    known() {
      const catalogue = hub.catalogue();
      // Naming a thousand tools takes longer than most scripts have to wait for anything.
      if (!isSameList(listed, catalogue.tools)) {
        listed = catalogue.tools;
        const functions = nameTools(listed);
        tools = listed.map((tool, index) => ({
          functionName: functions[index]?.functionName ?? '',
          tool,
          policy: policyOf(tool.server, tool.name),
        }));
      }
      return { tools, servers: catalogue.servers };
    },
    prefixOf: (server) => nameTools([{ server, name: '' }])[0]?.functionName ?? '',
  };
}

function isSameList<Item>(one: readonly Item[], other: readonly Item[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}

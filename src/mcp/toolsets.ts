import type { Toolset } from '../domain/toolset.ts';
import type { Tool } from './tool.ts';
import type { ToolsetSurface } from './toolset-surface.ts';
import { workflowSurface } from './workflow-surface.ts';

/** What is not switched on is not loaded: clients wait for the server to start. */
const SURFACES: Readonly<Record<Toolset, () => Promise<ToolsetSurface>>> = {
  workflows: async () => workflowSurface,
  agent: async () => (await import('./agent-surface.ts')).agentSurface,
  tasks: async () => (await import('./task-surface.ts')).taskSurface,
  servers: async () => (await import('./servers-surface.ts')).serversSurface,
  composition: async () => (await import('./composition-surface.ts')).compositionSurface,
};

/** What the chosen sets show, in the order in which they are given. */
export function loadSurfaces(toolsets: readonly Toolset[]): Promise<readonly ToolsetSurface[]> {
  return Promise.all(toolsets.map((toolset) => SURFACES[toolset]()));
}

/** The tools of the chosen sets, in the same order. */
export async function loadTools(toolsets: readonly Toolset[]): Promise<readonly Tool[]> {
  return toolsOf(await loadSurfaces(toolsets));
}

export function toolsOf(surfaces: readonly ToolsetSurface[]): readonly Tool[] {
  return surfaces.flatMap(({ tools }) => tools);
}

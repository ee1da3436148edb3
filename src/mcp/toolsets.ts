import type { Toolset } from '../domain/toolset.ts';
import { agentSurface } from './agent-surface.ts';
import { taskSurface } from './task-surface.ts';
import type { Tool } from './tool.ts';
import type { ToolsetSurface } from './toolset-surface.ts';
import { workflowSurface } from './workflow-surface.ts';

const SURFACES: Readonly<Record<Toolset, ToolsetSurface>> = {
  workflows: workflowSurface,
  agent: agentSurface,
  tasks: taskSurface,
};

/** What the chosen sets show, in a fixed order. */
export function surfacesOf(toolsets: readonly Toolset[]): readonly ToolsetSurface[] {
  return toolsets.map((toolset) => SURFACES[toolset]);
}

/** The tools of the chosen sets, in a fixed order. */
export function toolsOf(toolsets: readonly Toolset[]): readonly Tool[] {
  return surfacesOf(toolsets).flatMap(({ tools }) => tools);
}

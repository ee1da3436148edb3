/** Groups of tools, switched on by name, because every tool description costs the client's context. */
export const TOOLSETS = ['workflows', 'agent', 'tasks', 'servers', 'composition'] as const;
export type Toolset = (typeof TOOLSETS)[number];

import type { PromptProvider } from './prompt-provider.ts';
import type { ResourceProvider } from './resource-provider.ts';
import type { Tool, ToolDeps } from './tool.ts';

/** Everything that one toolset shows to a client. */
export interface ToolsetSurface {
  /** What a connecting model is told of it. */
  readonly instructions: string;
  readonly tools: readonly Tool[];
  resources?(deps: ToolDeps): ResourceProvider;
  prompts?(deps: ToolDeps): PromptProvider;
}

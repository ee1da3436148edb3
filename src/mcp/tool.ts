import type * as z from 'zod';
import type { Logger } from '../domain/logger.ts';
import type { Engine } from '../engine/engine.ts';

/** What a tool works with; the same for every call of a connection. */
export interface ToolDeps {
  readonly engine: Engine;
  /** The Markdown of the authoring guide. */
  readonly authoringGuide: () => Promise<string>;
  readonly logger: Logger;
}

export interface ToolCall {
  /** Aborted when the client cancels the call or goes away. */
  readonly signal: AbortSignal;
}

export interface ToolAnnotations {
  readonly readOnlyHint: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint: boolean;
}

/** One tool of the MCP surface. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  readonly annotations: ToolAnnotations;
  /** Whether it may wait for a model, so that a client which asks for progress hears some. */
  readonly long?: true;
  /** Gets arguments that fit `input`; returns what fits `output`; throws faults. */
  run(args: unknown, deps: ToolDeps, call: ToolCall): Promise<object>;
}

interface ToolSpec<Input extends z.ZodType> extends Omit<Tool, 'input' | 'run'> {
  readonly input: Input;
  run(args: z.output<Input>, deps: ToolDeps, call: ToolCall): Promise<object>;
}

/** Ties the arguments of `run` to `input`. */
export function defineTool<Input extends z.ZodType>(spec: ToolSpec<Input>): Tool {
  return { ...spec, run: (args, deps, call) => spec.run(args as z.output<Input>, deps, call) };
}

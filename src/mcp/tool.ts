import type * as z from 'zod';
import type { AgentSessions } from '../agent/agent-sessions.ts';
import type { Composer } from '../composer/composer.ts';
import type { ChangeFeed } from '../domain/change-feed.ts';
import type { Logger } from '../domain/logger.ts';
import type { Toolset } from '../domain/toolset.ts';
import type { Engine } from '../engine/engine.ts';
import type { Gateway } from '../hub/gateway.ts';
import type { Orchestrator } from '../queue/run.ts';
import type { TaskQueue } from '../queue/task-queue.ts';
import type { Confirmation } from './confirmation.ts';

/** What a tool works with; the same for every call of a connection. */
export interface ToolDeps {
  readonly engine: Engine;
  /** Opened by its first use, like everything here that takes a database. */
  readonly taskQueue: () => Promise<TaskQueue>;
  readonly orchestrator: () => Promise<Orchestrator>;
  readonly agent: () => Promise<AgentSessions>;
  /** To the downstream servers. */
  readonly gateway: () => Promise<Gateway>;
  readonly composer: Composer;
  /** Announces the id of each agent session whose state this process changes. */
  readonly sessionChanges: ChangeFeed<string>;
  /** Announces every change of the queue that this process makes. */
  readonly taskChanges: ChangeFeed;
  /** Those that are switched on. */
  readonly toolsets: readonly Toolset[];
  /** The Markdown of the authoring guide. */
  readonly authoringGuide: () => Promise<string>;
  readonly logger: Logger;
}

export interface ToolCall extends Confirmation {
  /** Aborted when the client cancels the call or goes away. */
  readonly signal: AbortSignal;
  /** Tells a client that asked for it how far the call is; the numbers must grow. */
  onProgress(progress: CallProgress): void;
}

export interface CallProgress {
  readonly progress: number;
  readonly total?: number;
  readonly message: string;
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
  /** Whether the server may run the scripts of steps before it answers; they call the tools of downstream servers. */
  readonly runsScripts?: true;
  /**
   * Whether it may take long. `pulse`: it waits for a model or a script, and a client that asks for progress hears from time to
   * time that it is still at work; `told`: it tells its progress itself.
   */
  readonly long?: 'pulse' | 'told';
  /**
   * Gets arguments that fit `input`; returns what fits `output`, or that with images; throws faults, and
   * `QuestionPending`.
   */
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

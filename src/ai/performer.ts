import type { JsonObject, JsonValue } from '../domain/json.ts';
import type { Judgement } from '../domain/judgement.ts';
import type { Report } from '../domain/report.ts';
import type { Model } from './model.ts';

/** What a performer is told of the task that it works for. */
export interface TaskBrief {
  /** `task-001` */
  readonly id: string;
  readonly description: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** What was wrong with the attempt before. */
  readonly feedback?: string;
}

/** One step of a workflow that is to be carried out. */
export interface StepRequest {
  readonly task: TaskBrief;
  readonly workflowName: string;
  readonly stepName: string;
  /** Client Instructions with the context filled in. */
  readonly instructions: string;
  readonly context: JsonObject;
  /** What went wrong in the steps before it that the server carried out by itself. */
  readonly failedScripts?: JsonValue;
  /** What `report.result` has to look like, where the step says so. */
  readonly reportSchema?: JsonObject;
}

export interface StepOutcome {
  readonly report: Report;
  /** Facts to keep for later steps. */
  readonly contextUpdates?: JsonObject;
}

/** A task without a workflow that is to be done. */
export interface TaskRequest {
  readonly task: TaskBrief;
  readonly context?: JsonObject;
}

export type TaskOutcome =
  | { readonly status: 'success'; readonly result: JsonValue }
  /** It could not be done, and why. */
  | { readonly status: 'failure'; readonly error: string };

/** A result that is to be judged. */
export interface JudgementRequest {
  readonly task: TaskBrief;
  readonly result: JsonValue;
}

export interface PerformOptions {
  /** Aborted when the caller gave up; the performer stops and throws `CANCELLED`. */
  readonly signal?: AbortSignal;
}

/** A tool of a downstream server, as that describes it. */
export interface OfferedTool {
  readonly server: string;
  readonly name: string;
  readonly description?: string;
  readonly inputSchema?: JsonObject;
}

export interface ToolOffer {
  readonly tools: readonly OfferedTool[];
  /** Servers whose tools are missing here, and why. */
  readonly unavailable: readonly { readonly server: string; readonly problem: string }[];
}

export interface ToolCall {
  readonly server: string;
  readonly tool: string;
  readonly args: JsonObject;
}

/** The tools for one piece of work. What they have done stays done, whatever becomes of the work. */
export interface WorkTools {
  /** What can be called now. */
  offer(signal?: AbortSignal): Promise<ToolOffer>;
  /**
   * Throws `SERVER_NOT_FOUND`, `SERVER_UNAVAILABLE`, `SERVER_TIMEOUT`, `TOOL_FAILED`, `TOO_LARGE` and `NOT_ALLOWED`, which the
   * performer can work around. Whatever else it throws ends the work.
   */
  call(call: ToolCall, signal?: AbortSignal): Promise<JsonValue>;
}

export interface WorkOptions extends PerformOptions {
  /** Left out where there are none. */
  readonly tools?: WorkTools;
}

/**
 * Works in the place of a client: an LLM, or the stub. It has no hands but the tools that it is given: what it cannot do
 * with these and with words it reports as a failure.
 *
 * All verbs throw the `AI_` codes that {@link Model} throws, `AI_INVALID_DECISION` for an answer that is not what was
 * asked for, and `CANCELLED`. Their retries stay inside their own budget, which each answer has anew where tools are
 * called in between.
 */
export interface Performer {
  readonly name: Model['decider'];
  carryOutStep(request: StepRequest, options?: WorkOptions): Promise<StepOutcome>;
  doTask(request: TaskRequest, options?: WorkOptions): Promise<TaskOutcome>;
  judge(request: JudgementRequest, options?: PerformOptions): Promise<Judgement>;
}

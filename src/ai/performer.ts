import type { JsonObject, JsonValue } from '../domain/json.ts';
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

export type Judgement =
  | { readonly accepted: true }
  /** What the next attempt has to do better; never empty. */
  | { readonly accepted: false; readonly feedback: string };

export interface PerformOptions {
  /** Aborted when the caller gave up; the performer stops and throws `CANCELLED`. */
  readonly signal?: AbortSignal;
}

/**
 * Works in the place of a client: an LLM, or the stub. It has no hands: what it cannot do with words alone it reports
 * as a failure.
 *
 * All verbs throw the `AI_` codes that {@link Model} throws, `AI_INVALID_DECISION` for an answer that is not what was
 * asked for, and `CANCELLED`. Their retries stay inside their own budget.
 */
export interface Performer {
  readonly name: Model['decider'];
  carryOutStep(request: StepRequest, options?: PerformOptions): Promise<StepOutcome>;
  doTask(request: TaskRequest, options?: PerformOptions): Promise<TaskOutcome>;
  judge(request: JudgementRequest, options?: PerformOptions): Promise<Judgement>;
}

import type { JsonObject } from '../domain/json.ts';
import { systemTimers, type Timers } from '../domain/timers.ts';
import { ask, type Question } from './ask.ts';
import type { AttemptPolicy } from './attempts.ts';
import type {
  Performer,
  PerformOptions,
  StepOutcome,
  StepRequest,
  TaskOutcome,
  TaskRequest,
  WorkOptions,
} from './performer.ts';
import type { Prompt } from './prompt.ts';
import type { Reading } from './reading.ts';
import { describeCatalogue } from './tool-catalogue.ts';
import { buildJudgementPrompt, buildStepPrompt, buildTaskPrompt, type Toolbox } from './work-prompt.ts';
import {
  JUDGEMENT_SCHEMA,
  readJudgement,
  readStepOutcome,
  readTaskOutcome,
  STEP_SCHEMA,
  TASK_SCHEMA,
  TOOL_STEP_SCHEMA,
  TOOL_TASK_SCHEMA,
} from './work-schema.ts';
import { workWithTools } from './work-with-tools.ts';

export interface LlmPerformerParams extends Omit<AttemptPolicy, 'timers'> {
  readonly timers?: Timers | undefined;
}

/** How a kind of work is asked for. */
interface WorkForm<Request, Outcome> {
  build(request: Request, toolbox?: Toolbox): Prompt;
  readonly schema: JsonObject;
  readonly toolSchema: JsonObject;
  read(text: string): Reading<Outcome>;
  failure(error: string): Outcome;
}

const STEP: WorkForm<StepRequest, StepOutcome> = {
  build: buildStepPrompt,
  schema: STEP_SCHEMA,
  toolSchema: TOOL_STEP_SCHEMA,
  read: readStepOutcome,
  failure: (error) => ({ report: { status: 'failure', error } }),
};

const TASK: WorkForm<TaskRequest, TaskOutcome> = {
  build: buildTaskPrompt,
  schema: TASK_SCHEMA,
  toolSchema: TOOL_TASK_SCHEMA,
  read: readTaskOutcome,
  failure: (error) => ({ status: 'failure', error }),
};

/** A performer that asks an LLM, as {@link ask} does. Every failure is one of the faults of {@link Performer}. */
export function createLlmPerformer({ timers = systemTimers, ...rest }: LlmPerformerParams): Performer {
  const policy = { timers, ...rest };
  const answer = async <Value>(
    question: Omit<Question<Value>, 'purpose'>,
    { signal }: PerformOptions = {},
  ): Promise<Value> => (await ask({ policy, question: { ...question, purpose: 'work' }, signal })).value;

  async function work<Request, Outcome>(
    { build, schema, toolSchema, read, failure }: WorkForm<Request, Outcome>,
    { request, tools, signal }: WorkOptions & { readonly request: Request },
  ): Promise<Outcome> {
    const offer = await tools?.offer(signal);
    if (tools === undefined || offer === undefined || offer.tools.length + offer.unavailable.length === 0)
      return answer({ prompt: build(request), schema, read }, { signal });
    const catalogue = describeCatalogue(offer);
    return workWithTools({
      policy,
      tools,
      signal,
      prompt: (calls) => build(request, { ...calls, catalogue }),
      schema: toolSchema,
      read,
      failure,
    });
  }

  return {
    name: policy.provider.decider,
    carryOutStep: (request, options) => work(STEP, { ...options, request }),
    doTask: (request, options) => work(TASK, { ...options, request }),
    judge: (request, options) =>
      answer(
        { prompt: buildJudgementPrompt(request), schema: JUDGEMENT_SCHEMA, read: readJudgement },
        options,
      ),
  };
}

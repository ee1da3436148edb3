import { systemTimers, type Timers } from '../domain/timers.ts';
import { ask, type Question } from './ask.ts';
import type { AttemptPolicy } from './attempts.ts';
import type { Performer, PerformOptions } from './performer.ts';
import { buildJudgementPrompt, buildStepPrompt, buildTaskPrompt } from './work-prompt.ts';
import {
  JUDGEMENT_SCHEMA,
  readJudgement,
  readStepOutcome,
  readTaskOutcome,
  STEP_SCHEMA,
  TASK_SCHEMA,
} from './work-schema.ts';

export interface LlmPerformerParams extends Omit<AttemptPolicy, 'timers'> {
  readonly timers?: Timers | undefined;
}

/** A performer that asks an LLM, as {@link ask} does. Every failure is one of the faults of {@link Performer}. */
export function createLlmPerformer({ timers = systemTimers, ...rest }: LlmPerformerParams): Performer {
  const policy = { timers, ...rest };
  const work = async <Value>(
    question: Omit<Question<Value>, 'purpose'>,
    { signal }: PerformOptions = {},
  ): Promise<Value> => (await ask({ policy, question: { ...question, purpose: 'work' }, signal })).value;
  return {
    name: policy.provider.decider,
    carryOutStep: (request, options) =>
      work({ prompt: buildStepPrompt(request), schema: STEP_SCHEMA, read: readStepOutcome }, options),
    doTask: (request, options) =>
      work({ prompt: buildTaskPrompt(request), schema: TASK_SCHEMA, read: readTaskOutcome }, options),
    judge: (request, options) =>
      work({ prompt: buildJudgementPrompt(request), schema: JUDGEMENT_SCHEMA, read: readJudgement }, options),
  };
}

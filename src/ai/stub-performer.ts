import { Fault } from '../domain/errors.ts';
import { systemTimers, type Timers } from '../domain/timers.ts';
import { adviseCaller } from './caller-advice.ts';
import { cutText } from './excerpt.ts';
import type {
  Performer,
  PerformOptions,
  StepOutcome,
  StepRequest,
  TaskBrief,
  WorkOptions,
} from './performer.ts';
import { minimalValue } from './stub/minimal-value.ts';
import type { ScriptEntry } from './stub/script-entry.ts';
import { createScriptPlayer, type Occasion } from './stub/script-player.ts';
import { isToldToPerformer } from './told-faults.ts';

const DESCRIPTION_BYTES_MAX = 200;

export interface StubPerformerParams {
  /** What to answer before the defaults; see {@link ScriptEntry}. */
  readonly script?: readonly ScriptEntry[] | undefined;
  readonly timers?: Timers | undefined;
}

/**
 * A performer without an LLM, for tests, pipelines and demos: the same requests, in the same order, get the same
 * answers. It plays its script first, entry by entry, whatever a stub that decides takes from the same script;
 * where that has nothing (more) to say, all goes well: steps succeed, with the smallest result that their schema
 * asks for, tasks are done, results are accepted.
 */
export function createStubPerformer({
  script = [],
  timers = systemTimers,
}: StubPerformerParams = {}): Performer {
  const player = createScriptPlayer({ script, timers });
  const play = async (occasion: Occasion, { signal }: PerformOptions): Promise<ScriptEntry> => {
    try {
      return (await player.play(occasion, signal))?.entry ?? {};
    } catch (error) {
      throw error instanceof Fault ? adviseCaller(error, { purpose: 'work', attempts: 1 }) : error;
    }
  };
  return {
    name: 'stub',
    async carryOutStep(request, options = {}) {
      const { task, workflowName, stepName } = request;
      const occasion: Occasion = { verb: 'step', workflowName, stepName, task };
      const { calls, report, context_updates } = await play(occasion, options);
      if (report === undefined) return succeed(request);
      const error = await makeCalls(calls, options);
      if (error !== undefined) return { report: { status: 'failure', error } };
      return { report, ...(context_updates === undefined ? {} : { contextUpdates: context_updates }) };
    },
    async doTask({ task }, options = {}) {
      const { calls, outcome } = await play({ verb: 'task', task }, options);
      const error = await makeCalls(calls, options);
      if (error !== undefined) return { status: 'failure', error };
      return outcome ?? { status: 'success', result: `The stub did ${titleOf(task)}` };
    },
    async judge({ task }, options = {}) {
      const { judgement } = await play({ verb: 'judge', task }, options);
      return judgement ?? { accepted: true };
    },
  };
}

/** Why one of them failed; undefined if none did. */
async function makeCalls(
  calls: ScriptEntry['calls'] = [],
  { tools, signal }: WorkOptions,
): Promise<string | undefined> {
  for (const { server, tool, arguments: args = {} } of calls) {
    if (tools === undefined) return `There are no downstream servers, and so no ${tool} of ${server}.`;
    try {
      await tools.call({ server, tool, args }, signal);
    } catch (error) {
      if (!isToldToPerformer(error)) throw error;
      return `${tool} of ${server} failed (${error.code}): ${error.message}`;
    }
  }
  return undefined;
}

function succeed({ task, workflowName, stepName, reportSchema }: StepRequest): StepOutcome {
  const message = `The stub carried out ${stepName} of ${workflowName} for ${titleOf(task)}`;
  return { report: { status: 'success', result: minimalValue(reportSchema), message } };
}

function titleOf({ id, description }: TaskBrief): string {
  return `${id}: ${cutText(description, DESCRIPTION_BYTES_MAX)}`;
}

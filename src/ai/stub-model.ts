import type { Decision, DecisionRecord } from '../domain/decision.ts';
import type { Step } from '../domain/definition.ts';
import { Fault } from '../domain/errors.ts';
import { type GuidanceClause, readGuidance } from '../domain/guidance.ts';
import { systemTimers, type Timers } from '../domain/timers.ts';
import { adviseCaller } from './caller-advice.ts';
import { readWireDecision } from './decision-schema.ts';
import type { DecisionRequest, Model } from './model.ts';
import { decideByGuidance } from './stub/guided-decision.ts';
import type { ScriptEntry } from './stub/script-entry.ts';
import { createScriptPlayer, type ScriptPlayer } from './stub/script-player.ts';

export interface StubModelParams {
  /** What to answer before the guidance is asked; see {@link ScriptEntry}. */
  readonly script?: readonly ScriptEntry[] | undefined;
  readonly timers?: Timers | undefined;
}

/**
 * A decider without an LLM, for tests, pipelines and demos: the same requests, in the same order, get the
 * same decisions. It plays its script first, entry by entry; where that has nothing (more) to say about a
 * step, it follows the simple sentences of the guidance. A script starts over with the process.
 */
export function createStubModel({ script = [], timers = systemTimers }: StubModelParams = {}): Model {
  const player = createScriptPlayer({ script, timers });
  const clausesOf = rememberGuidance();
  return {
    decider: 'stub',
    readsHistory: false,
    async decide(request, { signal } = {}) {
      try {
        const decision =
          (await playScript(player, request, signal)) ??
          decideByGuidance(request, clausesOf(request)) ??
          nothingAllowed(request);
        return record(decision, request);
      } catch (error) {
        throw error instanceof Fault ? adviseCaller(error, { purpose: 'decision', attempts: 1 }) : error;
      }
    },
  };
}

/** Definitions are immutable, and a run asks about the same steps over and over. */
function rememberGuidance(): (request: DecisionRequest) => readonly GuidanceClause[] {
  const known = new WeakMap<Step, readonly GuidanceClause[]>();
  return ({ definition, step }) => {
    const clauses = known.get(step) ?? readGuidance(definition, step.guidance);
    known.set(step, clauses);
    return clauses;
  };
}

async function playScript(
  player: ScriptPlayer,
  { definition, step, allowed }: DecisionRequest,
  signal: AbortSignal | undefined,
): Promise<Decision | undefined> {
  const played = await player.play(
    { verb: 'decide', workflowName: definition.name, stepName: step.name },
    signal,
  );
  if (played === undefined) return undefined;
  const reading = readWireDecision(played.entry.decision, allowed);
  if (!reading.ok) throw invalid(`entry ${played.index} of its script cannot be used: ${reading.problem}`);
  return reading.value;
}

function nothingAllowed({ step }: DecisionRequest): never {
  throw invalid(`no step may follow ${step.name}`);
}

function invalid(problem: string): Fault {
  return new Fault('AI_INVALID_DECISION', `The stub has no usable decision: ${problem.replace(/\.$/, '')}`);
}

function record(decision: Decision, { allowed }: DecisionRequest): DecisionRecord {
  return { ...decision, decider: 'stub', candidates: allowed, attempts: 1 };
}

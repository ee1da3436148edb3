import type { Decision, DecisionRecord } from '../domain/decision.ts';
import type { Step } from '../domain/definition.ts';
import { Fault } from '../domain/errors.ts';
import { type GuidanceClause, readGuidance } from '../domain/guidance.ts';
import { adviseCaller } from './caller-advice.ts';
import { readWireDecision } from './decision-schema.ts';
import type { DecisionRequest, Model } from './model.ts';
import { cancelled } from './provider-faults.ts';
import { decideByGuidance } from './stub/guided-decision.ts';
import { createScriptPlayer, type ScriptEntry, type ScriptPlayer } from './stub/script.ts';
import { systemTimers, type Timers } from './timers.ts';

export interface StubModelParams {
  /** What to answer before the guidance is asked; see {@link readStubScript}. */
  readonly script?: readonly ScriptEntry[] | undefined;
  readonly timers?: Timers | undefined;
}

/**
 * A decider without an LLM, for tests, pipelines and demos: the same requests, in the same order, get the
 * same decisions. It plays its script first, entry by entry; where that has nothing (more) to say about a
 * step, it follows the simple sentences of the guidance. A script starts over with the process.
 */
export function createStubModel({ script = [], timers = systemTimers }: StubModelParams = {}): Model {
  const player = createScriptPlayer(script);
  const clausesOf = rememberGuidance();
  return {
    decider: 'stub',
    readsHistory: false,
    async decide(request, { signal } = {}) {
      try {
        if (signal?.aborted) throw cancelled();
        const decision =
          (await playScript({ player, timers, request, signal })) ??
          decideByGuidance(request, clausesOf(request)) ??
          nothingAllowed(request);
        return record(decision, request);
      } catch (error) {
        throw error instanceof Fault ? adviseCaller(error, 1) : error;
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

interface PlayScriptParams {
  readonly player: ScriptPlayer;
  readonly timers: Timers;
  readonly request: DecisionRequest;
  readonly signal: AbortSignal | undefined;
}

async function playScript({
  player,
  timers,
  request,
  signal,
}: PlayScriptParams): Promise<Decision | undefined> {
  const played = player.next(request.definition.name, request.step.name);
  if (played === undefined) return undefined;
  const { entry, index } = played;
  if (entry.delay_ms !== undefined) {
    await timers.sleep(entry.delay_ms, signal).catch((reason: unknown) => {
      throw signal?.aborted ? cancelled() : reason;
    });
  }
  if (entry.fault !== undefined) throw scriptedFault(entry.fault, index);
  const reading = readWireDecision(entry.decision, request.allowed);
  if (!reading.ok) throw invalid(`entry ${index} of its script cannot be used: ${reading.problem}`);
  return reading.decision;
}

function scriptedFault(
  { code, message, retry_after_ms }: NonNullable<ScriptEntry['fault']>,
  index: number,
): Fault {
  return new Fault(code, message ?? `The decider (stub) fails as entry ${index} of its script says`, {
    retryAfterMs: retry_after_ms,
  });
}

function nothingAllowed({ step }: DecisionRequest): never {
  throw invalid(`no step may follow ${step.name}`);
}

function invalid(problem: string): Fault {
  return new Fault(
    'AI_INVALID_DECISION',
    `The decider (stub) has no usable decision: ${problem.replace(/\.$/, '')}`,
  );
}

function record(decision: Decision, { allowed }: DecisionRequest): DecisionRecord {
  return { ...decision, decider: 'stub', candidates: allowed, attempts: 1 };
}

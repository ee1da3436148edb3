import type { JsonObject } from '../domain/json.ts';
import { ask } from './ask.ts';
import type { AttemptPolicy } from './attempts.ts';
import { type CallRecord, describeRounds, recordFault, recordOmission, recordResult } from './call-record.ts';
import type { ToolCall, WorkTools } from './performer.ts';
import type { Prompt } from './prompt.ts';
import type { Reading } from './reading.ts';
import { isToldToPerformer } from './told-faults.ts';
import { CALLS_MAX, readCalls } from './tool-calls.ts';

/** A model that has not come to an end by then goes round in circles, and each round costs more than the one before. */
const ROUNDS_MAX = 20;
/** What a prompt says of the calls so far. */
export interface CallsSoFar {
  readonly rounds: readonly string[];
  /** Whether the model may ask for more. */
  readonly canCall: boolean;
}

export interface WorkWithToolsParams<Outcome> {
  readonly policy: AttemptPolicy;
  readonly tools: WorkTools;
  readonly signal: AbortSignal | undefined;
  prompt(calls: CallsSoFar): Prompt;
  /** JSON Schema of an answer, which may hold calls. */
  readonly schema: JsonObject;
  /** Reads an answer without calls. */
  read(text: string): Reading<Outcome>;
  /** What it is to come to nothing. */
  failure(error: string): Outcome;
}

/**
 * Asks an LLM round by round: it answers with calls of tools, hears what came of them, and is asked again, until it answers
 * with an outcome. One that asks for more rounds or calls than there may be has failed. Throws what {@link ask} throws,
 * and what ends the work in {@link WorkTools}.
 */
export async function workWithTools<Outcome>(params: WorkWithToolsParams<Outcome>): Promise<Outcome> {
  const { policy, schema, signal } = params;
  const rounds: (readonly CallRecord[])[] = [];
  let callsLeft = CALLS_MAX;
  for (;;) {
    const canCall = rounds.length < ROUNDS_MAX && callsLeft > 0;
    const prompt = params.prompt({ rounds: describeRounds(rounds), canCall });
    const purpose = rounds.length === 0 ? 'work' : 'work_after_calls';
    const read = (text: string) => readCalls(text, params.read);
    const { value } = await ask({ policy, question: { purpose, prompt, schema, read }, signal });
    if (value.kind === 'outcome') return value.outcome;
    if (!canCall) return params.failure(goesInCircles(rounds.length, CALLS_MAX - callsLeft));
    const round = await makeCalls(value.calls, { ...params, callsMax: callsLeft });
    callsLeft -= round.made;
    rounds.push(round.records);
  }
}

interface MakeCallsParams extends Pick<WorkWithToolsParams<unknown>, 'tools' | 'signal'> {
  readonly callsMax: number;
}

/** One after the other, up to the first that fails: what follows was thought of for a world in which it did not. */
async function makeCalls(
  calls: readonly ToolCall[],
  { tools, signal, callsMax }: MakeCallsParams,
): Promise<{ readonly records: readonly CallRecord[]; readonly made: number }> {
  const records: CallRecord[] = [];
  let made = 0;
  let obstacle: string | undefined;
  for (const call of calls) {
    if (made === callsMax) obstacle ??= 'there were as many calls as there may be.';
    if (obstacle !== undefined) {
      records.push(recordOmission(call, obstacle));
      continue;
    }
    made += 1;
    try {
      records.push(recordResult(call, await tools.call(call, signal)));
    } catch (error) {
      if (!isToldToPerformer(error)) throw error;
      records.push(recordFault(call, error));
      obstacle = 'the call before it failed.';
    }
  }
  return { records, made };
}

function goesInCircles(rounds: number, calls: number): string {
  return `The model made ${calls} calls of tools in ${rounds} rounds, which is as much as there may be (${CALLS_MAX} calls, ${ROUNDS_MAX} rounds), and came to no end.`;
}

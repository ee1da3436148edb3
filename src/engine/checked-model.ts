import type { Model } from '../ai/model.ts';
import { type DecisionRecord, STATUS_SUGGESTIONS } from '../domain/decision.ts';
import { Fault } from '../domain/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';

/**
 * The same model, whose word is not taken for it: a decision that is not one, or that leads where the step may not
 * lead, is `AI_INVALID_DECISION`. What a run does is bounded by its definition, whoever writes the next decider.
 */
export function withCheckedDecisions(model: Model): Model {
  return {
    ...model,
    async decide(request, options) {
      const decision = copyOf(await model.decide(request, options));
      const problem = decision === undefined ? 'it is no JSON object' : problemOf(decision, request.allowed);
      if (problem === undefined) {
        const checked = decision as unknown as DecisionRecord;
        return { ...checked, decider: model.decider, candidates: request.allowed };
      }
      throw new Fault(
        'AI_INVALID_DECISION',
        `The decider (${model.decider}) gave no usable decision: ${problem}.`,
        {
          hint: 'Nothing has moved. Send the same call again.',
          details: { decider: model.decider, problem },
        },
      );
    },
  };
}

/** As it would be stored and read again: plain data that cannot change any more, whatever it was made of. */
function copyOf(decision: unknown): JsonObject | undefined {
  try {
    const copy: unknown = JSON.parse(JSON.stringify(decision));
    return isJsonObject(copy) ? copy : undefined;
  } catch {
    return undefined;
  }
}

function problemOf(decision: JsonObject, allowed: readonly string[]): string | undefined {
  const { nextStepName, updatedContext, statusSuggestion, reasoning } = decision;
  if (typeof nextStepName !== 'string' || !allowed.includes(nextStepName))
    return 'its next step is none of those allowed';
  if (!Array.isArray(updatedContext) || !updatedContext.every(isContextEntry))
    return 'its context updates are no list of keys and values';
  if (
    statusSuggestion !== undefined &&
    !(STATUS_SUGGESTIONS as readonly unknown[]).includes(statusSuggestion)
  )
    return 'it suggests a status that there is not';
  if (reasoning !== undefined && typeof reasoning !== 'string') return 'its reasoning is no text';
  return undefined;
}

function isContextEntry(entry: JsonValue): boolean {
  return isJsonObject(entry) && typeof entry.key === 'string' && Object.hasOwn(entry, 'value');
}

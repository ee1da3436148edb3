import type { DecisionRecord } from '../domain/decision.ts';
import { type Definition, FINISH, findStep } from '../domain/definition.ts';
import { type Instance, type InstanceStatus, visitsOf } from '../domain/instance.ts';
import { type JsonObject, mergeJson } from '../domain/json.ts';

/** What a transition does to an instance, before it gets its revision, token and time. */
export interface Arrival {
  readonly currentStepName: string;
  readonly status: InstanceStatus;
  readonly statusReason?: string;
  readonly visits: Readonly<Record<string, number>>;
}

/**
 * Where entering a step leaves an instance: FINISH completes it, and a step that was visited as often as its
 * `max_visits` allows suspends it, because a person has to say whether the loop goes on.
 */
export function enterStep(
  definition: Definition,
  stepName: string,
  visits: Readonly<Record<string, number>>,
): Arrival {
  const visit = visitsOf(visits, stepName) + 1;
  const entered = { currentStepName: stepName, visits: { ...visits, [stepName]: visit } };
  if (stepName === FINISH) return { ...entered, status: 'COMPLETED' };
  const visitsMax = findStep(definition, stepName)?.maxVisits;
  if (visitsMax === undefined || visit <= visitsMax) return { ...entered, status: 'RUNNING' };
  return {
    ...entered,
    status: 'SUSPENDED',
    statusReason: `Step "${stepName}" has max_visits ${visitsMax}, and this is visit ${visit}.`,
  };
}

/** Where a decision leads. A model may call a run that ends a failure, and one that goes on suspended. */
export function applyDecision(definition: Definition, instance: Instance, decision: DecisionRecord): Arrival {
  const { nextStepName, statusSuggestion, reasoning } = decision;
  const arrival = enterStep(definition, nextStepName, instance.visits);
  if (arrival.status === 'COMPLETED' && statusSuggestion === 'FAILED') {
    return { ...arrival, status: 'FAILED', statusReason: reasoning };
  }
  if (arrival.status === 'RUNNING' && statusSuggestion === 'SUSPENDED') {
    return { ...arrival, status: 'SUSPENDED', statusReason: reasoning };
  }
  return arrival;
}

/** Shallow; the later wins: what was there, what the client set, what the decider set. */
export function mergeContext(
  context: JsonObject,
  contextUpdates: JsonObject | undefined,
  decision: DecisionRecord | undefined,
): JsonObject {
  return mergeJson(
    context,
    contextUpdates,
    decision && Object.fromEntries(decision.updatedContext.map(({ key, value }) => [key, value])),
  );
}

import type { Decision } from '../../domain/decision.ts';
import { FINISH } from '../../domain/definition.ts';
import type { GuidanceClause } from '../../domain/guidance.ts';
import { matchStepName } from '../../domain/step-names.ts';
import type { DecisionRequest } from '../model.ts';
import { conditionHolds } from './conditions.ts';
import { factsOf } from './facts.ts';

/**
 * Decides by what the guidance says in so many words. The first clause whose condition holds wins; then the
 * client's wish, if the guidance names that step at all; then what holds always, or otherwise; then the next
 * listed step; then FINISH. A client that is to be reconciled stays at the stored step. Undefined: nothing is
 * allowed.
 */
export function decideByGuidance(
  request: DecisionRequest,
  guidance: readonly GuidanceClause[],
): Decision | undefined {
  const { task, step, allowed } = request;
  if (task === 'reconcile' && allowed.includes(step.name)) {
    return decision(step.name, 'The stored step is where the run stands.');
  }
  const clauses = task === 'advance' ? guidance.filter(({ target }) => allowed.includes(target)) : [];
  const clause = findClause(request, clauses);
  if (clause !== undefined) return decision(clause.target, `The guidance says: ${clause.sentence}`);
  const next = nextListed(request);
  return next === undefined
    ? undefined
    : decision(next, 'The guidance names no step for this report; this one comes next.');
}

function findClause(
  request: DecisionRequest,
  clauses: readonly GuidanceClause[],
): GuidanceClause | undefined {
  const wished = request.wish === undefined ? undefined : matchStepName(request.allowed, request.wish);
  return (
    findHolding(request, clauses) ??
    clauses.find(({ target }) => target === wished) ??
    clauses.find(({ condition }) => condition === undefined)
  );
}

function findHolding(
  request: DecisionRequest,
  clauses: readonly GuidanceClause[],
): GuidanceClause | undefined {
  if (clauses.every(({ condition }) => condition === undefined)) return undefined;
  const facts = factsOf(request);
  return clauses.find(({ condition }) => condition !== undefined && conditionHolds(condition, facts));
}

/** The first allowed step that is listed after the current one, else FINISH, else whatever is allowed. */
function nextListed({ definition, step, allowed }: DecisionRequest): string | undefined {
  const names = definition.steps.map(({ name }) => name);
  const following = [...names.slice(names.indexOf(step.name) + 1), FINISH];
  return following.find((name) => allowed.includes(name)) ?? allowed[0];
}

function decision(nextStepName: string, reasoning: string): Decision {
  return {
    nextStepName,
    updatedContext: [],
    statusSuggestion: nextStepName === FINISH ? 'COMPLETED' : 'RUNNING',
    reasoning,
  };
}

import type { Model } from '../ai/model.ts';
import type { Conditions } from '../definitions/definitions.ts';
import type { DecisionRecord } from '../domain/decision.ts';
import { allowedNextSteps, type Definition, defaultTarget, type Step } from '../domain/definition.ts';
import { Fault } from '../domain/errors.ts';
import type { HistoryEntry } from '../domain/history.ts';
import { visitsOf } from '../domain/instance.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Report } from '../domain/report.ts';
import { matchStepName } from '../domain/step-names.ts';

/** How many history entries a model gets to see. */
export const RECENT_HISTORY_ENTRIES = 5;

export interface DecideParams {
  readonly definition: Definition;
  readonly step: Step;
  readonly report: Report;
  /** With the client's updates of this call merged in: what it just set counts. */
  readonly context: JsonObject;
  readonly visits: Readonly<Record<string, number>>;
  readonly requestedNextStep: string | undefined;
  /** The caller is the one who decides where transitions do not, whatever model there is. */
  readonly callerDecides: boolean;
  readonly signal: AbortSignal | undefined;
}

export interface DecideDeps {
  readonly conditions: Conditions;
  /** Undefined: the client decides. */
  readonly model: Model | undefined;
  /** Only called when a model is asked. */
  readonly recentHistory: () => Promise<readonly HistoryEntry[]>;
}

/**
 * Decides which step comes next: the declared transitions if they settle it, else the model, else the client.
 * Throws `DECISION_REQUIRED` or `STEP_NOT_ALLOWED` where the client decides, or what {@link Model} throws.
 */
export async function decide(params: DecideParams, deps: DecideDeps): Promise<DecisionRecord> {
  const declared = decideByTransitions(params, deps.conditions);
  if (declared.decision !== undefined) return declared.decision;
  if (deps.model === undefined || params.callerDecides) return decideByClient(params, declared.problems);
  return deps.model.decide(
    {
      task: 'advance',
      definition: params.definition,
      step: params.step,
      allowed: allowedNextSteps(params.definition, params.step),
      context: params.context,
      visits: params.visits,
      report: params.report,
      ...(params.requestedNextStep !== undefined && { wish: params.requestedNextStep }),
      recentHistory: deps.model.readsHistory ? await deps.recentHistory() : [],
    },
    params.signal === undefined ? {} : { signal: params.signal },
  );
}

interface DeclaredOutcome {
  readonly decision?: DecisionRecord;
  /** Why conditions that could not be evaluated did not count. */
  readonly problems: readonly string[];
}

/** The first true transition wins, then the default. A condition that fails is not true. */
function decideByTransitions(params: DecideParams, conditions: Conditions): DeclaredOutcome {
  const { step } = params;
  if (step.transitions === undefined) return { problems: [] };
  const candidates = allowedNextSteps(params.definition, step);
  const visits = Object.fromEntries(
    params.definition.steps.map(({ name }) => [name, visitsOf(params.visits, name)]),
  );
  const variables = { report: params.report, context: params.context, visits };
  const problems: string[] = [];
  for (const { to, when } of step.transitions) {
    if (when === undefined) continue;
    const result = conditions.evaluate(when, variables);
    if (!result.ok) problems.push(`\`${when}\` could not be evaluated: ${result.problem}.`);
    else if (result.value)
      return { decision: declaredDecision(to, candidates, [`\`${when}\` is true.`, ...problems]), problems };
  }
  const fallback = defaultTarget(step.transitions);
  if (fallback === undefined) return { problems };
  const conditional = step.transitions.some(({ when }) => when !== undefined);
  const reason = conditional
    ? 'No condition is true, so the default applies.'
    : 'The step always leads here.';
  return { decision: declaredDecision(fallback, candidates, [reason, ...problems]), problems };
}

function declaredDecision(
  to: string,
  candidates: readonly string[],
  reasons: readonly string[],
): DecisionRecord {
  return {
    decider: 'transitions',
    nextStepName: to,
    updatedContext: [],
    candidates,
    reasoning: reasons.join(' '),
  };
}

function decideByClient(params: DecideParams, problems: readonly string[]): DecisionRecord {
  const options = allowedNextSteps(params.definition, params.step);
  const details = { current_step: params.step.name, guidance: params.step.guidance, options: [...options] };
  if (params.requestedNextStep === undefined) {
    throw new Fault(
      'DECISION_REQUIRED',
      [
        `You decide what follows "${params.step.name}": send the same call again with next_step_name set to one of`,
        `${quoted(options)}, chosen by this guidance: ${params.step.guidance.trim()}`,
        ...problems,
      ].join(' '),
      { hint: 'Nothing has moved; your report was not recorded yet.', details },
    );
  }
  const nextStepName = matchStepName(options, params.requestedNextStep);
  if (nextStepName === undefined) {
    throw new Fault(
      'STEP_NOT_ALLOWED',
      `"${params.requestedNextStep}" cannot follow "${params.step.name}". Choose one of ${quoted(options)}.`,
      { hint: 'Nothing has moved; send the same call again with another next_step_name.', details },
    );
  }
  return { decider: 'client', nextStepName, updatedContext: [], candidates: options };
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

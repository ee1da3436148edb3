import type { Model } from '../ai/model.ts';
import type { DecisionRecord } from '../domain/decision.ts';
import { allowedNextSteps, type Definition, FINISH, findStep } from '../domain/definition.ts';
import type { HistoryEntry } from '../domain/history.ts';
import { type Instance, isFinished } from '../domain/instance.ts';
import { canonicalJson, type JsonObject } from '../domain/json.ts';
import type { Report } from '../domain/report.ts';
import { requestIdReused } from '../domain/request-id-reused.ts';
import { matchStepName } from '../domain/step-names.ts';
import { definitionToAdopt } from './adopt.ts';
import { advanceInTurn, type CallOptions } from './advance.ts';
import type { Answer, Reconciliation, Verdict } from './answer.ts';
import { COMMIT_ROUNDS_MAX, type EngineCore, movedByOthers } from './core.ts';
import { RECENT_HISTORY_ENTRIES } from './decide.ts';
import { checkTransitionsLeft } from './limits.ts';
import { addsNothing } from './repeat.ts';
import { callBefore } from './script-row.ts';
import { answerAfterScripts, isInDoubt, runScriptSteps } from './script-steps.ts';
import { checkContextUpdates, recordingFailures, requireStep } from './take-report.ts';
import { type Arrival, applyDecision, mergeContext } from './transition.ts';

export interface ResumeParams {
  readonly instanceId: string;
  /** What the client believes to be the current step, however it remembers it. */
  readonly assumedCurrentStepName: string;
  readonly report?: Report;
  readonly contextUpdates?: JsonObject;
  /** With a report: the choice where the client decides; elsewhere a wish. */
  readonly nextStepName?: string;
  /** Moves the instance to the current version of its workflow first. */
  readonly adoptDefinition?: boolean;
  readonly requestId?: string;
}

/**
 * Brings a client that lost track and the stored run together again, by comparing what the client believes, what is
 * stored, and what was last answered. A suspended instance runs again.
 *
 * Throws what {@link advanceInstance} throws, and `DEFINITION_INCOMPATIBLE`, `WORKFLOW_NOT_FOUND` or `WORKFLOW_INVALID`
 * where a definition is to be adopted.
 */
export async function resumeInstance(
  core: EngineCore,
  params: ResumeParams,
  options: CallOptions = {},
): Promise<Answer> {
  await core.requireInstance(params.instanceId);
  return core.lock.hold(params.instanceId, options.signal, async () => {
    for (let round = 0; round < COMMIT_ROUNDS_MAX; round++) {
      const answer = await tryResume(core, params, options.signal);
      if (answer !== undefined) return answer;
    }
    throw movedByOthers();
  });
}

/** Undefined: another process moved the instance meanwhile, so that everything has to be looked at again. */
async function tryResume(
  core: EngineCore,
  params: ResumeParams,
  signal: AbortSignal | undefined,
): Promise<Answer | undefined> {
  const arrived = await core.requireInstance(params.instanceId);
  const { instance: found } = await runScriptSteps(core, { instance: arrived }, signal);
  if (isFinished(found.status)) return core.answer(found);
  const repeated = await findRepeat(core, params);
  if (repeated !== undefined) return repeated;
  checkContextUpdates(core, params.contextUpdates);

  const last = await core.requireTransition(found.instanceId, found.revision);
  const definition = await core.definitionOf(found.definitionHash);
  const verdict = verdictOf({
    params,
    arrivedAt: arrived.currentStepName,
    instance: found,
    call: await callBefore(core, last),
    definition,
  });
  const byServer = findStep(definition, arrived.currentStepName)?.script !== undefined;
  const inDoubt = isInDoubt(last);
  const explanation =
    verdict === 'in_sync' && byServer
      ? explainByServer(arrived, params, inDoubt)
      : explain(verdict, found, params);
  const reconciliation = { verdict, explanation };
  const attempt: Attempt = { core, found, params, reconciliation, signal };
  // What has just suspended the run, and what may not be done again unseen, is to be read before it goes on.
  const isUnread = found !== arrived || (inDoubt && verdict !== 'in_sync');
  if (found.status === 'SUSPENDED' && isUnread)
    return core.answer(found, { decision: last.decision, reconciliation });
  if (verdict === 'in_sync') {
    if (params.report === undefined || (byServer && !inDoubt)) return goOn(attempt);
    return byServer ? settleDoubt(attempt, params.report) : advanceFrom(attempt, params.report);
  }
  if (verdict === 'answer_lost') return answerAgain(attempt, last.decision);
  return core.model === undefined ? goOn(attempt) : reconcile(attempt, core.model);
}

interface Attempt {
  readonly core: EngineCore;
  readonly found: Instance;
  readonly params: ResumeParams;
  readonly reconciliation: Reconciliation;
  readonly signal: AbortSignal | undefined;
}

/** The current instructions, and with them whatever the client had to add to the context. */
async function goOn({ core, found, params, reconciliation, signal }: Attempt): Promise<Answer | undefined> {
  const { requestId, contextUpdates } = params;
  const instance = await settle({ core, found, params, reconciliation, requestId, contextUpdates });
  if (instance === found && reconciliation.verdict !== 'in_sync')
    await noteBelief(core, found, params, reconciliation);
  return instance && answerAfterScripts(core, { instance }, { reconciliation, signal });
}

async function answerAgain(
  { core, found, params, reconciliation, signal }: Attempt,
  decision: DecisionRecord | undefined,
): Promise<Answer | undefined> {
  const instance = await settle({
    core,
    found,
    params,
    reconciliation,
    requestId: params.requestId,
    contextUpdates: undefined,
  });
  return instance && answerAfterScripts(core, { instance, decision }, { reconciliation, signal });
}

async function advanceFrom(attempt: Attempt, report: Report): Promise<Answer | undefined> {
  const { core, params, reconciliation, signal } = attempt;
  const instance = await settle({ ...attempt, requestId: undefined, contextUpdates: undefined });
  if (instance === undefined) return undefined;
  return advanceInTurn(core, {
    ...callOf(params, report, instance),
    arrived: instance,
    instance,
    signal,
    reconciliation,
  });
}

/** The report of a person, or of a client that has looked, in the place of what nobody knows of the script. */
async function settleDoubt(
  { core, found, params, reconciliation, signal }: Attempt,
  report: Report,
): Promise<Answer> {
  return advanceInTurn(core, {
    ...callOf(params, report, found),
    adoptDefinition: params.adoptDefinition,
    arrived: found,
    instance: found,
    signal,
    reconciliation,
    settlesDoubt: true,
  });
}

function callOf(params: ResumeParams, report: Report, { instanceId, currentStepName }: Instance) {
  const { contextUpdates, nextStepName, requestId } = params;
  return {
    instanceId,
    report: { ...report, step_id: currentStepName },
    contextUpdates,
    nextStepName,
    requestId,
  };
}

/** Lets the model say where to go on: where the run stands, or at a step that may follow. */
async function reconcile(attempt: Attempt, model: Model): Promise<Answer | undefined> {
  const { core, params, reconciliation, signal } = attempt;
  const instance = await settle({ ...attempt, requestId: undefined, contextUpdates: undefined });
  if (instance === undefined) return undefined;
  checkTransitionsLeft(instance.revision, core.limits);
  const definition = await core.definitionOf(instance.definitionHash);
  const step = requireStep(definition, instance.currentStepName);
  const context = mergeContext(instance.context, params.contextUpdates, undefined);
  const recentHistory = model.readsHistory
    ? await core.store.recentHistory(instance.instanceId, RECENT_HISTORY_ENTRIES)
    : [];
  const decision = await recordingFailures(core, { instance, report: params.report }, () =>
    model.decide(
      {
        task: 'reconcile',
        definition,
        step,
        allowed: [...new Set([step.name, ...allowedNextSteps(definition, step)])],
        context,
        visits: instance.visits,
        report: params.report,
        belief: params.assumedCurrentStepName,
        wish: params.nextStepName,
        recentHistory,
      },
      { signal },
    ),
  );
  const stays = decision.nextStepName === instance.currentStepName;
  const updated = mergeContext(context, undefined, decision);
  if (stays && canonicalJson(updated) === canonicalJson(instance.context)) {
    await noteBelief(core, instance, params, reconciliation, decision);
    return answerAfterScripts(core, { instance, decision }, { reconciliation, signal });
  }
  const result = await core.commit({
    from: instance,
    to: stays ? standing(instance) : applyDecision(definition, instance, decision),
    context: updated,
    entry: {
      kind: 'reconciled',
      requestId: params.requestId,
      report: params.report,
      contextUpdates: params.contextUpdates,
      decision,
      detail: { reconciliation: { ...reconciliation }, belief: params.assumedCurrentStepName },
    },
  });
  return result.outcome === 'committed'
    ? answerAfterScripts(core, { instance: result.instance, decision }, { reconciliation, signal })
    : undefined;
}

/** The instance at rest where it is, running. */
function standing(instance: Instance): Arrival {
  return { currentStepName: instance.currentStepName, status: 'RUNNING', visits: instance.visits };
}

/**
 * Commits at most one transition that moves nothing but makes the instance ready to go on: it runs, on the definition
 * that was asked for, with the updates in its context. Undefined: another process was faster.
 */
async function settle(
  params: Pick<Attempt, 'core' | 'found' | 'params' | 'reconciliation'> & {
    readonly requestId: string | undefined;
    readonly contextUpdates: JsonObject | undefined;
  },
): Promise<Instance | undefined> {
  const { core, found, reconciliation, contextUpdates } = params;
  const definition =
    params.params.adoptDefinition === true ? await definitionToAdopt(core, found) : undefined;
  const context = mergeContext(found.context, contextUpdates, undefined);
  const unchanged =
    definition === undefined &&
    found.status === 'RUNNING' &&
    canonicalJson(context) === canonicalJson(found.context);
  if (unchanged) return found;
  checkTransitionsLeft(found.revision, core.limits);
  const result = await core.commit({
    from: found,
    to: standing(found),
    context,
    definition,
    entry: {
      kind: definition === undefined ? 'resumed' : 'adopted',
      requestId: params.requestId,
      contextUpdates,
      detail: { reconciliation: { ...reconciliation }, belief: params.params.assumedCurrentStepName },
    },
  });
  return result.outcome === 'committed' ? result.instance : undefined;
}

async function noteBelief(
  { store, clock }: EngineCore,
  instance: Instance,
  params: ResumeParams,
  reconciliation: Reconciliation,
  decision?: DecisionRecord,
): Promise<void> {
  await store.recordNote({
    kind: 'belief_checked',
    instanceId: instance.instanceId,
    revision: instance.revision,
    timestamp: clock.now(),
    stepName: instance.currentStepName,
    report: params.report,
    outcomeStatus: params.report?.status,
    decision,
    status: instance.status,
    detail: { reconciliation: { ...reconciliation }, belief: params.assumedCurrentStepName },
  });
}

async function findRepeat(core: EngineCore, params: ResumeParams): Promise<Answer | undefined> {
  if (params.requestId === undefined) return undefined;
  const seen = await core.store.findRequest(params.instanceId, params.requestId);
  if (seen === undefined) return undefined;
  const call = {
    report: params.report,
    contextUpdates: params.contextUpdates,
    nextStepName: params.nextStepName,
  };
  if (!addsNothing(seen, call)) throw requestIdReused(params.requestId);
  return core.replay(seen);
}

interface VerdictParams {
  readonly params: ResumeParams;
  /** Where the run stood before the server went on by itself. */
  readonly arrivedAt: string;
  readonly instance: Instance;
  /** The transition of the last call that a client made. */
  readonly call: HistoryEntry;
  readonly definition: Definition;
}

/** Compares the belief with the stored step, with what was last answered, with where the run was and where it may go. */
function verdictOf({ params, arrivedAt, instance, call: last, definition }: VerdictParams): Verdict {
  const names = [...definition.steps.map(({ name }) => name), FINISH];
  const believed = matchStepName(names, params.assumedCurrentStepName);
  if (believed === undefined) return 'diverged';
  if (believed === instance.currentStepName || believed === arrivedAt) return 'in_sync';
  const call = {
    report: params.report,
    contextUpdates: params.contextUpdates,
    nextStepName: params.nextStepName,
  };
  if (last.kind !== 'started' && believed === last.stepName && addsNothing(last, call)) return 'answer_lost';
  if (Object.hasOwn(instance.visits, believed)) return 'client_behind';
  const step = findStep(definition, instance.currentStepName);
  return step !== undefined && allowedNextSteps(definition, step).includes(believed)
    ? 'client_ahead'
    : 'diverged';
}

function explainByServer({ currentStepName }: Instance, { report }: ResumeParams, inDoubt: boolean): string {
  const position = `The run was at "${currentStepName}", which the server carries out by a script`;
  if (report === undefined) return `${position}. Go on with the instructions given here.`;
  return inDoubt
    ? `${position}. It was not known what had come of that; your report says so, and counts.`
    : `${position}, so that your report does not count. Go on with the instructions given here.`;
}

function explain(
  verdict: Verdict,
  { currentStepName: stored }: Instance,
  { assumedCurrentStepName: believed }: ResumeParams,
): string {
  switch (verdict) {
    case 'in_sync':
      return `The run is at "${stored}", as you believe, and no report about it is stored. If you may have begun it, look at what is done before you do it again.`;
    case 'answer_lost':
      return `Your report about "${believed}" had arrived; its answer had not reached you. The run is at "${stored}".`;
    case 'client_behind':
      return `You believe the run to be at "${believed}", which it has left; it is at "${stored}". Go on with the instructions given here.`;
    case 'client_ahead':
      return `You believe the run to be at "${believed}", but no report about "${stored}" has arrived. If you have carried out "${stored}", report it.`;
    case 'diverged':
      return `The run is at "${stored}", and "${believed}" is no step that it came from or may go to next. Go on with the instructions given here.`;
  }
}

import type { Model } from '../ai/model.ts';
import type { Composer } from '../composer/composer.ts';
import type { Conditions, Definitions, Schemas } from '../definitions/definitions.ts';
import type { Clock } from '../domain/clock.ts';
import type { DecisionRecord } from '../domain/decision.ts';
import type { Definition, PinnedDefinition } from '../domain/definition.ts';
import { Defect, Fault } from '../domain/errors.ts';
import type { HistoryEntry, NewHistoryEntry } from '../domain/history.ts';
import type { Ids } from '../domain/ids.ts';
import { type Instance, isFinished } from '../domain/instance.ts';
import type { JsonObject } from '../domain/json.ts';
import { checkJsonSize } from '../domain/json-size.ts';
import { KeyedLock } from '../domain/keyed-lock.ts';
import type { Limits } from '../domain/limits.ts';
import type { Logger } from '../domain/logger.ts';
import { systemTimers, type Timers } from '../domain/timers.ts';
import type { Store } from '../store/store.ts';
import { type Answer, buildAnswer, type Reconciliation } from './answer.ts';
import { withCheckedDecisions } from './checked-model.ts';
import { failedScripts } from './failed-scripts.ts';
import { BEFORE_START, foldEntry } from './past-state.ts';
import { endOfRow } from './script-row.ts';
import { requireComposer, scriptStepAt } from './script-step.ts';
import type { Arrival } from './transition.ts';

export interface EngineDeps {
  readonly store: Store;
  readonly definitions: Definitions;
  readonly conditions: Conditions;
  readonly schemas: Schemas;
  /** Undefined: where declared transitions do not settle it, the client decides. */
  readonly model: Model | undefined;
  /** Carries out the steps that have a script; undefined where there is none that could. */
  readonly composer?: Pick<Composer, 'execute'>;
  readonly clock: Clock;
  /** Those of the system, if left out. */
  readonly timers?: Timers;
  readonly ids: Ids;
  readonly limits: Limits;
  readonly logger: Logger;
}

/** Tells listeners which instance moved; never throws into the engine. */
export type InstanceListener = (instanceId: string) => void;

/** A pinned definition is immutable, so that it may be kept; this many of them are. */
const CACHED_DEFINITIONS_MAX = 256;
const STATE_FOLD_PAGE = 200;
/** More rounds than other writers can plausibly win against one call that is bound to a position. */
export const COMMIT_ROUNDS_MAX = 5;

/** Where a transition left an instance, and what led there. */
export interface Standing {
  readonly instance: Instance;
  readonly decision?: DecisionRecord;
}

/** What every operation of the engine needs: the ports, and what is said of them more than once. */
export interface EngineCore extends EngineDeps {
  readonly timers: Timers;
  readonly lock: KeyedLock;
  readonly listeners: Set<InstanceListener>;
  requireInstance(instanceId: string): Promise<Instance>;
  /** The transition that led to the instance's revision. */
  requireTransition(instanceId: string, revision: number): Promise<HistoryEntry>;
  definitionOf(hash: string): Promise<Definition>;
  /** The answer to a call that left the instance in this state. */
  answer(instance: Instance, extra?: AnswerExtra): Promise<Answer>;
  /** The answer that the call which made this transition got, again: given after what the server did by itself then. */
  replay(call: HistoryEntry): Promise<Answer>;
  /** Throws `SCRIPTS_UNAVAILABLE` for what would lead to a step that this server cannot carry out, and `TOO_LARGE`. */
  commit(params: CommitParams): Promise<CommitResult>;
}

export interface AnswerExtra {
  readonly decision?: DecisionRecord | undefined;
  readonly reconciliation?: Reconciliation | undefined;
  readonly definitionChanged?: boolean;
  readonly replayed?: true;
}

export interface CommitParams {
  readonly from: Instance;
  readonly to: Arrival;
  readonly context: JsonObject;
  /** Only where the transition adopts another definition. */
  readonly definition?: PinnedDefinition;
  /** What the history entry says beyond what follows from the move itself. */
  readonly entry: Pick<
    HistoryEntry,
    'kind' | 'requestId' | 'report' | 'contextUpdates' | 'requestedNextStep' | 'decision' | 'detail'
  >;
}

export type CommitResult =
  | { readonly outcome: 'committed'; readonly instance: Instance }
  | { readonly outcome: 'request_seen'; readonly entry: HistoryEntry }
  | { readonly outcome: 'superseded' };

export function createEngineCore(deps: EngineDeps): EngineCore {
  const { store, clock, ids, limits } = deps;
  const clientDecides = deps.model === undefined;
  const pinned = new Map<string, Definition>();
  const listeners = new Set<InstanceListener>();

  async function requireInstance(instanceId: string): Promise<Instance> {
    const instance = await store.findInstance(instanceId);
    if (instance !== undefined) return instance;
    throw new Fault('INSTANCE_NOT_FOUND', `There is no instance "${instanceId}".`, {
      hint: 'Call list_instances to find your run, or start_workflow to begin a new one.',
    });
  }

  async function requireTransition(instanceId: string, revision: number): Promise<HistoryEntry> {
    const entry = await store.findTransition(instanceId, revision);
    if (entry !== undefined) return entry;
    throw new Defect(`Instance ${instanceId} has no history entry for revision ${revision}.`);
  }

  async function definitionOf(hash: string): Promise<Definition> {
    const known = pinned.get(hash);
    if (known !== undefined) return known;
    const found = await store.findDefinition(hash);
    if (found === undefined) throw new Defect(`The pinned definition ${hash} is not in the store.`);
    const oldest = pinned.keys().next().value;
    if (pinned.size >= CACHED_DEFINITIONS_MAX && oldest !== undefined) pinned.delete(oldest);
    pinned.set(hash, found.definition);
    return found.definition;
  }

  async function answer(state: Instance, extra: AnswerExtra = {}): Promise<Answer> {
    const definition = await definitionOf(state.definitionHash);
    const failed = await failedScripts({ requireTransition }, definition, state);
    return buildAnswer({ state, definition, clientDecides, failedScripts: failed, ...extra });
  }

  async function replay(call: HistoryEntry): Promise<Answer> {
    const last = await endOfRow(store, call);
    const instance = await requireInstance(call.instanceId);
    const state = last.revision === instance.revision ? instance : await stateAfter(instance, last);
    const reconciliation = call.detail?.reconciliation as Reconciliation | undefined;
    return answer(state, { decision: last.decision, reconciliation, replayed: true });
  }

  /** The instance as it stood after an earlier transition, read off its history. */
  async function stateAfter(instance: Instance, target: HistoryEntry): Promise<Instance> {
    const next = await requireTransition(instance.instanceId, target.revision + 1);
    let state = BEFORE_START;
    let cursor: string | undefined;
    do {
      const page = await store.listHistory(instance.instanceId, { limit: STATE_FOLD_PAGE, cursor });
      const entries = page.items.filter((entry) => entry.revision <= target.revision);
      state = entries.reduce(foldEntry, state);
      cursor = entries.length < page.items.length ? undefined : page.nextCursor;
    } while (cursor !== undefined);
    return {
      ...instance,
      ...state,
      definitionHash: requirePresent(state.definitionHash, 'The first transition names a definition.'),
      status: target.status,
      statusReason: target.statusReason,
      revision: target.revision,
      stepToken: requirePresent(next.stepToken, 'A transition after the first has used up a token.'),
      currentStepName: requirePresent(target.determinedNextStep, 'A transition leads somewhere.'),
    };
  }

  async function commit(params: CommitParams): Promise<CommitResult> {
    const { from, to, entry, definition } = params;
    checkJsonSize({
      what: 'The context',
      value: params.context,
      bytesMax: limits.contextBytesMax,
      depthMax: limits.jsonDepthMax,
    });
    const step = scriptStepAt(definition?.definition ?? (await definitionOf(from.definitionHash)), to);
    if (step !== undefined) requireComposer(deps, step);
    const now = clock.now();
    const instance: Instance = {
      ...from,
      ...to,
      statusReason: to.statusReason,
      definitionHash: definition?.hash ?? from.definitionHash,
      revision: from.revision + 1,
      stepToken: ids.stepToken(),
      context: params.context,
      updatedAt: now,
      completedAt: isFinished(to.status) ? now : undefined,
    };
    const transition: NewHistoryEntry = {
      ...entry,
      instanceId: from.instanceId,
      revision: instance.revision,
      timestamp: now,
      stepName: from.currentStepName,
      stepToken: from.stepToken,
      outcomeStatus: entry.report?.status,
      determinedNextStep: to.currentStepName,
      status: to.status,
      statusReason: to.statusReason,
      definitionHash: definition?.hash,
    };
    const result = await store.commitTransition({ instance, entry: transition, definition });
    if (result.outcome !== 'committed') return result;
    announce(instance.instanceId);
    return { outcome: 'committed', instance };
  }

  function announce(instanceId: string): void {
    for (const listener of listeners) listener(instanceId);
  }

  return {
    ...deps,
    timers: deps.timers ?? systemTimers,
    model: deps.model && withCheckedDecisions(deps.model),
    lock: new KeyedLock(),
    listeners,
    requireInstance,
    requireTransition,
    definitionOf,
    answer,
    replay,
    commit,
  };
}

export function movedByOthers(): Fault {
  return new Fault('STORAGE_BUSY', 'Other writers kept moving this instance; this call changed nothing.', {
    hint: 'Send the same call again.',
  });
}

function requirePresent<Value>(value: Value | undefined, invariant: string): Value {
  if (value === undefined) throw new Defect(invariant);
  return value;
}

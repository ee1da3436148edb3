import type { LoadedWorkflow, WorkflowNamesChange } from '../definitions/definitions.ts';
import type { Definition } from '../domain/definition.ts';
import type { InstanceStatus } from '../domain/instance.ts';
import { AGENT_STATES } from '../domain/session.ts';
import { type AdvanceParams, advanceInstance, type CallOptions } from './advance.ts';
import type { Answer } from './answer.ts';
import { type CancelParams, cancelInstance } from './cancel.ts';
import { createEngineCore, type EngineCore, type EngineDeps, type InstanceListener } from './core.ts';
import {
  findRequest,
  type HistoryItem,
  type HistoryPage,
  type InstancePage,
  listHistory,
  listInstances,
  listWorkflows,
  type PageRequest,
  recentHistory,
  type WorkflowPage,
} from './listings.ts';
import { type ResumeParams, resumeInstance } from './resume.ts';
import { findSession, listSessionIds, openSession, refuseSessionStart } from './session.ts';
import { type StartParams, startInstance } from './start.ts';

/**
 * Runs workflows. Every method that moves an instance answers after its one transaction has committed, and after those of
 * the script steps that follow.
 */
export interface Engine {
  /** See {@link startInstance}. */
  start(params: StartParams, options?: CallOptions): Promise<Answer>;
  /** See {@link advanceInstance}. */
  advance(params: AdvanceParams, options?: CallOptions): Promise<Answer>;
  /** See {@link resumeInstance}. */
  resume(params: ResumeParams, options?: CallOptions): Promise<Answer>;
  /** See {@link cancelInstance}. */
  cancel(params: CancelParams): Promise<Answer>;
  /** Where the instance stands; says whether the files have changed since. Throws `INSTANCE_NOT_FOUND`. */
  status(params: { readonly instanceId: string }): Promise<Answer>;
  /** The definition that the instance is pinned to. Throws `INSTANCE_NOT_FOUND`. */
  pinnedDefinition(params: { readonly instanceId: string }): Promise<Definition>;
  /** The instance's entries, the oldest first. Throws `INSTANCE_NOT_FOUND`. */
  history(params: { readonly instanceId: string } & PageRequest): Promise<HistoryPage>;
  /** See {@link recentHistory}. */
  recentHistory(params: {
    readonly instanceId: string;
    readonly limit: number;
  }): Promise<readonly HistoryItem[]>;
  /** See {@link findRequest}. */
  findRequest(params: {
    readonly instanceId: string;
    readonly requestId: string;
  }): Promise<HistoryItem | undefined>;
  listWorkflows(params: PageRequest): Promise<WorkflowPage>;
  /** The most recently changed first; without those of agent sessions, unless these are asked for by name. */
  listInstances(
    params: { readonly status?: InstanceStatus; readonly workflowName?: string } & PageRequest,
  ): Promise<InstancePage>;
  /** One workflow as its files are now; undefined where there is none of that name. */
  findWorkflow(name: string): Promise<LoadedWorkflow | undefined>;
  workflowNames(): Promise<readonly string[]>;
  /** Instance ids that start with the prefix, the most recently changed first; without those of agent sessions. */
  completeInstanceId(prefix: string, limit: number): Promise<readonly string[]>;
  /** See {@link findSession}. */
  findSession(sessionId: string): Promise<string | undefined>;
  /** See {@link openSession}. */
  openSession(sessionId: string): Promise<string>;
  /** See {@link listSessionIds}. */
  completeSessionId(prefix: string, limit: number): Promise<readonly string[]>;
  /** Calls back after each transition committed by this process. Returns the way to stop it. */
  onInstanceChange(listener: InstanceListener): () => void;
  /** Calls back when workflow files were seen to change. Returns the way to stop it. */
  onWorkflowsChange(listener: (change: WorkflowNamesChange) => void): () => void;
}

export function createEngine(deps: EngineDeps): Engine {
  const core = createEngineCore(deps);
  return {
    async start(params, options) {
      refuseSessionStart(params);
      return startInstance(core, params, options);
    },
    advance: (params, options) => advanceInstance(core, params, options),
    resume: (params, options) => resumeInstance(core, params, options),
    cancel: (params) => cancelInstance(core, params),
    status: ({ instanceId }) => readStatus(core, instanceId),
    async pinnedDefinition({ instanceId }) {
      const { definitionHash } = await core.requireInstance(instanceId);
      return core.definitionOf(definitionHash);
    },
    history: (params) => listHistory(core, params),
    recentHistory: (params) => recentHistory(core, params),
    findRequest: (params) => findRequest(core, params),
    listWorkflows: (params) => listWorkflows(core, params),
    listInstances: (params) => listInstances(core, params),
    findWorkflow: (name) => deps.definitions.find(name),
    workflowNames: () => deps.definitions.names(),
    completeInstanceId: (prefix, limit) =>
      deps.store.completeInstanceId(prefix, { limit, withoutWorkflow: AGENT_STATES }),
    findSession: (sessionId) => findSession(core, sessionId),
    openSession: (sessionId) => openSession(core, sessionId),
    completeSessionId: (prefix, limit) => listSessionIds(core, prefix, limit),
    onInstanceChange(listener) {
      core.listeners.add(listener);
      return () => core.listeners.delete(listener);
    },
    onWorkflowsChange: (listener) => deps.definitions.onChange(listener),
  };
}

async function readStatus(core: EngineCore, instanceId: string): Promise<Answer> {
  const instance = await core.requireInstance(instanceId);
  const current = await core.definitions.find(instance.workflowName);
  const definitionChanged = !(current?.usable === true && current.pinned.hash === instance.definitionHash);
  return core.answer(instance, { definitionChanged });
}

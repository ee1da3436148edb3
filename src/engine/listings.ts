import type { LoadedWorkflow } from '../definitions/definitions.ts';
import type { DecisionRecord } from '../domain/decision.ts';
import type { HistoryEntry, HistoryKind } from '../domain/history.ts';
import type { InstanceStatus } from '../domain/instance.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Limits } from '../domain/limits.ts';
import { AGENT_STATES } from '../domain/session.ts';
import type { EngineCore } from './core.ts';

const PAGE_SIZE = 50;

export interface PageRequest {
  /** At most `limits.pageSizeMax`, which larger numbers are cut to; 50 by default. */
  readonly limit?: number;
  readonly cursor?: string;
}

export interface WorkflowPage {
  readonly workflows: readonly WorkflowSummary[];
  readonly next_cursor?: string;
}

export interface WorkflowSummary {
  readonly name: string;
  readonly usable: boolean;
  readonly description?: string;
  readonly version?: string;
  readonly tags?: readonly string[];
  /** Step names in order. */
  readonly steps?: readonly string[];
  /** JSON Schema of the start context. */
  readonly inputs?: JsonObject;
  /** `file:line:column: message`, where the workflow is broken. */
  readonly errors?: readonly string[];
}

export interface InstancePage {
  readonly instances: readonly InstanceSummary[];
  readonly next_cursor?: string;
}

export interface InstanceSummary {
  readonly instance_id: string;
  readonly workflow_name: string;
  readonly status: InstanceStatus;
  readonly status_reason?: string;
  readonly current_step_name: string;
  readonly revision: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly completed_at?: string;
}

export interface HistoryPage {
  readonly instance_id: string;
  readonly entries: readonly HistoryItem[];
  readonly next_cursor?: string;
}

export interface HistoryItem {
  readonly history_entry_id: number;
  readonly kind: HistoryKind;
  readonly revision: number;
  readonly timestamp: string;
  readonly step_name: string;
  readonly user_report?: JsonObject;
  readonly outcome_status?: string;
  readonly context_updates?: JsonObject;
  readonly requested_next_step?: string;
  readonly decision?: JsonObject;
  readonly determined_next_step?: string;
  readonly status: InstanceStatus;
  readonly status_reason?: string;
  readonly request_id?: string;
  readonly detail?: JsonObject;
}

export async function listWorkflows(core: EngineCore, page: PageRequest): Promise<WorkflowPage> {
  const { items, nextCursor } = await core.definitions.list(pageOf(page, core.limits));
  return { workflows: items.map(workflowSummary), next_cursor: nextCursor };
}

export async function listInstances(
  core: EngineCore,
  filter: { readonly status?: InstanceStatus; readonly workflowName?: string } & PageRequest,
): Promise<InstancePage> {
  const { status, workflowName } = filter;
  const { items, nextCursor } = await core.store.listInstances(
    { status, workflowName, withoutWorkflow: AGENT_STATES },
    pageOf(filter, core.limits),
  );
  return {
    instances: items.map((instance) => ({
      instance_id: instance.instanceId,
      workflow_name: instance.workflowName,
      status: instance.status,
      status_reason: instance.statusReason,
      current_step_name: instance.currentStepName,
      revision: instance.revision,
      created_at: instance.createdAt,
      updated_at: instance.updatedAt,
      completed_at: instance.completedAt,
    })),
    next_cursor: nextCursor,
  };
}

/** Throws `INSTANCE_NOT_FOUND`. */
export async function listHistory(
  core: EngineCore,
  { instanceId, ...page }: { readonly instanceId: string } & PageRequest,
): Promise<HistoryPage> {
  const { items, nextCursor } = await core.store.listHistory(instanceId, pageOf(page, core.limits));
  // Every instance has entries: an empty first page can only be an unknown id.
  if (items.length === 0) await core.requireInstance(instanceId);
  return { instance_id: instanceId, entries: items.map(historyItem), next_cursor: nextCursor };
}

/** The last `limit` entries, the oldest of them first. Throws `INSTANCE_NOT_FOUND`. */
export async function recentHistory(
  core: EngineCore,
  { instanceId, limit }: { readonly instanceId: string; readonly limit: number },
): Promise<readonly HistoryItem[]> {
  const entries = await core.store.recentHistory(instanceId, Math.min(limit, core.limits.pageSizeMax));
  if (entries.length === 0) await core.requireInstance(instanceId);
  return entries.map(historyItem);
}

/** The entry that carries the key; undefined where no call of this instance had it. */
export async function findRequest(
  { store }: EngineCore,
  { instanceId, requestId }: { readonly instanceId: string; readonly requestId: string },
): Promise<HistoryItem | undefined> {
  const entry = await store.findRequest(instanceId, requestId);
  return entry && historyItem(entry);
}

function pageOf({ limit, cursor }: PageRequest, { pageSizeMax }: Limits) {
  return { limit: Math.min(limit ?? PAGE_SIZE, pageSizeMax), cursor };
}

function workflowSummary(loaded: LoadedWorkflow): WorkflowSummary {
  if (!loaded.usable) {
    const errors = loaded.diagnostics
      .filter(({ severity }) => severity === 'error')
      .map(({ file, place, message }) => `${file}:${place?.line ?? 1}:${place?.column ?? 1}: ${message}`);
    return { name: loaded.name, usable: false, errors };
  }
  const { definition } = loaded.pinned;
  return {
    name: definition.name,
    usable: true,
    description: definition.description ?? firstParagraph(definition.goal),
    version: definition.version,
    tags: definition.tags,
    steps: definition.steps.map(({ name }) => name),
    inputs: definition.inputs,
  };
}

/** What a workflow without a description says first, so that a list of workflows says something of each. */
function firstParagraph(goal: string): string | undefined {
  const prose = goal
    .split(/\n\s*\n/)
    .map((block) =>
      block
        .replace(/^\s*#.*$/gm, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .find((block) => block !== '');
  return prose === undefined || prose.length <= 200 ? prose : `${prose.slice(0, 199)}…`;
}

function historyItem(entry: HistoryEntry): HistoryItem {
  return {
    history_entry_id: entry.historyEntryId,
    kind: entry.kind,
    revision: entry.revision,
    timestamp: entry.timestamp,
    step_name: entry.stepName,
    user_report: entry.report,
    outcome_status: entry.outcomeStatus,
    context_updates: entry.contextUpdates,
    requested_next_step: entry.requestedNextStep,
    decision: entry.decision && decisionItem(entry.decision),
    determined_next_step: entry.determinedNextStep,
    status: entry.status,
    status_reason: entry.statusReason,
    request_id: entry.requestId,
    detail: entry.detail,
  };
}

function decisionItem(decision: DecisionRecord): JsonObject {
  const item = {
    decider: decision.decider,
    next_step_name: decision.nextStepName,
    updated_context: decision.updatedContext.map(({ key, value }) => ({ key, value })),
    status_suggestion: decision.statusSuggestion,
    reasoning: decision.reasoning,
    candidates: decision.candidates,
    model: decision.model,
    prompt_tokens: decision.promptTokens,
    output_tokens: decision.outputTokens,
    latency_ms: decision.latencyMs,
    prompt_hash: decision.promptHash,
    attempts: decision.attempts,
  };
  return Object.fromEntries(
    Object.entries(item).filter(
      (pair): pair is [string, NonNullable<(typeof pair)[1]>] => pair[1] !== undefined,
    ),
  );
}

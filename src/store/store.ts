import type { PinnedDefinition } from '../domain/definition.ts';
import type { HistoryEntry, NewHistoryEntry } from '../domain/history.ts';
import type { Instance, InstanceStatus } from '../domain/instance.ts';
import type { Page } from '../domain/page.ts';

/** What a commit came to. Anything but `committed` wrote nothing. */
export type CommitOutcome =
  | { readonly outcome: 'committed' }
  /** The `request_id` is taken: by this entry, which may be of another instance if the call is a start. */
  | { readonly outcome: 'request_seen'; readonly entry: HistoryEntry }
  /** The instance has moved on since it was read. */
  | { readonly outcome: 'superseded' };

export interface StartParams {
  readonly instance: Instance;
  readonly entry: NewHistoryEntry;
  /** Stored under its hash unless it is there already. */
  readonly definition: PinnedDefinition;
}

export interface TransitionParams {
  /** The instance as it shall be; its revision is the expected one plus 1. */
  readonly instance: Instance;
  readonly entry: NewHistoryEntry;
  /** Only where the transition adopts another definition. */
  readonly definition?: PinnedDefinition;
}

export interface InstanceFilter {
  readonly status?: InstanceStatus;
  readonly workflowName?: string;
  /** Leaves out the runs of this workflow, unless `workflowName` asks for one. */
  readonly withoutWorkflow?: string;
}

export interface PageParams {
  readonly limit: number;
  readonly cursor?: string;
}

/**
 * Where runs are kept. Every verb is one transaction, durable when its promise resolves.
 *
 * All verbs throw `STORAGE_BUSY`, `STORAGE_FULL`, `STORAGE_CORRUPT` or `STORAGE_UNAVAILABLE`; after any of
 * these nothing was written, and the same call may be made again.
 */
export interface Store {
  /**
   * Records a new instance with its first history entry. A start's `requestId` is unique among all starts.
   */
  startInstance(params: StartParams): Promise<CommitOutcome>;

  /**
   * Moves an instance: checks the key, then that the stored revision is `instance.revision - 1`, then
   * writes instance and history entry.
   */
  commitTransition(params: TransitionParams): Promise<CommitOutcome>;

  /** Adds a history entry that moves nothing. */
  recordNote(entry: NewHistoryEntry): Promise<void>;

  findInstance(instanceId: string): Promise<Instance | undefined>;

  findDefinition(hash: string): Promise<PinnedDefinition | undefined>;

  /** The entry of this instance that carries the key, whatever its kind. */
  findRequest(instanceId: string, requestId: string): Promise<HistoryEntry | undefined>;

  /** The `started` entry that carries the key, of whatever instance. */
  findStartRequest(requestId: string): Promise<HistoryEntry | undefined>;

  /** The keys of starts that begin with `prefix`, in the order of their code points. */
  completeStartRequest(prefix: string, limit: number): Promise<readonly string[]>;

  /** The transition that led to this revision. */
  findTransition(instanceId: string, revision: number): Promise<HistoryEntry | undefined>;

  /** The last `limit` entries, the oldest of them first. */
  recentHistory(instanceId: string, limit: number): Promise<readonly HistoryEntry[]>;

  /** All entries of an instance, the oldest first. */
  listHistory(instanceId: string, page: PageParams): Promise<Page<HistoryEntry>>;

  /** Instances, the most recently changed first; one that changes while the list is paged may show up again. */
  listInstances(filter: InstanceFilter, page: PageParams): Promise<Page<Instance>>;

  /** Ids that start with `prefix`, the most recently changed instances first. */
  completeInstanceId(
    prefix: string,
    filter: { readonly limit: number; readonly withoutWorkflow?: string },
  ): Promise<readonly string[]>;

  close(): Promise<void>;
}

import type { JsonObject } from './json.ts';

export const INSTANCE_STATUSES = ['RUNNING', 'SUSPENDED', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
export type InstanceStatus = (typeof INSTANCE_STATUSES)[number];

/** A finished instance never moves again. */
export function isFinished(status: InstanceStatus): boolean {
  return status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELLED';
}

/** How often a step was entered. */
export function visitsOf(visits: Instance['visits'], stepName: string): number {
  // Own keys only: a step may be named like something that every object has.
  return Object.hasOwn(visits, stepName) ? (visits[stepName] ?? 0) : 0;
}

/** One run of a workflow, as it stands after its last committed transition. */
export interface Instance {
  readonly instanceId: string;
  readonly workflowName: string;
  /** The pinned definition; see {@link PinnedDefinition}. */
  readonly definitionHash: string;
  readonly status: InstanceStatus;
  /** Why the status is what it is, where that needs saying (suspended, failed, cancelled). */
  readonly statusReason?: string;
  /** 0 at the start; each committed transition adds 1. */
  readonly revision: number;
  /** Minted by each transition; names exactly this position. */
  readonly stepToken: string;
  /** A canonical step name, or FINISH. */
  readonly currentStepName: string;
  readonly context: JsonObject;
  /** How often each step was entered; a step that never was is absent. */
  readonly visits: Readonly<Record<string, number>>;
  /** ISO-8601 UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly completedAt?: string;
}

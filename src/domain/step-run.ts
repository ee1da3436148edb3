import type { Instance } from './instance.ts';

/** What the ids of scripts that are steps begin with; nobody else may choose such a one. */
export const STEP_RUN_PREFIX = 'step:';

/** What the ids of all scripts that were steps of this instance begin with, and those of no other one. */
export function stepRunPrefix(instanceId: string): string {
  return `${STEP_RUN_PREFIX}${instanceId}:`;
}

/**
 * The id of the script that is carried out at this position: whoever comes there again continues the same run of the script,
 * or finds its result.
 */
export function stepRunId({ instanceId, revision }: Pick<Instance, 'instanceId' | 'revision'>): string {
  return `${stepRunPrefix(instanceId)}${revision}`;
}

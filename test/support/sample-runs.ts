import type { Definition, PinnedDefinition } from '../../src/domain/definition.ts';
import type { NewHistoryEntry } from '../../src/domain/history.ts';
import type { Instance } from '../../src/domain/instance.ts';
import type { StartParams, TransitionParams } from '../../src/store/store.ts';

/** What a store is given, well formed, with only the members that a test cares about to fill in. */
export interface SampleRuns {
  /** A start; the same members go to the instance and to its entry. */
  start(sample?: Sample): StartParams;
  /** The transition that leads on from where the instance stands. */
  advance(from: Instance, sample?: Sample): TransitionParams;
  note(from: Instance, entry?: Partial<NewHistoryEntry>): NewHistoryEntry;
  definition(changes?: Partial<Definition>): PinnedDefinition;
}

export interface Sample {
  readonly instance?: Partial<Instance>;
  readonly entry?: Partial<NewHistoryEntry>;
  readonly definition?: PinnedDefinition;
}

/**
 * Ids, tokens and times count up from the seed.
 *
 * @param seed keeps the ids of two makers of samples apart
 */
export function createSampleRuns(seed = 0): SampleRuns {
  let count = 0;
  const next = () => seed * 1_000_000 + ++count;
  const uuid = () => {
    const digits = (next() * 2_654_435_761).toString(16).padStart(32, '0').slice(-32);
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  };
  const now = () => new Date(Date.UTC(2026, 0, 1) + next()).toISOString();

  const definition: SampleRuns['definition'] = (changes = {}) => ({
    hash: next().toString(16).padStart(64, '0'),
    definition: {
      name: 'SAMPLE',
      goal: 'Show how it goes.',
      steps: [{ name: 'first', fileStem: 'first', guidance: 'Go on.', instructions: 'Do it.' }],
      ...changes,
    },
  });

  return {
    definition,

    start({ instance: changes, entry, definition: pinned = definition() } = {}) {
      const timestamp = changes?.createdAt ?? now();
      const instance: Instance = {
        instanceId: uuid(),
        workflowName: pinned.definition.name,
        definitionHash: pinned.hash,
        status: 'RUNNING',
        revision: 0,
        stepToken: `token-${next()}`,
        currentStepName: 'first',
        context: {},
        visits: { first: 1 },
        createdAt: timestamp,
        updatedAt: timestamp,
        ...changes,
      };
      return {
        instance,
        definition: pinned,
        entry: {
          instanceId: instance.instanceId,
          kind: 'started',
          revision: instance.revision,
          timestamp,
          stepName: instance.currentStepName,
          contextUpdates: instance.context,
          determinedNextStep: instance.currentStepName,
          status: instance.status,
          definitionHash: pinned.hash,
          ...entry,
        },
      };
    },

    advance(from, { instance: changes, entry, definition: pinned } = {}) {
      const timestamp = changes?.updatedAt ?? now();
      const instance: Instance = {
        ...from,
        definitionHash: pinned?.hash ?? from.definitionHash,
        revision: from.revision + 1,
        stepToken: `token-${next()}`,
        updatedAt: timestamp,
        ...changes,
      };
      return {
        instance,
        definition: pinned,
        entry: {
          instanceId: instance.instanceId,
          kind: 'advanced',
          revision: instance.revision,
          timestamp,
          stepName: from.currentStepName,
          stepToken: from.stepToken,
          report: { status: 'success' },
          outcomeStatus: 'success',
          determinedNextStep: instance.currentStepName,
          status: instance.status,
          statusReason: instance.statusReason,
          definitionHash: pinned?.hash,
          ...entry,
        },
      };
    },

    note: (from, entry = {}) => ({
      instanceId: from.instanceId,
      kind: 'decision_failed',
      revision: from.revision,
      timestamp: now(),
      stepName: from.currentStepName,
      status: from.status,
      detail: { code: 'AI_TIMEOUT' },
      ...entry,
    }),
  };
}

import { findStep, type PinnedDefinition } from '../domain/definition.ts';
import { Fault } from '../domain/errors.ts';
import type { Instance } from '../domain/instance.ts';
import type { EngineCore } from './core.ts';
import { requireUsable } from './start.ts';

/**
 * The current version of an instance's workflow; undefined where it is pinned to that one already. Throws
 * `WORKFLOW_NOT_FOUND`, `WORKFLOW_INVALID` or `DEFINITION_INCOMPATIBLE`.
 */
export async function definitionToAdopt(
  core: EngineCore,
  instance: Instance,
): Promise<PinnedDefinition | undefined> {
  const current = await requireUsable(core, instance.workflowName);
  if (current.hash === instance.definitionHash) return undefined;
  if (findStep(current.definition, instance.currentStepName) !== undefined) return current;
  const steps = current.definition.steps.map(({ name }) => name);
  throw new Fault(
    'DEFINITION_INCOMPATIBLE',
    `The current version of ${instance.workflowName} has no step "${instance.currentStepName}", on which the run stands.`,
    {
      hint: 'Resume without adopt_definition to finish on the pinned version, or start a new run.',
      details: { current_step: instance.currentStepName, steps },
    },
  );
}

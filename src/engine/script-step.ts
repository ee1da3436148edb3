import { type Definition, findStep, type Step } from '../domain/definition.ts';
import { Fault } from '../domain/errors.ts';
import type { Instance } from '../domain/instance.ts';
import type { ConfirmableCall } from '../domain/tool-policy.ts';
import type { EngineDeps } from './core.ts';

/** A step that the server carries out itself. */
export type ScriptStep = Step & { readonly script: string };

/** The script step that an instance stands at; undefined where it waits for somebody else, or is finished. */
export function scriptStepAt(
  definition: Definition,
  { status, currentStepName }: Pick<Instance, 'status' | 'currentStepName'>,
): ScriptStep | undefined {
  const step = status === 'RUNNING' ? findStep(definition, currentStepName) : undefined;
  return step !== undefined && isScriptStep(step) ? step : undefined;
}

function isScriptStep(step: Step): step is ScriptStep {
  return step.script !== undefined;
}

type ScriptExecutor = NonNullable<EngineDeps['composer']>;

/** Throws `SCRIPTS_UNAVAILABLE`. */
export function requireComposer(
  { composer }: Pick<EngineDeps, 'composer'>,
  step: ScriptStep,
): ScriptExecutor {
  if (composer !== undefined) return composer;
  throw new Fault(
    'SCRIPTS_UNAVAILABLE',
    `Step "${step.name}" is carried out by a script, and this server runs none.`,
    {
      hint: 'Nothing has moved. Tell the user: the run can go on with a server that runs scripts; send the same call again there.',
      details: { step_name: step.name },
    },
  );
}

/** The person who could be asked about a tool is not there: a client gets to know of the step only when it is done. */
export async function refuseToAsk({ server, tool }: ConfirmableCall): Promise<never> {
  throw new Fault(
    'NOT_ALLOWED',
    `The tool ${tool} of the server ${server} may be called only if a person confirms it, and nobody is asked in the steps of a ` +
      'workflow: the operator has to allow it, or the author to leave the step to the client.',
    { details: { server, tool } },
  );
}

import { Fault } from '../domain/errors.ts';
import { AGENT_STATES } from '../domain/session.ts';
import type { Engine } from '../engine/engine.ts';

const ERRORS_MAX = 20;

/** Throws `WORKFLOW_NOT_FOUND`, or `WORKFLOW_INVALID` with its errors. */
export async function checkUsable(findWorkflow: Engine['findWorkflow'], name: string): Promise<void> {
  // The states of agents are found like a workflow, and cannot be started like one.
  const workflow = name === AGENT_STATES ? undefined : await findWorkflow(name);
  if (workflow === undefined) {
    throw new Fault('WORKFLOW_NOT_FOUND', `There is no workflow "${name}".`, {
      hint: 'Call list_workflows for the names; without workflow_name, the task is done without a workflow.',
    });
  }
  if (workflow.usable) return;
  const errors = workflow.diagnostics
    .filter(({ severity }) => severity === 'error')
    .slice(0, ERRORS_MAX)
    .map(({ file, place, message }) => `${file}:${place?.line ?? 1}:${place?.column ?? 1}: ${message}`);
  throw new Fault('WORKFLOW_INVALID', `Workflow "${name}" has errors: ${errors.join('; ')}`, {
    hint: 'Its author has to mend the files; `orchestrator-mcp lint` shows the same list.',
    details: { errors },
  });
}

import { Defect, Fault } from '../domain/errors.ts';
import type { Instance } from '../domain/instance.ts';
import type { JsonObject } from '../domain/json.ts';
import { checkJsonSize } from '../domain/json-size.ts';
import { requestIdReused } from '../domain/request-id-reused.ts';
import { matchStepName } from '../domain/step-names.ts';
import type { CallOptions } from './advance.ts';
import type { Answer } from './answer.ts';
import type { EngineCore } from './core.ts';
import { isSameCall } from './repeat.ts';
import { requireComposer, scriptStepAt } from './script-step.ts';
import { answerAfterScripts, runScriptSteps } from './script-steps.ts';
import { enterStep } from './transition.ts';

export interface StartParams {
  readonly workflowName: string;
  readonly context?: JsonObject;
  /** Makes the call safe to repeat. */
  readonly requestId?: string;
  /** Whether it may be one of those that are kept for the program itself. */
  readonly reservedRequest?: boolean;
}

/**
 * Creates an instance at the first step of a workflow, pinned to the definition as it is now. No model is asked.
 *
 * Throws `WORKFLOW_NOT_FOUND`, `WORKFLOW_INVALID`, `INPUTS_INVALID`, `TOO_LARGE`, `REQUEST_ID_REUSED`; where the first
 * step has a script, also `SCRIPTS_UNAVAILABLE`, before there is an instance, and what {@link runScriptSteps} throws, when there
 * is one. Without a `requestId`, a retry starts another instance.
 */
export async function startInstance(
  core: EngineCore,
  params: StartParams,
  { signal }: CallOptions = {},
): Promise<Answer> {
  const { store, clock, ids, limits } = core;
  const context = params.context ?? {};
  if (params.requestId !== undefined) {
    const seen = await store.findStartRequest(params.requestId);
    if (seen !== undefined) return replayStart(core, params, { instanceId: seen.instanceId, signal });
  }
  checkJsonSize({
    what: 'The start context',
    value: context,
    bytesMax: limits.contextBytesMax,
    depthMax: limits.jsonDepthMax,
  });
  const pinned = await requireUsable(core, params.workflowName);
  const { definition, hash } = pinned;
  const problems = definition.inputs === undefined ? [] : core.schemas.problems(definition.inputs, context);
  if (problems.length > 0) {
    throw new Fault(
      'INPUTS_INVALID',
      `The context does not fit the inputs of ${definition.name}: ${problems.join('; ')}.`,
      {
        hint: 'Call start_workflow again with a context that fits `details.inputs`.',
        details: { problems: [...problems], inputs: definition.inputs ?? {} },
      },
    );
  }
  const first = definition.steps[0];
  if (first === undefined) throw new Defect(`The loaded workflow ${definition.name} has no step.`);
  const now = clock.now();
  const arrival = enterStep(definition, first.name, {});
  const scriptStep = scriptStepAt(definition, arrival);
  if (scriptStep !== undefined) requireComposer(core, scriptStep);
  const instance: Instance = {
    ...arrival,
    instanceId: ids.instanceId(),
    workflowName: definition.name,
    definitionHash: hash,
    revision: 0,
    stepToken: ids.stepToken(),
    context,
    createdAt: now,
    updatedAt: now,
    completedAt: arrival.status === 'COMPLETED' ? now : undefined,
  };
  const outcome = await store.startInstance({
    instance,
    definition: pinned,
    entry: {
      kind: 'started',
      instanceId: instance.instanceId,
      revision: 0,
      timestamp: now,
      stepName: first.name,
      requestId: params.requestId,
      contextUpdates: context,
      determinedNextStep: first.name,
      status: instance.status,
      statusReason: instance.statusReason,
      definitionHash: hash,
    },
  });
  switch (outcome.outcome) {
    case 'committed':
      for (const listener of core.listeners) listener(instance.instanceId);
      return core.lock.hold(instance.instanceId, signal, () =>
        answerAfterScripts(core, { instance }, { signal }),
      );
    case 'request_seen':
      return replayStart(core, params, { instanceId: outcome.entry.instanceId, signal });
    case 'superseded':
      throw new Defect(`The new instance ${instance.instanceId} exists already.`);
  }
}

async function replayStart(
  core: EngineCore,
  params: StartParams,
  { instanceId, signal }: { readonly instanceId: string; readonly signal: AbortSignal | undefined },
): Promise<Answer> {
  const entry = await core.requireTransition(instanceId, 0);
  const call = { report: undefined, contextUpdates: params.context ?? {}, nextStepName: undefined };
  return core.lock.hold(instanceId, signal, async () => {
    const instance = await core.requireInstance(instanceId);
    if (instance.workflowName !== params.workflowName || !isSameCall(entry, call))
      throw requestIdReused(params.requestId ?? '');
    await runScriptSteps(core, { instance }, signal);
    return core.replay(entry);
  });
}

/** The current definition of a workflow; throws `WORKFLOW_NOT_FOUND` or `WORKFLOW_INVALID` with its errors. */
export async function requireUsable(core: EngineCore, workflowName: string) {
  const loaded = await core.definitions.find(workflowName);
  if (loaded === undefined) {
    const names = await core.definitions.names();
    const meant = matchStepName(names, workflowName);
    throw new Fault('WORKFLOW_NOT_FOUND', `There is no workflow "${workflowName}".`, {
      hint:
        meant !== undefined
          ? `Did you mean "${meant}"?`
          : names.length === 0
            ? 'The workflows folder is empty.'
            : `Known workflows: ${names.slice(0, 20).join(', ')}.`,
      details: { workflows: names.slice(0, 100) },
    });
  }
  if (loaded.usable) return loaded.pinned;
  const errors = loaded.diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ ruleId, file, place, message }) => ({
      rule_id: ruleId,
      file,
      line: place?.line ?? 1,
      column: place?.column ?? 1,
      message,
    }));
  throw new Fault(
    'WORKFLOW_INVALID',
    `Workflow "${workflowName}" has errors: ${errors.map((e) => `${e.file}:${e.line}:${e.column}: ${e.message}`).join('; ')}`,
    {
      hint: 'Its author has to mend the files; `orchestrator-mcp lint` shows the same list.',
      details: { errors },
    },
  );
}

import { isFinished } from '../domain/instance.ts';
import type { Answer } from './answer.ts';
import { COMMIT_ROUNDS_MAX, type EngineCore, movedByOthers } from './core.ts';
import { refuseSession } from './session.ts';

export interface CancelParams {
  readonly instanceId: string;
  readonly reason?: string;
}

/**
 * Ends a run for good. A finished one gives its final answer again, so that a repeat is harmless. Takes no turn: a
 * call that waits for a model must not hold it up, and finds out when it commits.
 */
export async function cancelInstance(core: EngineCore, params: CancelParams): Promise<Answer> {
  for (let round = 0; round < COMMIT_ROUNDS_MAX; round++) {
    const instance = await core.requireInstance(params.instanceId);
    refuseSession(instance);
    if (isFinished(instance.status)) return core.answer(instance);
    const result = await core.commit({
      from: instance,
      to: {
        currentStepName: instance.currentStepName,
        status: 'CANCELLED',
        statusReason: params.reason,
        visits: instance.visits,
      },
      context: instance.context,
      entry: { kind: 'cancelled' },
    });
    if (result.outcome === 'committed') return core.answer(result.instance);
  }
  throw movedByOthers();
}

import { Fault } from '../domain/errors.ts';
import type { Logger } from '../domain/logger.ts';
import { QuestionPending } from '../domain/question-pending.ts';
import { type CheckToolPolicyParams, checkToolPolicy } from '../domain/tool-policy.ts';
import type { CallFailure } from './call-failure.ts';

export interface ConsentParams extends CheckToolPolicyParams {
  readonly logger: Logger;
}

/** Why the call must not be made: `pending` where that is not known before the script has stopped; undefined where it may. */
export async function withheldConsent({
  logger,
  ...params
}: ConsentParams): Promise<CallFailure | 'pending' | undefined> {
  const { policy, call } = params;
  try {
    await checkToolPolicy(params);
    return undefined;
  } catch (error) {
    if (error instanceof QuestionPending) return 'pending';
    const kind = policy === 'deny' ? 'denied' : 'refused';
    if (error instanceof Fault && error.code === 'NOT_ALLOWED')
      return { kind, message: error.message, retryable: false };
    logger.warn('Nobody could be asked whether a tool may be called.', { ...call, args: undefined, error });
    const message = `The tool ${call.tool} of the server ${call.server} was not called: the person to ask could not be reached.`;
    return { kind, message, retryable: true };
  }
}

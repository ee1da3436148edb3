import { Fault } from '../domain/errors.ts';
import { sessionId } from './agent-schemas.ts';

/** More than one completion can show, so that the client hears that there are more. */
export const SESSION_IDS_MAX = 101;

/** A session id from where all is text: nothing, or an empty one, is the default. Throws `INVALID_ARGUMENT`. */
export function readSessionId(typed: string | undefined): string {
  const parsed = sessionId.safeParse(typed === '' ? undefined : typed);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ message }) => message).join('; ');
  throw new Fault('INVALID_ARGUMENT', `session_id cannot be one: ${problems}.`, {
    hint: 'Use a short name, such as the name of the agent.',
  });
}

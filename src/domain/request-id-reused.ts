import { Fault } from './errors.ts';

/** `usedBy` says what the call was that had this `request_id` before. */
export function requestIdReused(requestId: string, usedBy = 'a call with other contents'): Fault {
  return new Fault('REQUEST_ID_REUSED', `request_id "${requestId}" was used for ${usedBy}.`, {
    hint: 'Use a new request_id for a new call, and the same one only to send the same call again.',
  });
}

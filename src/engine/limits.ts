import { Fault } from '../domain/errors.ts';
import type { Limits } from '../domain/limits.ts';

/** Throws `TOO_LARGE` if the instance has used up its transitions. */
export function checkTransitionsLeft(revision: number, limits: Limits): void {
  if (revision < limits.transitionsMax) return;
  throw new Fault(
    'TOO_LARGE',
    `This instance has made ${revision} transitions, which is as many as one may make.`,
    {
      hint: 'Cancel it, and start a new instance with the context that it has.',
      details: { what: 'transitions', transitions: revision, transitions_max: limits.transitionsMax },
    },
  );
}

import { Fault } from '../domain/errors.ts';
import type { JsonValue } from '../domain/json.ts';
import type { Limits } from '../domain/limits.ts';

/** Throws `TOO_LARGE` if the value's JSON text or its nesting exceeds the limit. */
export function checkJsonSize(params: {
  readonly what: string;
  readonly value: JsonValue;
  readonly bytesMax: number;
  readonly depthMax: number;
}): void {
  if (isDeeperThan(params.value, params.depthMax)) {
    throw new Fault('TOO_LARGE', `${params.what} is nested more than ${params.depthMax} levels deep.`, {
      hint: 'Flatten it, and send the call again.',
      details: { what: params.what, depth_max: params.depthMax },
    });
  }
  const bytes = Buffer.byteLength(JSON.stringify(params.value));
  if (bytes > params.bytesMax) {
    throw new Fault(
      'TOO_LARGE',
      `${params.what} has ${bytes} bytes of JSON; at most ${params.bytesMax} are allowed.`,
      {
        hint: 'Put large data into a file, and send its path instead.',
        details: { what: params.what, bytes, bytes_max: params.bytesMax },
      },
    );
  }
}

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

/** Iterative, so that the nesting that it looks for can't exhaust the stack. A scalar has depth 0. */
function isDeeperThan(value: JsonValue, depthMax: number): boolean {
  let level: JsonValue[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const containers = level.filter((item) => typeof item === 'object' && item !== null);
    if (containers.length > 0 && depth >= depthMax) return true;
    level = containers.flatMap((item) => (Array.isArray(item) ? [...item] : Object.values(item ?? {})));
  }
  return false;
}

import { Fault } from './errors.ts';
import type { JsonValue } from './json.ts';

/**
 * Throws `TOO_LARGE` if the value's JSON text or its nesting exceeds the limit, and `INVALID_ARGUMENT` if it holds a
 * number such as 1e999, which is read as infinite and would come back as null.
 */
export function checkJsonSize(params: {
  readonly what: string;
  readonly value: JsonValue;
  readonly bytesMax: number;
  readonly depthMax: number;
}): void {
  const { deeper, infinite } = survey(params.value, params.depthMax);
  if (infinite) {
    throw new Fault('INVALID_ARGUMENT', `${params.what} holds a number that is too large for JSON to keep.`, {
      hint: 'Send it as text, in quotes.',
      details: { what: params.what },
    });
  }
  if (deeper) {
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

/** Iterative, so that the nesting that it looks for can't exhaust the stack. A scalar has depth 0. */
function survey(
  value: JsonValue,
  depthMax: number,
): { readonly deeper: boolean; readonly infinite: boolean } {
  let level: JsonValue[] = [value];
  let infinite = false;
  for (let depth = 0; level.length > 0; depth++) {
    infinite ||= level.some((item) => typeof item === 'number' && !Number.isFinite(item));
    const containers = level.filter((item) => typeof item === 'object' && item !== null);
    if (containers.length > 0 && depth >= depthMax) return { deeper: true, infinite };
    level = containers.flatMap((item) => (Array.isArray(item) ? [...item] : Object.values(item ?? {})));
  }
  return { deeper: false, infinite };
}

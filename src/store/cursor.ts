import { Fault } from '../domain/errors.ts';
import { isJsonObject, type JsonObject } from '../domain/json.ts';

/** Makes the position in a listing opaque to the caller. */
export function encodeCursor(position: JsonObject): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * Reads a cursor that {@link encodeCursor} made.
 *
 * @param isPosition whether the value is a position of this listing
 * @throws Fault `INVALID_ARGUMENT` for anything else: a cursor comes from a client
 */
export function decodeCursor<Position extends JsonObject>(
  cursor: string,
  isPosition: (value: JsonObject) => value is Position,
): Position {
  const value = parse(Buffer.from(cursor, 'base64url').toString());
  // Decoding skips what is not base64url, so only the round trip tells whether it is ours.
  if (isJsonObject(value) && isPosition(value) && encodeCursor(value) === cursor) return value;
  throw new Fault('INVALID_ARGUMENT', '`cursor` is not one that this listing gave out.', {
    hint: 'Pass the `next_cursor` of the page before, or no `cursor` to start over.',
    details: { argument: 'cursor' },
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { customType } from 'drizzle-orm/sqlite-core';
import { Fault } from '../../domain/errors.ts';

/**
 * A JSON value, kept as its text: what was written is what is read, `__proto__` keys and lone surrogates
 * included. Text that is no longer JSON is `STORAGE_CORRUPT`.
 */
export const json = customType<{ data: unknown; driverData: string | null }>({
  dataType: () => 'text',
  toDriver: (value) => (value === null ? null : JSON.stringify(value)),
  fromDriver: parseStored,
});

/** A value that is there, be it null: NULL in a column says that there is none. */
export interface Present<Value> {
  readonly value: Value;
}

/** A JSON value that may be absent, where null is a value like any other; else like {@link json}. */
export const presentJson = customType<{ data: Present<unknown>; driverData: string | null }>({
  dataType: () => 'text',
  toDriver: (present) => (present === null ? null : JSON.stringify(present.value)),
  fromDriver: (text) => ({ value: parseStored(text) }),
});

/**
 * Plain text. A lone surrogate would come back as another character, and PostgreSQL takes no NUL, so both
 * are refused as `INVALID_ARGUMENT` rather than kept as something else.
 */
export const plainText = customType<{ data: string; driverData: string | null }>({
  dataType: () => 'text',
  toDriver: refuseUnstorable,
});

function parseStored(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Fault('STORAGE_CORRUPT', 'The database holds a value that is not JSON.', {
      hint: 'Restore the database from a backup.',
      cause,
    });
  }
}

function refuseUnstorable(text: string | null): string | null {
  if (text === null || !UNSTORABLE.test(text)) return text;
  throw new Fault(
    'INVALID_ARGUMENT',
    `Text with a NUL or half a surrogate pair cannot be stored: ${JSON.stringify(text.slice(0, 80))}.`,
  );
}

// With the `u` flag, only a surrogate that is not part of a pair matches.
const UNSTORABLE = /[\0\p{Surrogate}]/u;

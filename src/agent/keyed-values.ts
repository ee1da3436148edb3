import type { Clock } from '../domain/clock.ts';
import { Fault } from '../domain/errors.ts';
import type { JsonValue } from '../domain/json.ts';
import { checkJsonSize } from '../domain/json-size.ts';
import type { Limits } from '../domain/limits.ts';
import { nearestName } from '../domain/nearest-name.ts';
import type { Page } from '../domain/page.ts';
import type { KeyedValue } from '../domain/session.ts';
import type { PutValueParams } from '../store/session-store.ts';
import type { PageParams } from '../store/store.ts';

/** What a session keeps under keys of one kind. */
export interface Shelf {
  /** As messages call it: `The task data`. */
  readonly what: string;
  put(params: PutValueParams): Promise<void>;
  find(sessionId: string, key: string): Promise<KeyedValue | undefined>;
  keys(sessionId: string, page: PageParams): Promise<Page<string>>;
}

export interface ShelfDeps {
  readonly shelf: Shelf;
  readonly clock: Clock;
  readonly limits: Limits;
}

export interface StoreValueParams {
  readonly sessionId: string;
  readonly key: string;
  readonly value: JsonValue;
}

export interface StoredAnswer {
  readonly session_id: string;
  readonly key: string;
}

export interface ValueAnswer extends StoredAnswer {
  readonly value: JsonValue;
  /** ISO-8601 UTC. */
  readonly updated_at: string;
}

export interface KeysAnswer {
  readonly session_id: string;
  readonly keys: readonly string[];
  /** There are more than one answer holds. */
  readonly truncated?: true;
}

/** Their keys are as many as anyone can read. */
const KEY_PAGES_MAX = 5;
const KEYS_HINTED_MAX = 20;

/** Keeps a value under a key, in place of the one that was there. Throws `TOO_LARGE` or `INVALID_ARGUMENT`. */
export async function storeValue(
  { shelf, clock, limits }: ShelfDeps,
  { sessionId, key, value }: StoreValueParams,
): Promise<StoredAnswer> {
  checkJsonSize({
    what: 'The value',
    value,
    bytesMax: limits.sessionValueBytesMax,
    depthMax: limits.jsonDepthMax,
  });
  await shelf.put({ sessionId, key, value, now: clock.now() });
  return { session_id: sessionId, key };
}

/** Throws `KEY_NOT_FOUND`, with the keys that there are. */
export async function getValue(
  { shelf, limits }: ShelfDeps,
  sessionId: string,
  key: string,
): Promise<ValueAnswer> {
  const found = await shelf.find(sessionId, key);
  if (found !== undefined)
    return { session_id: sessionId, key: found.key, value: found.value, updated_at: found.updatedAt };
  const { items } = await shelf.keys(sessionId, { limit: limits.pageSizeMax });
  throw keyNotFound({ what: shelf.what, sessionId, key, keys: items });
}

/** The keys in the order of their code points. */
export async function listKeys({ shelf, limits }: ShelfDeps, sessionId: string): Promise<KeysAnswer> {
  const keys: string[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < KEY_PAGES_MAX; pages++) {
    const page = await shelf.keys(sessionId, { limit: limits.pageSizeMax, cursor });
    keys.push(...page.items);
    cursor = page.nextCursor;
    if (cursor === undefined) break;
  }
  return { session_id: sessionId, keys, truncated: cursor === undefined ? undefined : true };
}

interface KeyNotFoundParams {
  readonly what: string;
  readonly sessionId: string;
  readonly key: string;
  readonly keys: readonly string[];
}

function keyNotFound({ what, sessionId, key, keys }: KeyNotFoundParams): Fault {
  const nearest = nearestName(keys, key);
  const known = keys.slice(0, KEYS_HINTED_MAX);
  const hint =
    nearest !== undefined
      ? `Did you mean "${nearest}"?`
      : known.length === 0
        ? 'It is empty; other sessions have their own.'
        : `It has: ${known.join(', ')}${keys.length > known.length ? ', and more' : ''}.`;
  return new Fault('KEY_NOT_FOUND', `${what} of the session "${sessionId}" has nothing under "${key}".`, {
    hint,
    details: { session_id: sessionId, keys: known },
  });
}

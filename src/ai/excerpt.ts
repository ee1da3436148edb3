import { isJsonObject, type JsonValue } from '../domain/json.ts';

/** How long a string may be in a value that is too large, tried in this order until the value fits. */
const STRING_BYTES_STEPS = [1024, 512, 256, 128, 64, 32, 16];
/** A list or object keeps one member per this many bytes of its strings: both shrink together. */
const STRING_BYTES_PER_MEMBER = 8;

/** Text of at most `bytesMax` bytes of UTF-8, and behind it a mark with the whole size if it was cut. */
export function cutText(text: string, bytesMax: number): string {
  const bytes = Buffer.byteLength(text);
  if (bytes <= bytesMax) return text;
  // A cut in the middle of a character leaves replacement characters behind.
  const head = Buffer.from(text.slice(0, bytesMax))
    .subarray(0, bytesMax)
    .toString()
    .replace(/\uFFFD+$/, '');
  return `${head}… [cut: ${bytes} bytes in all]`;
}

/**
 * JSON text of about `bytesMax` bytes at most. Where the value is larger, long strings, lists and objects
 * in it are cut, each with a visible mark, so that the shape and the small members stay readable.
 */
export function excerptJson(value: JsonValue, bytesMax: number): string {
  const whole = JSON.stringify(value);
  if (Buffer.byteLength(whole) <= bytesMax) return whole;
  for (const stringBytesMax of STRING_BYTES_STEPS) {
    const text = JSON.stringify(abridge(value, stringBytesMax));
    if (Buffer.byteLength(text) <= bytesMax) return text;
  }
  return cutText(whole, bytesMax);
}

function abridge(value: JsonValue, stringBytesMax: number): JsonValue {
  const membersMax = stringBytesMax / STRING_BYTES_PER_MEMBER;
  if (typeof value === 'string') return cutText(value, stringBytesMax);
  if (Array.isArray(value)) {
    const kept = value.slice(0, membersMax).map((item: JsonValue) => abridge(item, stringBytesMax));
    return value.length > kept.length ? [...kept, `… [cut: ${value.length} items in all]`] : kept;
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value);
  const kept = entries
    .slice(0, membersMax)
    .map(([key, member]) => [cutText(key, stringBytesMax), abridge(member, stringBytesMax)] as const);
  if (entries.length > kept.length) kept.push(['…', `[cut: ${entries.length} members in all]`]);
  return Object.fromEntries(kept);
}

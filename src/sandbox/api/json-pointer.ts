import { isJsonObject, type JsonValue } from '../../domain/json.ts';

/** What a local reference such as `#/$defs/Node` leads to; undefined for all others, and where nothing is. */
export function resolvePointer(document: JsonValue, reference: string): JsonValue | undefined {
  if (reference === '#') return document;
  if (!reference.startsWith('#/')) return undefined;
  let value: JsonValue | undefined = document;
  for (const token of reference.slice(2).split('/')) {
    const key = unescaped(token);
    if (key === undefined) return undefined;
    if (Array.isArray(value)) value = /^\d{1,9}$/.test(key) ? value[Number(key)] : undefined;
    else if (isJsonObject(value) && Object.hasOwn(value, key)) value = value[key];
    else return undefined;
  }
  return value;
}

function unescaped(token: string): string | undefined {
  try {
    return decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return undefined;
  }
}

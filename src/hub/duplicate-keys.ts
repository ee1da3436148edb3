/** A text, which is a key if a colon follows, or a bracket. */
const TOKEN = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g;

/**
 * The paths of keys that stand twice in one object: `JSON.parse` takes the later one, and says nothing. Members of lists
 * have no part in a path.
 *
 * @param json that `JSON.parse` takes
 */
export function duplicateKeys(json: string): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [];
  /** The objects and lists around the place, from outside. */
  const around: { readonly keys: Set<string>; key?: string }[] = [];
  for (const [token, text = '', colon] of json.matchAll(TOKEN)) {
    if (token === '{' || token === '[') around.push({ keys: new Set() });
    else if (token === '}' || token === ']') around.pop();
    const object = around.at(-1);
    if (colon === undefined || object === undefined) continue;
    const key: string = JSON.parse(text);
    object.key = key;
    if (object.keys.has(key)) found.push(around.flatMap((one) => one.key ?? []));
    object.keys.add(key);
  }
  return found;
}

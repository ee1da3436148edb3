import { isJsonObject, type JsonObject, type JsonValue } from '../../domain/json.ts';

const DEPTH_MAX = 8;
/** Of an array, and of all that was seen. */
const VALUES_MAX = 50;
/** An object with more is taken for a map. */
const KEYS_MAX = 40;

/** A JSON Schema that all of these values fit, and that says as much of them as it can in few words. */
export function inferredSchema(values: readonly JsonValue[], depth = 0): JsonValue {
  if (values.length === 0 || depth > DEPTH_MAX) return true;
  const sample = values.slice(0, VALUES_MAX);
  const objects = sample.filter(isJsonObject);
  const arrays = sample.filter((value): value is readonly JsonValue[] => Array.isArray(value));
  const scalars = new Set(
    sample
      .filter((value) => typeof value !== 'object' || value === null)
      .map((value) => (value === null ? 'null' : typeof value)),
  );
  const alternatives: JsonValue[] = [
    ...[...scalars].map((type) => ({ type })),
    ...(arrays.length === 0
      ? []
      : [
          {
            type: 'array',
            items: inferredSchema(
              arrays.flatMap((array) => array.slice(0, VALUES_MAX)),
              depth + 1,
            ),
          },
        ]),
    ...(objects.length === 0 ? [] : [objectSchema(objects, depth)]),
  ];
  const [only, ...more] = alternatives;
  return more.length === 0 ? (only ?? true) : { anyOf: alternatives };
}

function objectSchema(objects: readonly JsonObject[], depth: number): JsonObject {
  const keys = new Set(objects.flatMap((object) => Object.keys(object)));
  if (keys.size > KEYS_MAX) {
    const values = objects.flatMap((object) => Object.values(object));
    return { type: 'object', additionalProperties: inferredSchema(values, depth + 1) };
  }
  const having = (key: string) => objects.filter((object) => Object.hasOwn(object, key));
  return {
    type: 'object',
    properties: Object.fromEntries(
      [...keys].map((key) => [
        key,
        inferredSchema(
          having(key).map((object) => object[key] ?? null),
          depth + 1,
        ),
      ]),
    ),
    required: [...keys].filter((key) => having(key).length === objects.length),
  };
}

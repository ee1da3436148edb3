import { isJsonObject, type JsonObject, type JsonValue } from '../../domain/json.ts';

const SIZE_MAX = 10_000;

/** How much may still be made: values, on all levels together, and characters. */
interface Allowance {
  left: number;
}

/**
 * The smallest value that fits a JSON Schema, by the keywords that schemas of reports use: `const`, `enum`, `type`,
 * `properties` with `required`, `items` with `minItems`, `minLength`, and the bounds of numbers. Others do not
 * count, so that a schema with, say, a `pattern` may refuse it. `null` where nothing says what it has to be. It ends
 * at 10,000 values and characters.
 */
export function minimalValue(schema: JsonValue | undefined): JsonValue {
  return smallest(schema, { left: SIZE_MAX });
}

function smallest(schema: JsonValue | undefined, allowance: Allowance): JsonValue {
  allowance.left -= 1;
  if (!isJsonObject(schema) || allowance.left < 0) return null;
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0] ?? null;
  switch (typeOf(schema)) {
    case 'object':
      return smallestObject(schema, allowance);
    case 'array':
      return Array.from({ length: countOf(schema.minItems, allowance) }, () =>
        smallest(schema.items, allowance),
      );
    case 'string':
      return smallestText(schema, allowance);
    case 'integer':
    case 'number':
      return smallestNumber(schema);
    case 'boolean':
      return false;
    default:
      return null;
  }
}

/** The type that is named, the first one of several, or the one that the keywords are about. */
function typeOf({ type, properties, required, items, minItems }: JsonObject): JsonValue | undefined {
  if (type !== undefined) return Array.isArray(type) ? type[0] : type;
  if (properties !== undefined || required !== undefined) return 'object';
  return items !== undefined || minItems !== undefined ? 'array' : undefined;
}

function smallestObject({ properties, required }: JsonObject, allowance: Allowance): JsonObject {
  const names = Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
  const schemas = new Map(isJsonObject(properties) ? Object.entries(properties) : []);
  return Object.fromEntries(names.map((name) => [name, smallest(schemas.get(name), allowance)]));
}

function smallestText({ minLength }: JsonObject, allowance: Allowance): string {
  const length = countOf(minLength, allowance);
  allowance.left -= length;
  return 'x'.repeat(length);
}

/** Zero, or what is nearest to it within the bounds. */
function smallestNumber({ type, minimum, maximum, exclusiveMinimum }: JsonObject): number {
  const above = numberOr(exclusiveMinimum, -Infinity) + (type === 'integer' ? 1 : 0.5);
  const value = Math.max(0, numberOr(minimum, -Infinity), above);
  return Math.min(type === 'integer' ? Math.ceil(value) : value, numberOr(maximum, Infinity));
}

function numberOr(value: JsonValue | undefined, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}

function countOf(value: JsonValue | undefined, { left }: Allowance): number {
  return Math.max(0, Math.min(Math.ceil(numberOr(value, 0)), left));
}

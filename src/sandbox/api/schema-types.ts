import { isJsonObject, type JsonObject, type JsonValue } from '../../domain/json.ts';
import { cleanText } from './comment.ts';
import { resolvePointer } from './json-pointer.ts';
import { quoted } from './print-type.ts';
import {
  ANY_OBJECT,
  intersection,
  type MemberNode,
  NEVER,
  name,
  type TypeNode,
  UNKNOWN,
  union,
} from './type-node.ts';

/** Schemas inside each other; what is deeper is `unknown`. */
const DEPTH_MAX = 12;
/** Schemas that are looked at for one document; one that needs more is not described. */
const VISITS_MAX = 2_000;
/** A longer list of values is described by their types. */
const VALUES_MAX = 60;
const DOC_CHARACTERS_MAX = 400;

export interface SchemaTypes {
  readonly type: TypeNode;
  /** What the type and these themselves refer to by name. */
  readonly aliases: readonly TypeAlias[];
}

export interface TypeAlias {
  readonly name: string;
  readonly type: TypeNode;
}

/** The schema would take more time, or room, than its description is worth. */
export class SchemaTooLarge extends Error {}

/** Where in a type a schema stands. */
interface Place {
  readonly depth: number;
  /**
   * Whether it is within a member of an object or an array. Only there may a type of TypeScript name itself; elsewhere what
   * is referred to is written out, as deep as anything is.
   */
  readonly isWithin: boolean;
}

const OUTERMOST: Place = { depth: 0, isWithin: false };

/**
 * The type that a JSON Schema describes, draft-07 or 2020-12. References are followed within the document only, and nothing
 * is ever fetched. What TypeScript cannot say is left out; what is no schema is `unknown`.
 *
 * @param prefix what the names of aliases begin with
 * @throws SchemaTooLarge
 */
export function schemaTypes(document: JsonValue, prefix: string): SchemaTypes {
  const names = new Map<JsonObject, string>();
  const aliases: TypeAlias[] = [];
  let visits = 0;

  const visit = (schema: JsonValue | undefined, place: Place): TypeNode => {
    visits += 1;
    if (visits > VISITS_MAX) throw new SchemaTooLarge();
    if (schema === false) return NEVER;
    if (!isJsonObject(schema) || place.depth > DEPTH_MAX) return UNKNOWN;
    const deeper: Place = { ...place, depth: place.depth + 1 };
    const each = (value: JsonValue | undefined) => schemasOf(value).map((one) => visit(one, deeper));
    const type = intersection([
      ownType(schema, place),
      ...each(schema.allOf),
      ...['anyOf', 'oneOf'].flatMap((key) =>
        schemasOf(schema[key]).length === 0 ? [] : [union(each(schema[key]))],
      ),
      typeof schema.$ref === 'string' ? visitReference(schema.$ref, deeper) : UNKNOWN,
    ]);
    return schema.nullable === true ? union([type, name('null')]) : type;
  };

  const visitReference = (reference: string, place: Place): TypeNode => {
    const target = resolvePointer(document, reference);
    if (!isJsonObject(target) || isPlain(target)) return visit(target, place);
    return place.isWithin ? name(aliasOf(target, reference)) : visit(target, place);
  };

  /** Described later, so that types that name themselves do not go on for ever. */
  const aliasOf = (target: JsonObject, reference: string): string => {
    const known = names.get(target);
    if (known !== undefined) return known;
    const wanted = `${prefix}${/[A-Za-z0-9_]+$/.exec(reference)?.[0] ?? 'Self'}`;
    const taken = [...names.values()];
    let alias = wanted;
    for (let count = 2; taken.includes(alias); count += 1) alias = `${wanted}${count}`;
    names.set(target, alias);
    return alias;
  };

  const ownType = (schema: JsonObject, place: Place): TypeNode => {
    if ('const' in schema) return valueType(schema.const, place.depth);
    if (Array.isArray(schema.enum)) return enumType(schema.enum, place.depth);
    const types = Array.isArray(schema.type) ? schema.type : [schema.type ?? impliedType(schema)];
    const inner: Place = { depth: place.depth + 1, isWithin: true };
    return union(types.map((type) => typeNamed(type, schema, inner)));
  };

  const typeNamed = (type: JsonValue | undefined, schema: JsonObject, inner: Place): TypeNode => {
    switch (type) {
      case 'string':
      case 'number':
      case 'boolean':
      case 'null':
        return name(type);
      case 'integer':
        return name('number');
      case 'array':
        return arrayType(schema, inner);
      case 'object':
        return objectType(schema, inner);
      default:
        return UNKNOWN;
    }
  };

  const arrayType = (schema: JsonObject, inner: Place): TypeNode => {
    const [first, rest] = Array.isArray(schema.prefixItems)
      ? [schema.prefixItems, schema.items]
      : [schema.items, schema.additionalItems];
    if (!Array.isArray(first)) return { kind: 'array', element: visit(first, inner) };
    return {
      kind: 'tuple',
      elements: first.map((element) => visit(element, inner)),
      // Few schemas say so, and most mean that all are there.
      required: typeof schema.minItems === 'number' ? schema.minItems : first.length,
      rest: rest === true || isJsonObject(rest) ? visit(rest, inner) : undefined,
    };
  };

  const objectType = (schema: JsonObject, inner: Place): TypeNode => {
    const properties = isJsonObject(schema.properties) ? schema.properties : {};
    const required = new Set(Array.isArray(schema.required) ? schema.required.filter(isText) : []);
    const keys = new Set([...Object.keys(properties), ...required]);
    const members = [...keys].map((key): MemberNode => {
      const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
      return { key, isRequired: required.has(key), type: visit(property, inner), doc: docOf(property) };
    });
    const patterns = isJsonObject(schema.patternProperties) ? Object.values(schema.patternProperties) : [];
    const others = [...patterns, ...(schema.additionalProperties ? [schema.additionalProperties] : [])];
    if (members.length === 0 && others.length === 0)
      return schema.additionalProperties === false ? { kind: 'object', members, others: NEVER } : ANY_OBJECT;
    if (others.length === 0) return { kind: 'object', members };
    // Beside named members, TypeScript wants these to be of a type that fits all of those.
    return {
      kind: 'object',
      members,
      others: members.length > 0 ? UNKNOWN : union(others.map((other) => visit(other, inner))),
    };
  };

  const type = visit(document, OUTERMOST);
  for (const [target, alias] of names) aliases.push({ name: alias, type: visit(target, OUTERMOST) });
  return { type, aliases };
}

const isNested = (value: JsonValue): boolean => typeof value === 'object' && value !== null;

const isText = (value: JsonValue): value is string => typeof value === 'string';

function schemasOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

/** Not worth a name of its own. */
function isPlain(schema: JsonObject): boolean {
  return (
    'enum' in schema ||
    'const' in schema ||
    (typeof schema.type === 'string' && !/^(?:object|array)$/.test(schema.type))
  );
}

function impliedType(schema: JsonObject): string | undefined {
  if (['properties', 'required', 'additionalProperties', 'patternProperties'].some((key) => key in schema))
    return 'object';
  return 'items' in schema || 'prefixItems' in schema ? 'array' : undefined;
}

function enumType(values: readonly JsonValue[], depth: number): TypeNode {
  if (values.length <= VALUES_MAX) return union(values.map((value) => valueType(value, depth)));
  const types = new Set(values.map((value) => (value === null ? 'null' : typeof value)));
  return types.has('object') ? UNKNOWN : union([...types].map(name));
}

/** The type of nothing but this value. */
function valueType(value: JsonValue | undefined, depth: number): TypeNode {
  if (value === undefined || depth > DEPTH_MAX) return UNKNOWN;
  if (typeof value === 'string')
    return value.length > VALUE_CHARACTERS_MAX ? name('string') : name(quoted(value));
  if (typeof value === 'number') return name(Number.isFinite(value) ? String(value) : 'number');
  if (typeof value === 'boolean' || value === null) return name(String(value));
  if (Array.isArray(value))
    return {
      kind: 'tuple',
      elements: value.map((each) => valueType(each, depth + 1)),
      required: value.length,
    };
  return {
    kind: 'object',
    members: Object.entries(value).map(([key, each]) => ({
      key,
      isRequired: true,
      type: valueType(each, depth + 1),
    })),
  };
}

const VALUE_CHARACTERS_MAX = 200;

/** What a schema says of its values in words, and what only words can say. */
function docOf(schema: JsonValue | undefined): string | undefined {
  if (!isJsonObject(schema)) return undefined;
  const facts = [
    typeof schema.description === 'string' ? schema.description : '',
    typeof schema.format === 'string' ? `Format: ${schema.format}.` : '',
    // Larger ones would hide the rest.
    schema.default === undefined || isNested(schema.default)
      ? ''
      : `Default: ${JSON.stringify(schema.default)}.`,
  ];
  const text = cleanText(facts.filter((fact) => fact !== '').join(' '), DOC_CHARACTERS_MAX);
  return text === '' ? undefined : text;
}

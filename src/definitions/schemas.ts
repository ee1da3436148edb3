import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { canonicalJson, type JsonObject, type JsonValue } from '../domain/json.ts';
import type { Schemas } from './definitions.ts';
import { createRecentlyUsed } from './recently-used.ts';
import { createTimeLimit, isTimeout } from './time-limit.ts';

const COMPILED_MAX = 500;
const PROBLEMS_MAX = 20;
const VALIDATION_MS_MAX = 500;

type Validation = (value: JsonValue) => readonly string[];

/**
 * JSON Schema 2020-12 by Ajv. Never throws: a schema that does not compile, and data that cannot be checked
 * in time, are themselves the problem.
 */
export function createSchemas(): Schemas {
  const limitTime = createTimeLimit(VALIDATION_MS_MAX);
  const byObject = new WeakMap<JsonObject, Validation>();
  const byText = createRecentlyUsed<string, Validation>(COMPILED_MAX);
  let ajv: Ajv2020 | undefined;

  function validationOf(schema: JsonObject): Validation {
    const known = byObject.get(schema);
    if (known !== undefined) return known;
    // A pinned definition is read from the database again and again: other object, same schema.
    const text = canonicalJson(schema);
    let validation = byText.get(text);
    if (validation === undefined) {
      ajv ??= createAjv();
      validation = compileValidation(ajv, schema, limitTime);
      byText.set(text, validation);
    }
    byObject.set(schema, validation);
    return validation;
  }

  return {
    problems(schema, value) {
      try {
        return validationOf(schema)(value);
      } catch (error) {
        return [unchecked(error)];
      }
    },
  };
}

function createAjv(): Ajv2020 {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    logger: false,
    validateSchema: false,
    ownProperties: true,
  });
  return ajvFormats.default(ajv);
}

function compileValidation(
  ajv: Ajv2020,
  schema: JsonObject,
  limitTime: ReturnType<typeof createTimeLimit>,
): Validation {
  let validate: ValidateFunction;
  try {
    validate = ajv.compile(anonymous(schema));
  } catch (error) {
    const problem = `the schema itself is not usable: ${error instanceof Error ? error.message : 'unknown reason'}`;
    return () => [problem];
  } finally {
    // Ajv would otherwise keep every schema that it ever saw.
    ajv.removeSchema();
  }
  return (value) => {
    if (limitTime(() => validate(value))) return [];
    const errors = validate.errors ?? [];
    validate.errors = null;
    const problems = [...new Set(errors.slice(0, PROBLEMS_MAX * 5).map(problemText))];
    if (problems.length <= PROBLEMS_MAX) return problems;
    return [...problems.slice(0, PROBLEMS_MAX), `and more than ${PROBLEMS_MAX} in all`];
  };
}

/** Without `$id` and `$schema`, which would tie schemas of different workflows together. */
export function anonymous(schema: JsonObject): JsonObject {
  const { $id: _id, $schema: _dialect, ...rest } = schema;
  return rest;
}

function unchecked(error: unknown): string {
  if (isTimeout(error)) return `it could not be checked within ${VALIDATION_MS_MAX} ms`;
  if (error instanceof RangeError) return 'it is nested too deep to be checked';
  return `it could not be checked: ${error instanceof Error ? error.message : 'unknown reason'}`;
}

/** "`/items/0` must be string"; what Ajv leaves out of its message (which property, which values) is added. */
function problemText({ instancePath, keyword, message = 'is wrong', params }: ErrorObject): string {
  const place = instancePath === '' ? 'the value' : `\`${instancePath.slice(0, 200)}\``;
  switch (keyword) {
    case 'enum':
      return `${place} must be one of ${(params.allowedValues as readonly JsonValue[]).map(shown).join(', ')}`;
    case 'const':
      return `${place} must be ${shown(params.allowedValue as JsonValue)}`;
    case 'additionalProperties':
      return `${place} must not have the property ${shown(params.additionalProperty as string)}`;
    case 'unevaluatedProperties':
      return `${place} must not have the property ${shown(params.unevaluatedProperty as string)}`;
    case 'required':
      return `${place} must have the property ${shown(params.missingProperty as string)}`;
    default:
      return `${place} ${message}`;
  }
}

function shown(value: JsonValue): string {
  const text = JSON.stringify(value);
  return `\`${text.length > 80 ? `${text.slice(0, 80)}…` : text}\``;
}

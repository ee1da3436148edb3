import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { minimalValue } from '../../../src/ai/stub/minimal-value.ts';
import type { JsonObject, JsonValue } from '../../../src/domain/json.ts';

const WORKFLOWS = fileURLToPath(new URL('../../../workflows', import.meta.url));

test.each<[JsonObject, JsonValue]>([
  [{}, null],
  [{ type: 'null' }, null],
  [{ type: 'boolean' }, false],
  [{ type: 'string' }, ''],
  [{ type: 'string', minLength: 3 }, 'xxx'],
  [{ type: 'integer' }, 0],
  [{ type: 'integer', minimum: 2.5, maximum: 7 }, 3],
  [{ type: 'integer', exclusiveMinimum: 4 }, 5],
  [{ type: 'number', minimum: -3 }, 0],
  [{ type: 'number', maximum: -3 }, -3],
  [{ type: 'number', minimum: 0.25 }, 0.25],
  [{ enum: ['post', 'done'] }, 'post'],
  [{ const: { a: 1 } }, { a: 1 }],
  [{ type: ['string', 'null'], minLength: 1 }, 'x'],
  [{ type: 'array', items: { type: 'string' } }, []],
  [{ type: 'array', minItems: 2, items: { type: 'integer', minimum: 1 } }, [1, 1]],
  [{ items: { type: 'string' }, minItems: 1 }, ['']],
  [{ type: 'object', properties: { a: { type: 'string' } } }, {}],
  [{ required: ['a'], properties: { a: { const: 5 }, b: { const: 6 } } }, { a: 5 }],
  [
    {
      type: 'object',
      required: ['findings'],
      properties: {
        findings: {
          type: 'array',
          minItems: 1,
          items: { type: 'object', required: ['line'], properties: { line: { type: 'integer' } } },
        },
      },
    },
    { findings: [{ line: 0 }] },
  ],
])('%j: %j', (schema, value) => {
  expect(minimalValue(schema)).toEqual(value);
  expect(new Ajv2020({ strict: false }).validate(schema, value)).toBe(true);
});

test('without a schema: null', () => {
  expect(minimalValue(undefined)).toBeNull();
});

test('a member that no schema describes is null, whatever its name', () => {
  expect(minimalValue({ required: ['a', 'constructor'] })).toEqual({ a: null, constructor: null });
});

test('a schema that asks for too much gets its bound', () => {
  const nested = Array.from({ length: 30 }).reduce<JsonObject>(
    (items) => ({ type: 'array', minItems: 1_000, items }),
    { type: 'string', minLength: 1e9 },
  );
  expect(JSON.stringify(minimalValue(nested)).length).toBeLessThan(200_000);
  expect(minimalValue({ type: 'string', minLength: 1e9 })).toHaveLength(9_999);
});

test('fits every schema of the shipped workflows that has no pattern', () => {
  const ajv = new Ajv2020({ strict: false });
  const schemas = shippedSchemas();
  expect(schemas.length).toBeGreaterThan(20);
  for (const schema of schemas.filter((schema) => !JSON.stringify(schema).includes('"pattern"')))
    expect(ajv.validate(schema, minimalValue(schema)), JSON.stringify(schema)).toBe(true);
});

function shippedSchemas(): readonly JsonObject[] {
  const files = readdirSync(WORKFLOWS, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  );
  return files.flatMap((name) => {
    const frontMatter =
      /^---\n([\s\S]*?)\n---\n/.exec(readFileSync(join(WORKFLOWS, name), 'utf8'))?.[1] ?? '{}';
    const { report_schema: schema } = parse(frontMatter) as { report_schema?: JsonObject };
    return schema === undefined ? [] : [schema];
  });
}

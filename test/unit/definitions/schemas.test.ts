import { describe, expect, test } from 'vitest';
import { createSchemas } from '../../../src/definitions/schemas.ts';
import type { JsonObject, JsonValue } from '../../../src/domain/json.ts';

const schemas = createSchemas();

describe('createSchemas', () => {
  test.each<[JsonObject, JsonValue, readonly string[]]>([
    [{ type: 'object' }, {}, []],
    [{ type: 'object' }, 'text', ['the value must be object']],
    [{ properties: { count: { type: 'integer' } } }, { count: 1.5 }, ['`/count` must be integer']],
    [{ items: { type: 'string' } }, ['a', 1, 2], ['`/1` must be string', '`/2` must be string']],
    [{ required: ['a'] }, {}, ['the value must have the property `"a"`']],
    [{ additionalProperties: false }, { b: 1 }, ['the value must not have the property `"b"`']],
    [
      { properties: {}, unevaluatedProperties: false },
      { b: 1 },
      ['the value must not have the property `"b"`'],
    ],
    [{ properties: { a: { enum: ['x', 'y'] } } }, { a: 'z' }, ['`/a` must be one of `"x"`, `"y"`']],
    [{ const: { a: 1 } }, 2, ['the value must be `{"a":1}`']],
    [{ format: 'date' }, 'yesterday', ['the value must match format "date"']],
    [{ type: 'array', prefixItems: [{ type: 'number' }] }, ['a'], ['`/0` must be number']],
    [
      { $ref: '#/$defs/name', $defs: { name: { minLength: 3 } } },
      'ab',
      ['the value must NOT have fewer than 3 characters'],
    ],
    [{ 'x-note': 'unknown keywords do no harm', format: 'made-up' }, 1, []],
  ])('%j of %j', (schema, value, expected) => {
    expect(schemas.problems(schema, value)).toEqual(expected);
  });

  test('equal schemas give equal answers, whatever object they are', () => {
    for (let time = 0; time < 3; time += 1)
      expect(schemas.problems({ $id: 'https://example.org/a', type: 'string' }, 1)).toEqual([
        'the value must be string',
      ]);
    expect(schemas.problems({ $id: 'https://example.org/a', type: 'number' }, 1)).toEqual([]);
  });

  test('lists at most 20 problems', () => {
    const problems = schemas.problems({ items: { type: 'string' } }, Array(1_000).fill(1));
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toBe('and more than 20 in all');
  });

  test('a schema that does not compile is the problem', () => {
    expect(schemas.problems({ type: 'nonsense' }, 1)[0]).toMatch(/^the schema itself is not usable: /);
    expect(schemas.problems({ $ref: 'https://example.org/other.json' }, 1)[0]).toMatch(/^the schema itself/);
  });

  test('hostile data is a problem, not an exception', () => {
    let deep: JsonValue = 1;
    for (let level = 0; level < 50_000; level += 1) deep = [deep];
    expect(schemas.problems({ items: { $ref: '#' } }, deep)).toEqual(['it is nested too deep to be checked']);
    const pattern = { pattern: '^(a+)+$' };
    expect(schemas.problems(pattern, `${'a'.repeat(40)}b`)).toEqual([
      'it could not be checked within 500 ms',
    ]);
    expect(schemas.problems(pattern, 'aaa')).toEqual([]);
    const own = JSON.parse('{"__proto__": 1, "constructor": 2}') as JsonObject;
    expect(schemas.problems({ additionalProperties: { type: 'string' } }, own)).toHaveLength(2);
    expect(schemas.problems({ required: ['constructor'] }, {})).toHaveLength(1);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '../../../../src/domain/json.ts';
import { API_DETAILS, type ApiTool, toolApis } from '../../../../src/sandbox/api/tool-api.ts';
import { problemsOf, statementsOf } from './compiled.ts';

function describeOne(tool: Partial<ApiTool>, detail: 'brief' | 'signatures' | 'full' = 'signatures'): string {
  const [api] = toolApis([{ server: 's', name: 't', ...tool }]);
  return api?.describe(detail) ?? '';
}

/** The types of the arguments and of the result that a schema of them leads to, and the aliases. */
function typesOf(schema: JsonValue): { readonly type: string; readonly aliases: readonly string[] } {
  const lines = describeOne({ outputSchema: schema as JsonObject }).split('declare function ');
  const type = /\): Promise<([\s\S]*)>;$/.exec(lines[1] ?? '')?.[1] ?? '';
  return { type, aliases: (lines[0] ?? '').split('\n').filter((line) => line !== '') };
}

describe('the types of values', () => {
  test.each<[JsonValue, string]>([
    [{ type: 'string' }, 'string'],
    [{ type: 'integer' }, 'number'],
    [{ type: ['string', 'null'] }, 'string | null'],
    [{ type: 'string', nullable: true }, 'string | null'],
    [{}, 'unknown'],
    [{ const: 'a' }, '"a"'],
    [{ enum: ['a', 1, -2.5, true, null, { b: ['c'] }] }, '"a" | 1 | -2.5 | true | null | { b: ["c"] }'],
    [{ enum: Array.from({ length: 61 }, (_, n) => `v${n}`) }, 'string'],
    [{ type: 'array' }, 'unknown[]'],
    [{ items: { type: ['string', 'number'] } }, '(string | number)[]'],
    [{ type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] }, '[string, number]'],
    [
      { type: 'array', items: [{ type: 'string' }], additionalItems: { type: 'null' } },
      '[string, ...null[]]',
    ],
    [
      { type: 'array', prefixItems: [true, { enum: [1, 2] }], items: false, minItems: 1 },
      '[unknown, (1 | 2)?]',
    ],
    [{ type: 'object' }, '{ [key: string]: unknown }'],
    [{ type: 'object', additionalProperties: false }, '{ [key: string]: never }'],
    [{ type: 'object', additionalProperties: { type: 'number' } }, '{ [key: string]: number }'],
    [
      { patternProperties: { '^x': { type: 'string' }, y: { type: 'null' } } },
      '{ [key: string]: string | null }',
    ],
    [{ properties: { a: { type: 'string' }, b: false }, required: ['a'] }, '{ a: string; b?: never }'],
    [
      { properties: { a: { type: 'string' } }, additionalProperties: { type: 'number' } },
      '{ a?: string; [key: string]: unknown }',
    ],
    [{ required: ['a'] }, '{ a: unknown }'],
    [
      { properties: { 'a-b': true, constructor: true, __proto__x: true, 'né\u202e"': true } },
      '{ "a-b"?: unknown; constructor?: unknown; __proto__x?: unknown; "né\\u{202e}\\""?: unknown }',
    ],
    [JSON.parse('{"properties": {"__proto__": {"type": "string"}}}'), '{ __proto__?: string }'],
    [{ anyOf: [{ type: 'string' }, { type: 'string' }, { type: 'number' }] }, 'string | number'],
    [{ oneOf: [{ type: 'string' }, {}] }, 'unknown'],
    [{ allOf: [{ properties: { a: true } }, { required: ['b'] }] }, '{ a?: unknown } & { b: unknown }'],
    [
      { properties: { a: true }, anyOf: [{ required: ['a'] }, { required: ['b'] }] },
      '{ a?: unknown } & ({ a: unknown } | { b: unknown })',
    ],
    [{ $ref: '#/$defs/Id', $defs: { Id: { type: 'string' } } }, 'string'],
    [{ $ref: '#/definitions/a~1b%20c', definitions: { 'a/b c': { enum: [1] } } }, '1'],
    [{ $ref: 'https://example.com/schema.json' }, 'unknown'],
    [{ $ref: 'file:///etc/passwd' }, 'unknown'],
    [{ $ref: 'other.json#/a' }, 'unknown'],
    [{ $ref: '#/nowhere' }, 'unknown'],
    [{ $ref: '#/%E0%A4%A' }, 'unknown'],
    [{ $ref: '#/__proto__' }, 'unknown'],
    [{ $ref: '#' }, 'unknown'],
    [{ type: 'date' }, 'unknown'],
    [{ type: 5, properties: [], items: 7, enum: 'x', required: { a: 1 } }, 'unknown'],
    [true, 'unknown'],
    [false, 'never'],
  ])('%j', (schema, type) => {
    expect(typesOf(schema)).toEqual({ type, aliases: [] });
  });

  test('what names itself gets a name', () => {
    const node = {
      type: 'object',
      properties: { value: { type: 'string' }, children: { type: 'array', items: { $ref: '#/$defs/Node' } } },
      required: ['value'],
    };
    expect(
      typesOf({ type: 'object', properties: { root: { $ref: '#/$defs/Node' } }, $defs: { Node: node } }),
    ).toEqual({
      type: '{ root?: s__t$Result$Node }',
      aliases: ['type s__t$Result$Node = { value: string; children?: s__t$Result$Node[] };'],
    });
    expect(typesOf({ type: 'object', properties: { next: { $ref: '#' } } })).toEqual({
      type: '{ next?: s__t$Result$Self }',
      aliases: ['type s__t$Result$Self = { next?: s__t$Result$Self };'],
    });
  });

  test('two of one name are told apart', () => {
    const { aliases } = typesOf({
      properties: { a: { $ref: '#/$defs/x/Item' }, b: { $ref: '#/$defs/y/Item' } },
      $defs: { x: { Item: { required: ['one'] } }, y: { Item: { required: ['two'] } } },
    });
    expect(aliases).toEqual([
      'type s__t$Result$Item = { one: unknown };',
      'type s__t$Result$Item2 = { two: unknown };',
    ]);
  });

  test('what is nothing but itself is unknown', () => {
    const $defs: JsonObject = {
      A: { $ref: '#/$defs/B' },
      B: { anyOf: [{ $ref: '#/$defs/A' }, { type: 'null' }] },
    };
    expect(typesOf({ $ref: '#/$defs/A', $defs }).type).toBe('unknown');
    const { aliases } = typesOf({ properties: { a: { $ref: '#/$defs/A' } }, $defs });
    expect(aliases).toEqual(['type s__t$Result$A = unknown;']);
  });
});

describe('the arguments', () => {
  test.each<[string, JsonObject | undefined, string]>([
    ['no schema', undefined, '(args?: { [key: string]: unknown })'],
    ['no properties', { type: 'object', properties: {} }, '(args?: { [key: string]: unknown })'],
    ['nothing required', { properties: { a: true } }, '(args?: { a?: unknown })'],
    ['something required', { properties: { a: true }, required: ['a'] }, '(args: { a: unknown })'],
    [
      'required in all branches',
      { anyOf: [{ required: ['a'] }, { required: ['b'] }] },
      '(args: { a: unknown } | ',
    ],
    ['a branch without', { anyOf: [{ required: ['a'] }, { properties: {} }] }, '(args?: { a: unknown } | '],
    ['no object', { type: 'string' }, '(args?: { [key: string]: unknown })'],
    ['no schema at all', { $ref: 'x' }, '(args?: { [key: string]: unknown })'],
  ])('%s', (_, inputSchema, parameter) => {
    expect(describeOne({ inputSchema })).toContain(`declare function s__t${parameter}`);
  });
});

describe('what was observed', () => {
  test.each<[readonly JsonValue[], string]>([
    [['x', 'y'], 'string'],
    [[1, null], 'number | null'],
    [[[], [1, 'a']], '(number | string)[]'],
    [[[]], 'unknown[]'],
    [
      [
        { a: 1, b: { c: [] } },
        { a: 'x', d: true },
      ],
      '{ a: number | string; b?: { c: unknown[] }; d?: boolean }',
    ],
    [[Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, n]))], '{ [key: string]: number }'],
    [[JSON.parse('{"__proto__": 1}')], '{ __proto__: number }'],
  ])('%j', (samples, type) => {
    expect(describeOne({ samples })).toBe(
      `/** The type of the result is what was observed. */\ndeclare function s__t(args?: { [key: string]: unknown }): Promise<${type}>;`,
    );
  });

  test('a declared type is not replaced', () => {
    expect(describeOne({ outputSchema: { type: 'string' }, samples: [1] })).toContain('Promise<string>');
  });
});

describe('how much is said', () => {
  const tool: ApiTool = {
    server: 'files',
    name: 'read-file',
    description: 'Reads a file, e.g.\nfrom disk. Never writes.\n\nMore.',
    inputSchema: {
      type: 'object',
      properties: {
        path: { type: 'string', description: 'Absolute.', format: 'uri' },
        head: { default: 10 },
      },
      required: ['path'],
    },
  };

  test('brief: the name and what it does', () => {
    expect(describeOne(tool, 'brief')).toBe('files__read_file: Reads a file, e.g.');
    expect(describeOne({}, 'brief')).toBe('s__t');
  });

  test('signatures: the types too', () => {
    expect(describeOne(tool)).toBe(
      '/** Reads a file, e.g. */\ndeclare function files__read_file(args: { path: string; head?: unknown }): Promise<unknown>;',
    );
  });

  test('full: all that the server says', () => {
    expect(describeOne(tool, 'full')).toBe(
      [
        '/**',
        ' * Reads a file, e.g.',
        ' * from disk. Never writes.',
        ' *',
        ' * More.',
        ' */',
        'declare function files__read_file(args: {',
        '  /** Absolute. Format: uri. */',
        '  path: string;',
        '  /** Default: 10. */',
        '  head?: unknown;',
        '}): Promise<unknown>;',
      ].join('\n'),
    );
  });
});

describe('hostile servers', () => {
  const nested = (depth: number): JsonValue => {
    let schema: JsonValue = { type: 'string' };
    for (let level = 0; level < depth; level += 1)
      schema = { type: 'object', properties: { a: schema }, items: schema, anyOf: [schema] };
    return schema;
  };
  const breakouts = [
    '*/ evil(); /*',
    '"; evil(); "',
    '`$' + '{evil()}`',
    '\u2028evil()',
    '// \n evil()',
    '*\u200b/ evil(); /*',
    '>; evil();',
  ];

  test.each(API_DETAILS.filter((detail) => detail !== 'brief'))(
    'no text gets out of its place (%s)',
    (detail) => {
      for (const text of breakouts) {
        const api = describeOne(
          {
            server: text,
            name: text,
            description: text,
            inputSchema: {
              properties: {
                [text]: { description: text, enum: [text], default: text, format: text, $ref: text },
              },
              required: [text],
            },
            outputSchema: {
              properties: {
                a: { $ref: `#/$defs/${encodeURIComponent(text)}` },
                b: { const: { [text]: text } },
              },
              $defs: { [text]: { properties: { [text]: { $ref: `#/$defs/${encodeURIComponent(text)}` } } } },
            },
          },
          detail,
        );
        expect(problemsOf(api)).toEqual([]);
        expect(statementsOf(api)).toEqual(['TypeAliasDeclaration', 'FunctionDeclaration']);
      }
    },
  );

  test.each<[string, () => JsonObject]>([
    ['100,000 levels', () => nestedText('{"type":"object","properties":{"a":', '{}', '}}', 100_000)],
    ['levels that double', () => nested(20) as JsonObject],
    [
      '100,000 properties',
      () => ({ properties: Object.fromEntries(Array.from({ length: 1e5 }, (_, n) => [`p${n}`, true])) }),
    ],
    [
      'a text of 10 MB',
      () => ({ properties: { a: { const: 'x'.repeat(1e7), description: 'y '.repeat(5e6) } } }),
    ],
    ['references that double', () => doubling(60)],
    [
      'products of unions',
      () => ({ allOf: Array.from({ length: 20 }, (_, n) => ({ enum: [`${n}a`, `${n}b`] })) }),
    ],
    ['100,000 values', () => ({ enum: Array.from({ length: 1e5 }, (_, n) => ({ n })) })],
    ['long values', () => longValues(60)],
    ['a nested default', () => nestedText('{"properties":{"a":{"default":', '1', '}}}', 1, 100_000)],
  ])('%s are described in few words, and soon', (_, schema) => {
    const hostile = schema();
    const before = performance.now();
    const api = describeOne({ inputSchema: hostile, outputSchema: hostile }, 'full');
    expect(performance.now() - before).toBeLessThan(2_000);
    expect(api.length).toBeLessThan(40_000);
    expect(problemsOf(api)).toEqual([]);
  });

  test('what takes too much time or room is unknown', () => {
    const many = { anyOf: Array.from({ length: 3_000 }, () => ({ type: 'string' })) };
    expect(typesOf(many)).toEqual({ type: 'unknown', aliases: [] });
    expect(typesOf(longValues(60))).toEqual({ type: 'unknown', aliases: [] });
    expect(typesOf(longValues(2)).type).toContain('xxx');
  });

  test('whatever a schema is, its description is valid TypeScript', () => {
    const runs = fc.check(
      fc.property(
        fc.array(
          fc.record({
            input: anySchema,
            output: anySchema,
            samples: fc.array(fc.jsonValue() as fc.Arbitrary<JsonValue>, { maxLength: 3 }),
          }),
          { minLength: 20, maxLength: 20 },
        ),
        (schemas) => {
          const tools = schemas.map(
            ({ input, output, samples }, index): ApiTool => ({
              server: 's',
              name: `t${index}`,
              description: 'x',
              inputSchema: input as JsonObject,
              outputSchema: index % 3 === 0 ? undefined : (output as JsonObject),
              samples,
            }),
          );
          const text = toolApis(tools)
            .map((api) => api.describe(tools.length % 2 === 0 ? 'full' : 'signatures'))
            .join('\n');
          expect(problemsOf(text)).toEqual([]);
        },
      ),
      { numRuns: 30 },
    );
    expect(
      runs.failed,
      JSON.stringify(runs.counterexample, undefined, 1)?.slice(0, 4_000) + runs.errorInstance,
    ).toBe(false);
  });
});

/** A schema made of text, because objects nested like that can't be built by recursion. */
function nestedText(open: string, middle: string, close: string, levels: number, inner = 0): JsonObject {
  return JSON.parse(
    open.repeat(levels) + '['.repeat(inner) + middle + ']'.repeat(inner) + close.repeat(levels),
  );
}

function longValues(count: number): JsonObject {
  const values = Array.from({ length: 10 }, (_, n) => `${n}${'x'.repeat(150)}`);
  return {
    properties: Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, { enum: values }])),
  };
}

/** Each definition refers to the next one twice. */
function doubling(count: number): JsonObject {
  const definitions = Array.from({ length: count }, (_, n) => {
    const next = { $ref: `#/$defs/d${n + 1}` };
    return [`d${n}`, { anyOf: [next, next, { properties: { a: next, b: next } }] }];
  });
  return { $ref: '#/$defs/d0', $defs: Object.fromEntries(definitions) };
}

const keyName = fc.oneof(
  fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', 'a b', '1', '*/'),
  fc.string(),
);
const reference = fc.constantFrom(
  '#',
  '#/$defs/A',
  '#/$defs/B',
  '#/properties/a',
  '#/$defs/A/items',
  'http://x/y',
  '#/x',
);
const { anySchema } = fc.letrec<{ anySchema: JsonValue }>((tie) => ({
  anySchema: fc.oneof(
    { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.boolean(),
      reference.map(($ref) => ({ $ref })),
      fc
        .constantFrom('string', 'number', 'integer', 'boolean', 'null', 'array', 'object')
        .map((type) => ({ type })),
    ),
    fc
      .record(
        {
          type: fc.oneof(
            fc.constantFrom<JsonValue>('object', 'array', 'string', 'tuple', 7),
            fc.subarray(['object', 'array', 'string', 'null']),
          ),
          properties: fc.dictionary(keyName, tie('anySchema'), { maxKeys: 4 }),
          required: fc.oneof(fc.array(keyName, { maxLength: 3 }), fc.jsonValue()),
          additionalProperties: tie('anySchema'),
          patternProperties: fc.dictionary(keyName, tie('anySchema'), { maxKeys: 2 }),
          items: fc.oneof(tie('anySchema'), fc.array(tie('anySchema'), { maxLength: 3 })),
          prefixItems: fc.array(tie('anySchema'), { maxLength: 3 }),
          additionalItems: tie('anySchema'),
          minItems: fc.oneof(fc.integer({ min: -2, max: 5 }), fc.double()),
          enum: fc.array(fc.jsonValue(), { maxLength: 4 }),
          const: fc.jsonValue(),
          anyOf: fc.array(tie('anySchema'), { maxLength: 3 }),
          oneOf: fc.array(tie('anySchema'), { maxLength: 3 }),
          allOf: fc.array(tie('anySchema'), { maxLength: 3 }),
          $ref: reference,
          $defs: fc.record({ A: tie('anySchema'), B: tie('anySchema') }, { requiredKeys: [] }),
          nullable: fc.boolean(),
          description: fc.string(),
          default: fc.jsonValue(),
        },
        { requiredKeys: [] },
      )
      .map((schema): JsonValue => schema as JsonObject),
  ),
}));

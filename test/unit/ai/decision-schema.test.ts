import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decisionSchema, readDecision, readWireDecision } from '../../../src/ai/decision-schema.ts';
import { mergeJson } from '../../../src/domain/json.ts';
import { decisionText } from '../../support/provider-wires.ts';

const ALLOWED = ['draft', 'Ask Theme', 'FINISH'];

function read(wire: object) {
  const reading = readDecision(JSON.stringify(wire), ALLOWED);
  if (!reading.ok) throw new Error(reading.problem);
  return reading.value;
}

describe('the schema', () => {
  test('constrains the name to what is allowed', () => {
    expect(decisionSchema(ALLOWED)).toMatchObject({
      properties: { next_step_name: { type: 'string', enum: ALLOWED } },
    });
  });

  test('lists no names where there are more than providers accept', () => {
    const names = Array.from({ length: 101 }, (_, index) => `step_${index}`);
    expect(decisionSchema(names)).toMatchObject({ properties: { next_step_name: { type: 'string' } } });
    expect(JSON.stringify(decisionSchema(names))).not.toContain('step_100');
  });

  test('keeps to what strict mode demands: every object is closed, and all its members are required', () => {
    const visit = (schema: unknown): void => {
      if (typeof schema !== 'object' || schema === null) return;
      if ('properties' in schema) {
        expect(schema).toMatchObject({ additionalProperties: false });
        expect('required' in schema && schema.required).toEqual(Object.keys(Object(schema.properties)));
      }
      for (const part of Object.values(schema)) visit(part);
    };
    visit(decisionSchema(ALLOWED));
  });
});

describe('reading', () => {
  test('finds the canonical name, folded but never guessed', () => {
    expect(read({ next_step_name: 'ask_theme' }).nextStepName).toBe('Ask Theme');
    for (const name of ['ask', 'ask_themes', 'the draft', '', 'DRAFT2', '__proto__', 'constructor']) {
      expect(readDecision(decisionText({ next_step_name: name }), ALLOWED)).toMatchObject({
        ok: false,
        problem: `next_step_name ${JSON.stringify(name)} is not allowed.`,
      });
    }
  });

  test.each([
    ['FINISH', 'RUNNING', 'COMPLETED'],
    ['FINISH', 'SUSPENDED', 'COMPLETED'],
    ['FINISH', 'COMPLETED', 'COMPLETED'],
    ['FINISH', 'FAILED', 'FAILED'],
    ['FINISH', undefined, 'COMPLETED'],
    ['draft', 'RUNNING', 'RUNNING'],
    ['draft', 'SUSPENDED', 'SUSPENDED'],
    ['draft', 'COMPLETED', 'RUNNING'],
    ['draft', 'FAILED', 'RUNNING'],
    ['draft', undefined, 'RUNNING'],
  ])('%s with %s is %s', (next_step_name, status_suggestion, expected) => {
    expect(read({ next_step_name, status_suggestion }).statusSuggestion).toBe(expected);
  });

  test.each<[unknown, unknown]>([
    ['"bees"', 'bees'],
    ['bees', 'bees'],
    ['12', 12],
    ['true', true],
    ['null', null],
    ['{"a":[1]}', { a: [1] }],
    ['{"a":', '{"a":'],
    ['', ''],
    [12, 12],
    [{ a: 1 }, { a: 1 }],
  ])('the value %j means %j', (value, expected) => {
    expect(read({ next_step_name: 'draft', updated_context: [{ key: 'k', value }] }).updatedContext).toEqual([
      { key: 'k', value: expected },
    ]);
  });

  test('values of a script are what they are', () => {
    const wire = { next_step_name: 'draft', updated_context: [{ key: 'k', value: '12' }] };
    expect(readWireDecision(wire, ALLOWED)).toMatchObject({
      value: { updatedContext: [{ value: '12' }] },
    });
  });

  test('a key named __proto__ is a key', () => {
    const text =
      '{"next_step_name":"draft","updated_context":[{"key":"__proto__","value":"{\\"__proto__\\":1}"}]}';
    const reading = readDecision(text, ALLOWED);
    const [entry] = reading.ok ? reading.value.updatedContext : [];
    const merged = mergeJson(Object.fromEntries([[entry?.key ?? '', entry?.value ?? null]]));
    expect(JSON.stringify(merged)).toBe('{"__proto__":{"__proto__":1}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('reasoning is bounded', () => {
    const { reasoning } = read({ next_step_name: 'draft', reasoning: 'Well. '.repeat(10_000) });
    expect(reasoning?.length).toBeLessThan(1_100);
    expect(reasoning).toMatch(/\[cut: 60000 bytes in all\]$/);
  });

  test.each<[string, string, RegExp]>([
    ['empty', ' \n', /^it was empty/],
    ['prose', 'Go on.', /^it is not a JSON object/],
    ['too large', `{"next_step_name":"draft","reasoning":"${'x'.repeat(300_000)}"}`, /^it is larger than/],
    ['no name', '{}', /^it does not fit the schema: next_step_name: /],
    [
      'no value',
      '{"next_step_name":"draft","updated_context":[{"key":"a"}]}',
      /updated_context\.0\.value: Required/,
    ],
    ['an object for the list', '{"next_step_name":"draft","updated_context":{"a":1}}', /updated_context: /],
    [
      'too deep',
      decisionText({
        next_step_name: 'draft',
        updated_context: [{ key: 'a', value: '['.repeat(65) + ']'.repeat(65) }],
      }),
      /nested too deeply/,
    ],
    [
      'far too deep',
      `{"next_step_name":"draft","updated_context":[{"key":"a","value":${'['.repeat(50_000)}${']'.repeat(50_000)}}]}`,
      /nested too deeply/,
    ],
  ])('%s is a problem', (_, text, problem) => {
    const reading = readDecision(text, ALLOWED);
    expect(reading.ok ? '' : reading.problem).toMatch(problem);
  });

  test('whatever a model writes, it is refused or stays within what is allowed', () => {
    const member = fc.oneof(
      fc.constantFrom(...ALLOWED, 'RUNNING', 'FAILED', 'next_step_name'),
      fc.jsonValue(),
    );
    const wire = fc.oneof(
      fc.string(),
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc
        .record(
          {
            next_step_name: member,
            updated_context: fc.array(fc.record({ key: fc.string(), value: member })),
            status_suggestion: member,
            reasoning: member,
          },
          { requiredKeys: [] },
        )
        .map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(wire, (text) => {
        const reading = readDecision(text, ALLOWED);
        if (!reading.ok) return reading.problem.length < 1_000;
        const { nextStepName, statusSuggestion } = reading.value;
        const ends = statusSuggestion === 'COMPLETED' || statusSuggestion === 'FAILED';
        return ALLOWED.includes(nextStepName) && ends === (nextStepName === 'FINISH');
      }),
      { numRuns: 2_000 },
    );
  });
});

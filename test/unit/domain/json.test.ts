import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, isJsonObject, type JsonObject, mergeJson } from '../../../src/domain/json.ts';
import { pinDefinition } from '../../../src/domain/pin-definition.ts';

/** The same value with the keys of every object in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

describe('canonicalJson', () => {
  test.each<[unknown, string]>([
    [{ b: 1, a: [{ d: null, c: 'x' }] }, '{"a":[{"c":"x","d":null}],"b":1}'],
    [{ a: undefined, b: [undefined] }, '{"b":[null]}'],
    [JSON.parse('{"z": 1, "__proto__": {"y": 2}}'), '{"__proto__":{"y":2},"z":1}'],
    [undefined, 'null'],
    [-0, '0'],
  ])('%j', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  test('does not depend on the order of keys, and keeps the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('mergeJson', () => {
  test('the later part wins, key by key', () => {
    expect(mergeJson({ a: 1, b: { c: 1 } }, undefined, { b: { d: 2 } })).toEqual({ a: 1, b: { d: 2 } });
    expect(mergeJson()).toEqual({});
  });

  test('a key named __proto__ is an ordinary one', () => {
    const merged = mergeJson(JSON.parse('{"__proto__": {"polluted": true}}') as JsonObject);
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect(Object.hasOwn(merged, '__proto__')).toBe(true);
    expect('polluted' in merged).toBe(false);
  });
});

test('isJsonObject', () => {
  expect([{}, { a: 1 }].every(isJsonObject)).toBe(true);
  expect([null, undefined, [], 'a', 1, true].some(isJsonObject)).toBe(false);
});

describe('pinDefinition', () => {
  const definition = {
    name: 'A',
    goal: 'Do it.',
    steps: [{ name: 'a', fileStem: 'a', guidance: 'g', instructions: 'i' }],
  };

  test('names equal content equally', () => {
    const { hash, definition: kept } = pinDefinition(definition);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(kept).toBe(definition);
    const { name, goal, steps } = definition;
    expect(pinDefinition({ steps, goal, name }).hash).toBe(hash);
  });

  test('names other content otherwise', () => {
    expect(pinDefinition({ ...definition, goal: 'Do it!' }).hash).not.toBe(pinDefinition(definition).hash);
  });
});

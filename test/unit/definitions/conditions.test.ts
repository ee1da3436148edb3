import { describe, expect, test } from 'vitest';
import { createConditionChecker, createConditions } from '../../../src/definitions/conditions.ts';
import type { JsonObject } from '../../../src/domain/json.ts';

const result = JSON.parse(`{
  "count": 3, "half": 2.5, "zero": 0, "text": "abc", "nothing": null, "list": [1, 2, 3],
  "mixed": [1, "a", null, { "a": 1 }], "constructor": "own", "empty": {}, "__proto__": { "x": 1 }
}`) as JsonObject;
const variables = {
  report: { status: 'success', result },
  context: { items: [10, 20], index: 1, people: [{ age: 1 }, { age: 70 }] },
  visits: { 'Write Joke': 3, judge: 0 },
};
const conditions = createConditions();
const evaluate = (expression: string) => conditions.evaluate(expression, variables);

describe('createConditions', () => {
  test.each([
    'report.status == "success"',
    'report.result.count > 0',
    'report.result.count == 3',
    '3 == report.result.count',
    'report.result.count == 3.0',
    'report.result.count != 4',
    'report.result.count >= 2.5',
    'report.result.half < 3',
    'report.result.count + 1 == 4',
    '1 + report.result.count == 4',
    'report.result.count * 2 - 1 == 5',
    'report.result.count / 2 == 1.5',
    'report.result.count % 2 == 1',
    '-report.result.count < report.result.zero',
    '1 + 1.5 == 2.5',
    'report.result.count in [1, 2, 3]',
    '3 in report.result.list',
    'report.result.list == [1, 2, 3]',
    'report.result.list.map(n, n + 1) == [2, 3, 4]',
    'size(report.result.list) == report.result.count',
    'context.items[context.index] == 20',
    'context.people.exists(person, person.age > 65)',
    '"a" in report.result.mixed',
    'report.result.mixed.exists(each, each == null)',
    'report.result.nothing == null',
    'report.result.empty == {}',
    'has(report.result.count) && !has(report.result.other)',
    'visits["Write Joke"] >= 3',
    'visits.judge == 0',
    'visits["Write Joke"] == report.result.count',
    'visits["Write Joke"] + report.result.count == 6',
    'report.result.text.matches("^a.c$")',
    'report.?result.?other.orValue(7) == 7',
    'report.nowhere == 1 || true',
  ])('is true: %s', (expression) => {
    expect(evaluate(expression)).toEqual({ ok: true, value: true });
  });

  test.each([
    ['report.nowhere == 1', 'No such key: nowhere'],
    ['visits.nowhere > 1', 'No such key: nowhere'],
    ['report.status', 'it is neither true nor false'],
    ['1 + 1', 'it gives int, expected bool'],
    ['somebody.else == 1', 'Unknown variable: somebody'],
    ['report.result.count > "a"', 'no such overload: dyn<double> > string'],
    ['report.status ==', 'Unexpected token: EOF'],
    ['', 'Unexpected token: EOF'],
  ])('is a problem: %s', (expression, problem) => {
    expect(evaluate(expression)).toEqual({ ok: false, problem });
  });

  test('reads own keys only', () => {
    expect(evaluate('report.result.constructor == "own"')).toEqual({ ok: true, value: true });
    expect(evaluate('report.result.__proto__.x == 1')).toEqual({ ok: true, value: true });
    for (const path of [
      'context.constructor',
      'context.__proto__',
      'context.items.length',
      'visits.toString',
    ])
      expect(evaluate(`has(${path})`)).not.toEqual({ ok: true, value: true });
  });

  test('stops what takes too long, and goes on afterwards', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => index);
    const slow = { report: { status: `${'a'.repeat(40)}b` }, context: { many }, visits: {} };
    const problem = 'it took longer than 250 ms';
    expect(conditions.evaluate('report.status.matches("(a+)+$")', slow)).toEqual({ ok: false, problem });
    const quadratic = 'context.many.all(a, context.many.all(b, a + b >= 0))';
    expect(conditions.evaluate(quadratic, slow)).toEqual({ ok: false, problem });
    expect(evaluate('report.result.text.matches("b")')).toEqual({ ok: true, value: true });
  });

  test.each([
    '('.repeat(5_000),
    '!'.repeat(50_000),
    Array(5_000).fill('true').join(' && '),
    '[]'.repeat(5_000),
  ])('does not break on a huge expression (%#)', (expression) => {
    expect(evaluate(expression).ok).toBe(false);
  });
});

test('the checker finds syntax errors and unknown variables, not missing data', () => {
  const check = createConditionChecker();
  expect(check('report.result.count > 0')).toBeUndefined();
  expect(check('report.result.count >')).toBe('Unexpected token: EOF');
  expect(check('reports.x')).toBe('Unknown variable: reports');
});

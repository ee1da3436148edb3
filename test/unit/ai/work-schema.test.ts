import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Reading } from '../../../src/ai/reading.ts';
import {
  JUDGEMENT_SCHEMA,
  readJudgement,
  readStepOutcome,
  readTaskOutcome,
  STEP_SCHEMA,
  TASK_SCHEMA,
} from '../../../src/ai/work-schema.ts';
import { DEFAULT_LIMITS } from '../../../src/domain/limits.ts';

function usable<Value>(reading: Reading<Value>): Value {
  if (!reading.ok) throw new Error(reading.problem);
  return reading.value;
}

const problemOf = (reading: Reading<unknown>) => (reading.ok ? '' : reading.problem);
const step = (wire: object) => readStepOutcome(JSON.stringify({ status: 'success', ...wire }));
const task = (wire: object) => readTaskOutcome(JSON.stringify({ status: 'success', ...wire }));
const judgement = (wire: object) => readJudgement(JSON.stringify(wire));

test.each([STEP_SCHEMA, TASK_SCHEMA, JUDGEMENT_SCHEMA])(
  'schema %# keeps to what strict mode and Gemini accept: closed objects, all members required, plain keywords',
  (schema) => {
    const keywords = [
      'type',
      'properties',
      'required',
      'additionalProperties',
      'items',
      'enum',
      'description',
    ];
    const visit = (part: unknown): void => {
      if (typeof part !== 'object' || part === null) return;
      expect(keywords).toEqual(expect.arrayContaining(Object.keys(part)));
      if ('properties' in part) {
        const properties = Object(part.properties) as Record<string, unknown>;
        expect(part).toMatchObject({ additionalProperties: false, required: Object.keys(properties) });
        for (const property of Object.values(properties)) visit(property);
      }
      if ('items' in part) visit(part.items);
    };
    visit(schema);
  },
);

describe('a step', () => {
  test('gives a report, and facts to keep', () => {
    const wire = {
      message: ' Counted. ',
      result: '{"lines":5}',
      context_updates: [
        { key: 'rhyme', value: '"aabba"' },
        { key: 'lines', value: '5' },
        { key: 'lines', value: '6' },
      ],
    };
    expect(usable(step(wire))).toEqual({
      report: { status: 'success', message: 'Counted.', result: { lines: 5 } },
      contextUpdates: { rhyme: 'aabba', lines: 6 },
    });
  });

  test('needs no more than a status, where it succeeds', () => {
    expect(usable(step({}))).toEqual({ report: { status: 'success' } });
    expect(usable(step({ result: 'null', message: null, context_updates: null }))).toEqual({
      report: { status: 'success', result: null },
    });
  });

  test('that fails says why; the result that it does not have is not there', () => {
    expect(usable(step({ status: 'failure', message: 'No files here.', result: 'null' }))).toEqual({
      report: { status: 'failure', message: 'No files here.' },
    });
    expect(usable(step({ status: 'failure', message: 'Half of it.', result: '[1]' })).report.result).toEqual([
      1,
    ]);
    expect(problemOf(step({ status: 'failure', result: 'null' }))).toMatch(/needs a message/);
  });

  test.each<[string, object, RegExp]>([
    ['another status', { status: 'done' }, /does not fit the schema: status: /],
    ['a message that is no text', { message: 5 }, /message: /],
    ['updates that are no list', { context_updates: { a: 1 } }, /context_updates: /],
    ['an update without a key', { context_updates: [{ key: '', value: '1' }] }, /context_updates\.0\.key: /],
    [
      'too many updates',
      { context_updates: Array.from({ length: 201 }, (_, index) => ({ key: `k${index}`, value: '1' })) },
      /context_updates: /,
    ],
    ['a deep result', { result: '['.repeat(64) + ']'.repeat(64) }, /the report is nested more than 64/],
    [
      'a deep update',
      { context_updates: [{ key: 'a', value: '['.repeat(64) + ']'.repeat(64) }] },
      /context_updates is nested more than 64/,
    ],
    ['a number that JSON cannot keep', { result: '1e999' }, /too large for JSON/],
    [
      'numbers that grow when they are written out',
      { result: `[${Array(30_000).fill('1e20').join()}]` },
      /the report has \d+ bytes/,
    ],
    ['a large answer', { result: 'x'.repeat(DEFAULT_LIMITS.reportBytesMax) }, /it is larger than/],
  ])('%s is a problem', (_, wire, problem) => {
    expect(problemOf(step(wire))).toMatch(problem);
  });

  test('a key named __proto__ is a key', () => {
    const { contextUpdates } = usable(step({ context_updates: [{ key: '__proto__', value: '{"a":1}' }] }));
    expect(JSON.stringify(contextUpdates)).toBe('{"__proto__":{"a":1}}');
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });
});

describe('a task', () => {
  test.each<[unknown, unknown]>([
    ['There was a young bee', 'There was a young bee'],
    ['"There was"', 'There was'],
    ['{"lines":5}', { lines: 5 }],
    [{ lines: 5 }, { lines: 5 }],
    ['```js\nf()\n```', '```js\nf()\n```'],
    [false, false],
  ])('the result %j means %j', (result, meaning) => {
    expect(usable(task({ result }))).toEqual({ status: 'success', result: meaning });
  });

  test('that fails has its message as the reason, cut', () => {
    expect(usable(task({ status: 'failure', message: ' I cannot read files. ', result: 'null' }))).toEqual({
      status: 'failure',
      error: 'I cannot read files.',
    });
    const outcome = usable(task({ status: 'failure', message: 'Well. '.repeat(10_000) }));
    expect(outcome).toMatchObject({ error: expect.stringMatching(/\[cut: 59999 bytes in all\]$/) });
    expect(JSON.stringify(outcome).length).toBeLessThan(4_200);
  });

  test.each<[string, object, RegExp]>([
    ['no result', {}, /a success needs a result/],
    ['nothing as a result', { result: 'null' }, /a success needs a result/],
    ['an empty result', { result: '' }, /a success needs a result/],
    ['no reason', { status: 'failure', message: '' }, /a failure needs a message/],
    ['a deep result', { result: '['.repeat(65) + ']'.repeat(65) }, /the result is nested more than 64/],
    ['a far too deep result', { result: '['.repeat(50_000) + ']'.repeat(50_000) }, /nested more than 64/],
  ])('%s is a problem', (_, wire, problem) => {
    expect(problemOf(task(wire))).toMatch(problem);
  });
});

describe('a judgement', () => {
  test('accepts, or says what to do better', () => {
    expect(usable(judgement({ accepted: true, feedback: 'Nice.' }))).toEqual({ accepted: true });
    expect(usable(judgement({ accepted: true }))).toEqual({ accepted: true });
    expect(usable(judgement({ accepted: false, feedback: ' Rhyme. ' }))).toEqual({
      accepted: false,
      feedback: 'Rhyme.',
    });
    expect(
      JSON.stringify(usable(judgement({ accepted: false, feedback: 'x'.repeat(9_000) }))).length,
    ).toBeLessThan(4_200);
  });

  test.each<[string, object, RegExp]>([
    ['without feedback', { accepted: false }, /needs feedback/],
    ['with blank feedback', { accepted: false, feedback: '\n ' }, /needs feedback/],
    ['that is a word', { accepted: 'true' }, /accepted: /],
    ['that is missing', { feedback: 'Rhyme.' }, /accepted: /],
  ])('%s is a problem', (_, wire, problem) => {
    expect(problemOf(judgement(wire))).toMatch(problem);
  });
});

test('whatever a model writes, it is refused, briefly, or is of the right shape', () => {
  const member = fc.oneof(
    fc.constantFrom<unknown>('success', 'failure', true, false, 'null', '', ' '),
    fc.jsonValue(),
  );
  const answer = fc
    .record(
      {
        status: member,
        message: member,
        result: member,
        context_updates: fc.oneof(member, fc.array(fc.record({ key: fc.string(), value: member }))),
        accepted: member,
        feedback: member,
      },
      { requiredKeys: [] },
    )
    .map((wire) => JSON.stringify(wire));
  fc.assert(
    fc.property(fc.oneof(answer, answer, fc.string()), (text) => {
      const readings = [readStepOutcome(text), readTaskOutcome(text), readJudgement(text)] as const;
      for (const reading of readings) if (!reading.ok) expect(reading.problem.length).toBeLessThan(1_000);
      const [stepped, done, judged] = readings;
      if (stepped.ok) expect(stepped.value.report.status).toMatch(/^(?:success|failure)$/);
      if (done.ok && done.value.status === 'failure') expect(done.value.error).toMatch(/\S/);
      if (done.ok && done.value.status === 'success') expect(done.value.result).not.toBeNull();
      if (judged.ok && !judged.value.accepted) expect(judged.value.feedback).toMatch(/\S/);
    }),
    { numRuns: 1_000 },
  );
});

import { expect, test } from 'vitest';
import type { ComposedResult } from '../../../src/composer/composer.ts';
import type { JsonObject, JsonValue } from '../../../src/domain/json.ts';
import { doubtReason, failureReport, reportOf } from '../../../src/engine/script-report.ts';

const ended = (extra: Partial<ComposedResult>): ComposedResult => ({
  status: 'completed',
  run_id: 'run',
  output: '',
  returncode: 0,
  calls: [],
  ...extra,
});

test.each<[JsonValue]>([
  [null],
  [3],
  ['success'],
  [['status', 'success']],
  [{ count: 3 }],
  [{ status: 1 }],
  [{ status: ' ' }],
])('what is no report is the result of a success: %j', (result) => {
  expect(reportOf(ended({ result }))).toEqual({
    report: { status: 'success', result },
    contextUpdates: undefined,
  });
});

test('a script that returns nothing has succeeded', () => {
  expect(reportOf(ended({})).report).toEqual({ status: 'success', result: null });
});

test('an object with a text `status` is the report itself', () => {
  const result = { status: 'failure', result: { a: 1 }, message: 'm', other: [1] };
  expect(reportOf(ended({ result }))).toEqual({ report: result, contextUpdates: undefined });
});

test('its `context_updates` go to the context, if they are an object', () => {
  expect(reportOf(ended({ result: { status: 'success', context_updates: { n: 1 } } }))).toEqual({
    report: { status: 'success' },
    contextUpdates: { n: 1 },
  });
  expect(reportOf(ended({ result: { context_updates: { n: 1 }, result: 2 } }))).toEqual({
    report: { status: 'success', result: 2 },
    contextUpdates: { n: 1 },
  });
});

test.each<[JsonObject, string]>([
  [{ status: 'success', context_updates: [1] }, '`context_updates` is not an object'],
  [{ status: 'success', context_updates: null }, '`context_updates` is not an object'],
  [{ context_updates: 'x' }, '`context_updates` is not an object'],
  [{ context_updates: {}, status: 1 }, '`status` is not a text'],
])('a report that is not well formed is a failure that says so: %j', (result, words) => {
  expect(reportOf(ended({ result, output: 'so far\n' }))).toEqual({
    report: { status: 'failure', error: { name: 'REPORT_INVALID', message: expect.stringContaining(words) } },
    contextUpdates: undefined,
    output: 'so far\n',
  });
});

test.each(['failed', 'limit_exceeded'] as const)('%s is a failure, with what is known of it', (status) => {
  const error = {
    name: 'ToolError',
    message: 'no',
    line: 3,
    column: 7,
    server: 'git',
    tool: 'log',
    retryable: false,
  };
  expect(reportOf(ended({ status, error, output: 'so far\n' }))).toEqual({
    report: {
      status: 'failure',
      error: { name: 'ToolError', message: 'no', line: 3, server: 'git', tool: 'log' },
    },
    contextUpdates: undefined,
    output: 'so far\n',
  });
  expect(reportOf(ended({ status, error: { name: 'E', message: 'm' } })).report).toEqual({
    status: 'failure',
    error: { name: 'E', message: 'm' },
  });
  expect(failureReport(undefined).report.error).toEqual({
    name: 'Error',
    message: 'The script did not come to its end.',
  });
});

test('a doubt names its call, briefly and as text that can be kept, and the ways to go on', () => {
  const args = { to: `\0${'x'.repeat(1_000)}` };
  const reason = doubtReason('send', {
    name: 'E',
    message: 'm',
    server: 'mail\uD800',
    tool: 'send',
    line: 4,
    args,
  });
  expect(reason).toContain(
    'The script of "send" was cut off in its call of send on mail\uFFFD (line 4) with {"to":',
  );
  expect(reason).toContain('with a report on the step');
  expect(reason).toContain('without one, the script is run once more from its beginning');
  expect(reason.length).toBeLessThan(1_200);
  expect(reason).not.toContain('\0');
  expect(doubtReason('send', undefined)).toContain(
    'was cut off in a call, which may or may not have happened',
  );
});

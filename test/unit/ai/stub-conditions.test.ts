import { describe, expect, test } from 'vitest';
import { conditionHolds } from '../../../src/ai/stub/conditions.ts';
import { factsOf } from '../../../src/ai/stub/facts.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { requestOf } from './requests.ts';

type Case = [condition: string, report: JsonObject, expected: boolean];

const SUCCESS = { status: 'success' };
const FAILURE = { status: 'failure' };
const reported = (result: JsonObject) => ({ status: 'success', result });

const cases: Readonly<Record<string, readonly Case[]>> = {
  'the status': [
    ["the report's status is failure", FAILURE, true],
    ["the report's status is failure", SUCCESS, false],
    ['report.status is failure', FAILURE, true],
    ['status == "failure"', FAILURE, true],
    ['it failed', FAILURE, true],
    ['it failed', SUCCESS, false],
    ['the step fails', { status: 'error' }, true],
    ['there was an error', { status: 'FAILED' }, true],
    ['something went wrong', FAILURE, true],
    ['something went wrong', SUCCESS, false],
    ['the file could not be read', FAILURE, true],
    ['the file could not be read', SUCCESS, false],
    ["the client wasn't able to do it", FAILURE, true],
    ['the step was unsuccessful', FAILURE, true],
    ['the report is a success', SUCCESS, true],
    ['successful', { status: 'ok' }, true],
    ['the step succeeded', { status: 'done' }, true],
    ['the step succeeded', { status: 'completed' }, true],
    ['the step succeeded', FAILURE, false],
    ['it did not succeed', FAILURE, true],
    ["it didn't fail", SUCCESS, true],
    ["it didn't fail", FAILURE, false],
    ['the status is not success', FAILURE, true],
    ['the status is failure or error', { status: 'error' }, true],
    ['the status is blocked', { status: 'blocked' }, true],
    ['the client needs input', { status: 'needs_input' }, true],
    ['the status is blocked', SUCCESS, false],
  ],
  'a value that was reported': [
    ['the choice is revise', reported({ choice: 'revise' }), true],
    ['the choice is revise', reported({ choice: 'approve' }), false],
    ['`report.result.choice` is "revise"', reported({ choice: 'revise' }), true],
    ['report.result.choice == "revise"', reported({ choice: 'revise' }), true],
    ['report.result.choice != "revise"', reported({ choice: 'approve' }), true],
    ['report.result.choice != "revise"', reported({ choice: 'revise' }), false],
    ['the choice is not revise', reported({ choice: 'approve' }), true],
    ['the user approved', reported({ choice: 'approve' }), true],
    ['the user wants it revised', reported({ choice: 'revise' }), true],
    ['the user wants to abort or stop', reported({ choice: 'abort' }), true],
    ['the resolution is new_message', reported({ resolution: 'new_message' }), true],
    ['they ask for a new message', reported({ resolution: 'newMessage' }), true],
    ['the answer is yes', reported({ answer: 'yes' }), true],
    ['the answer is no', reported({ answer: 'no' }), true],
    ['the answer is no', reported({ answer: 'yes' }), false],
    ['the verdict is approve', { status: 'success', verdict: 'approve' }, true],
    ['the verdict is approve', reported({ review: { verdict: 'approve' } }), true],
  ],
  'a named value': [
    ['the commit matches what was approved', reported({ matches: true }), true],
    ['the commit matches what was approved', reported({ matches: false }), false],
    ['the commit does not match what was approved', reported({ matches: false }), true],
    ['the tests passed', reported({ tests_passed: true }), true],
    ['the tests passed', reported({ tests_passed: false }), false],
    ['the tests fail', reported({ tests_passed: false }), true],
    ['any tests failed', reported({ tests: 'failed' }), true],
    ['the tests pass', reported({ tests: 'failed' }), false],
    ['matches is true', reported({ matches: true }), true],
    ['matches is false', reported({ matches: true }), false],
  ],
  'empty or not': [
    ['suspicious content was found', reported({ suspicious: ['a:1'] }), true],
    ['suspicious content was found', reported({ suspicious: [] }), false],
    ['nothing suspicious was found', reported({ suspicious: [] }), true],
    ['there are no findings', reported({ findings: [] }), true],
    ['there are no findings', reported({ findings: ['x'] }), false],
    ['there are findings', reported({ findings: ['x'] }), true],
    ['the list of findings is empty', reported({ findings: [] }), true],
    ['the list of findings is not empty', reported({ findings: ['x'] }), true],
    ['no file was read because nothing is staged any more', reported({ files_read: 0 }), true],
    ['no file was read because nothing is staged any more', reported({ files_read: 3 }), false],
    ['a summary was given', reported({ summary: 'All well.' }), true],
    ['the summary is missing', reported({ summary: null }), true],
    ['there were errors', reported({ errors: ['x'] }), true],
    ['there were no errors', reported({ errors: [] }), true],
  ],
  'a comparison': [
    ['the score is 10 or more', reported({ score: 10 }), true],
    ['the score is 10 or more', reported({ score: 9 }), false],
    ['the score is 6 or less', reported({ score: 6 }), true],
    ['the score is at least seven', reported({ score: 7 }), true],
    ['score >= 7', reported({ score: 6 }), false],
    ['the score is below 7', reported({ score: 6.5 }), true],
    ['the score exceeds 7', reported({ score: '8' }), true],
    ['there are more than 2 findings', reported({ findings: ['a', 'b', 'c'] }), true],
    ['there are more than two findings', reported({ findings: ['a', 'b'] }), false],
    ['the score is 7', reported({ score: 7 }), true],
    ['the score is not 7', reported({ score: 8 }), true],
    ['the coverage is 80% or higher', reported({ coverage: 85 }), true],
    ['there were 2 attempts', SUCCESS, true],
    ['more than 2 attempts', SUCCESS, false],
    ['the score is 10 or more', SUCCESS, false],
    ['0 files changed', reported({ files_changed: 2 }), false],
    ['0 files changed', reported({ files_changed: 0 }), true],
    ['wrong, doubtful and missing are all 0', reported({ wrong: 0, doubtful: 0, missing: 0 }), true],
    ['wrong, doubtful and missing are all 0', reported({ wrong: 0, doubtful: 0, missing: 1 }), false],
  ],
  'several at once': [
    ['it succeeded and there are findings', reported({ findings: ['x'] }), true],
    ['it succeeded and there are findings', reported({ findings: [] }), false],
    ['it succeeded but there are no findings', reported({ findings: [] }), true],
    ['the choice is approve, revise, or abort', reported({ choice: 'revise' }), true],
    ['unless the choice is abort', reported({ choice: 'approve' }), true],
    ['unless the choice is abort', reported({ choice: 'abort' }), false],
    ['until the score is 7 or more', reported({ score: 3 }), true],
  ],
  'words of a message': [
    ['the theme is too sad', { status: 'success', message: 'This theme is far too sad for me.' }, true],
    ['the theme is too sad', { status: 'success', message: 'This theme is merry.' }, false],
    ['the remote rejected the push', { status: 'failure', error: 'push was rejected by the remote' }, true],
    ['the network was down', { status: 'failure', error: { text: 'The network is down again' } }, true],
  ],
  'the items of a list': [
    ['the purpose is unknown', reported({ known: ['purpose'], unknown: [] }), false],
    ['the purpose is known', reported({ known: ['purpose'], unknown: [] }), true],
    ['bees are among the topics', reported({ topics: ['wasps', 'bees'] }), true],
  ],
  'the context': [
    ['the context has a theme', SUCCESS, true],
    ['there is no theme', SUCCESS, false],
    ['no language is set', SUCCESS, true],
    ['the user wants more bees', SUCCESS, false],
  ],
  'what nobody said': [
    ['the moon is full', SUCCESS, false],
    ['the moon is not full', SUCCESS, false],
    ['unless the moon is full', SUCCESS, true],
    ['', SUCCESS, false],
    ['so', SUCCESS, false],
  ],
};

describe.each(Object.entries(cases))('%s', (_, rows) => {
  test.each(rows)('%s: %j', (condition, report, expected) => {
    const facts = factsOf(
      requestOf({
        report: { status: 'success', ...report },
        context: { theme: 'bees', language: '' },
        visits: { review: 2 },
      }),
    );
    expect(conditionHolds(condition, facts)).toBe(expected);
  });
});

test('without a report, only the context speaks', () => {
  const facts = factsOf(requestOf({ report: undefined, context: { theme: 'bees' } }));
  expect(conditionHolds('it failed', facts)).toBe(false);
  expect(conditionHolds('there is a theme', facts)).toBe(true);
});

test('stays quick on the largest report', () => {
  const items = Array.from({ length: 8_000 }, (_, index) => ({ [`key_${index}`]: 'word '.repeat(5) }));
  const facts = factsOf(requestOf({ report: { status: 'success', result: items } }));
  const started = performance.now();
  for (let round = 0; round < 20; round += 1)
    conditionHolds('the tests fail or the choice is revise and more', facts);
  expect(performance.now() - started).toBeLessThan(2_000);
});

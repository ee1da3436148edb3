import { expect, test } from 'vitest';
import { nearestName, suggestion } from '../../../src/domain/nearest-name.ts';

const keys = ['transitions', 'report_schema', 'max_visits'];

test.each([
  ['transition', 'transitions'],
  ['Transitons', 'transitions'],
  ['reportSchema', 'report_schema'],
  ['max-visit', 'max_visits'],
  ['', undefined],
  ['goal', undefined],
  ['x'.repeat(10_000), undefined],
])('%s is most likely %s', (name, expected) => {
  expect(nearestName(keys, name)).toBe(expected);
});

test('suggests what is near, and nothing where there is nothing', () => {
  expect(suggestion(keys, 'max_visit')).toBe(' Did you mean `max_visits`?');
  expect(suggestion(keys, 'colour')).toBe('');
  expect(suggestion([], 'max_visit')).toBe('');
});

import { expect, test } from 'vitest';
import { knowledgeExcerpt } from '../../../src/store/knowledge-excerpt.ts';

test('marks the words that begin with one of the query, whatever their letter case and accents', () => {
  expect(knowledgeExcerpt('The Café in Zürich, and cafeteria decaf', 'CAFE zuri')).toBe(
    'The **Café** in **Zürich**, and **cafeteria** decaf',
  );
});

test('begins a little before the first match, at a word, and says where it was cut', () => {
  const text = `${'before '.repeat(50)}needle ${'after '.repeat(100)}`;
  const excerpt = knowledgeExcerpt(text, 'needle');
  expect(excerpt).toMatch(/^…before .*\*\*needle\*\* after.*…$/);
  expect(excerpt.indexOf('**needle**')).toBeLessThan(80);
});

test('is the beginning where nothing in the text matches', () => {
  expect(knowledgeExcerpt('All is well.', 'needle')).toBe('All is well.');
  expect(knowledgeExcerpt('', 'needle')).toBe('');
});

test('stays short, however much matches and however long a word is', () => {
  const texts = ['error '.repeat(43_000), 'e'.repeat(262_144), `x ${'𐐷'.repeat(100_000)} error`];
  for (const text of texts) {
    const excerpt = knowledgeExcerpt(text, 'error e 𐐷');
    expect(excerpt.length).toBeLessThan(500);
    expect(excerpt).not.toMatch(/\p{Surrogate}/u);
    expect(excerpt).toContain('**');
  }
});

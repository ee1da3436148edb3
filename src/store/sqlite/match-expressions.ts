/** More words than that find nothing better. */
const WORDS_MAX = 32;
const WORD_CHARS_MAX = 64;

/**
 * What to ask FTS5 for, one after the other until something is found: entries that match every word of the query,
 * then those that match any. Only what is part of a word reaches it, in quotes, so that nothing of a query is ever
 * read as its syntax.
 */
export function matchExpressions(query: string): readonly string[] {
  // Combining marks belong to their word, whatever the database makes of them.
  const runs = query.match(/[\p{L}\p{N}\p{Co}\p{M}]+/gu) ?? [];
  const words = new Set(runs.filter((run) => /[\p{L}\p{N}\p{Co}]/u.test(run)));
  const terms = [...words].slice(0, WORDS_MAX).map((word) => `"${beginningOf(word)}"*`);
  return terms.length < 2 ? terms : [terms.join(' AND '), terms.join(' OR ')];
}

function beginningOf(word: string): string {
  return [...word].slice(0, WORD_CHARS_MAX).join('');
}

import { queryWords } from '../knowledge-excerpt.ts';

/**
 * What to ask FTS5 for, one after the other until something is found: entries that match every word of the query,
 * then those that match any. Only what is part of a word reaches it, in quotes, so that nothing of a query is ever
 * read as its syntax.
 */
export function matchExpressions(query: string): readonly string[] {
  const terms = queryWords(query).map((word) => `"${word}"*`);
  return terms.length < 2 ? terms : [terms.join(' AND '), terms.join(' OR ')];
}

/** What a word consists of; combining marks belong to theirs, whatever the database makes of them. */
const WORD = /[\p{L}\p{N}\p{Co}\p{M}]+/gu;
/** More words than that find nothing better. */
const QUERY_WORDS_MAX = 32;
const WORD_CHARS_MAX = 64;
const EXCERPT_CHARS_MAX = 240;
const CHARS_BEFORE = 60;

/** The words of a query, each once, as far as an index is asked for them. */
export function queryWords(query: string): readonly string[] {
  const runs = query.match(WORD) ?? [];
  const words = new Set(runs.filter((run) => /[\p{L}\p{N}\p{Co}]/u.test(run)));
  return [...words].slice(0, QUERY_WORDS_MAX).map((word) => [...word].slice(0, WORD_CHARS_MAX).join(''));
}

/**
 * The part of a text around the first word that begins with one of the query's, all such words in `**`; its beginning
 * where there is none. One walk over the text, and a bounded part of it marked: FTS5's own `snippet` takes the square
 * of the number of matches, which is half a minute for a quarter of a megabyte.
 */
export function knowledgeExcerpt(text: string, query: string): string {
  const beginnings = queryWords(query).map(fold);
  const isMatch = (word: string) => {
    const folded = fold(word.slice(0, WORD_CHARS_MAX));
    return beginnings.some((beginning) => folded.startsWith(beginning));
  };
  const from = startOfExcerpt(text, isMatch);
  const to = Math.min(text.length, from + EXCERPT_CHARS_MAX);
  // What was cut off may have been half of a character.
  const part = text.slice(from, to).replace(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/g, '');
  const marked = part.replace(WORD, (word) => (isMatch(word) ? `**${word}**` : word)).trim();
  return `${from > 0 ? '…' : ''}${marked}${to < text.length ? '…' : ''}`;
}

/** Where the word begins that stands a little before the first match. */
function startOfExcerpt(text: string, isMatch: (word: string) => boolean): number {
  const near: number[] = [];
  for (const { 0: word, index } of text.matchAll(WORD)) {
    near.push(index);
    while ((near[0] ?? index) < index - CHARS_BEFORE) near.shift();
    if (isMatch(word)) return index <= CHARS_BEFORE ? 0 : (near[0] ?? index);
  }
  return 0;
}

/** As the index compares words: without letter case and accents. */
function fold(word: string): string {
  return word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/**
 * What parsing a text may cost, in units of about a microsecond on a slow core. CommonMark parsers take time
 * that grows with the square of some shapes (nested lists, lazy lines, underlined headings); a text that
 * would take too long is refused before it is parsed. The weights are measured, and rounded up.
 */
export const PARSE_WORK_MAX = 200_000;
/** `>` and list markers in front of one line; each costs the parser a level of its stack. */
export const NESTING_MAX = 50;

const CHAR_WORK = 0.15;
const MARKUP_CHAR_WORK = 2.5;
const LINE_WORK = 40;
const BLOCK_WORK = 120;
const LEVEL_WORK = 10;
const LAZY_LINE_PAIR_WORK = 0.05;
const UNDERLINE_LINE_PAIR_WORK = 0.05;

const INLINE_WORK = 200;
const MARKUP_PAIR_WORK = 0.03;

const MARKUP_CHARS = new Set('*_`[]!<\\&');
const CONTAINER_PREFIX = /^(?:[ \t]*(?:>|[-*+](?=[ \t]|$)|\d{1,9}[.)](?=[ \t]|$)))+/;
const LEAF_BLOCK = /^[ \t]*(?:#{1,6}(?:[ \t]|$)|```|~~~|\[|<|(?:[-*_][ \t]*){3,}$)/;
const UNDERLINE = /^[ \t]*(?:=+|-+)[ \t]*$/;

export interface ParseWork {
  readonly work: number;
  /** The deepest nesting of a line. */
  readonly nesting: number;
}

/** Reads the text once, line by line. */
export function estimateParseWork(text: string): ParseWork {
  const lines = text.split(/\r\n|\r|\n/);
  let work = text.length * CHAR_WORK + lines.length * LINE_WORK;
  let nesting = 0;
  let isInContainer = false;
  let isInText = false;
  for (const line of lines) {
    if (line.trim() === '') {
      isInContainer = false;
      isInText = false;
      continue;
    }
    const prefix = CONTAINER_PREFIX.exec(line)?.[0] ?? '';
    const markers = prefix.replace(/[ \t\d]/g, '').length;
    const columns = line.search(/\S/);
    nesting = Math.max(nesting, markers + (markers > 0 ? Math.floor(columns / 2) : 0));
    work += markers * BLOCK_WORK + Math.floor(columns / 2) * LEVEL_WORK;
    work += markupChars(line) * MARKUP_CHAR_WORK;
    if (LEAF_BLOCK.test(line.slice(prefix.length))) work += BLOCK_WORK;
    if (isInText && UNDERLINE.test(line)) work += BLOCK_WORK + lines.length * UNDERLINE_LINE_PAIR_WORK;
    if (isInContainer && markers === 0) work += lines.length * LAZY_LINE_PAIR_WORK;
    isInContainer ||= markers > 0;
    isInText = true;
  }
  return { work, nesting };
}

/** The same for the markup within short texts, each parsed on its own. */
export function estimateInlineWork(texts: readonly string[]): number {
  return texts.reduce((work, text) => work + INLINE_WORK + markupChars(text) ** 2 * MARKUP_PAIR_WORK, 0);
}

function markupChars(text: string): number {
  let count = 0;
  for (const char of text) if (MARKUP_CHARS.has(char)) count += 1;
  return count;
}

/** A sentence of Markdown prose. */
export interface Sentence {
  /**
   * One line, exactly as long as its source: what marks blocks (line breaks, list markers, quotes) has
   * become spaces, what marks spans (backticks, asterisks) is kept.
   */
  readonly text: string;
  /** Where it starts in the source, in UTF-16 units. */
  readonly offset: number;
  /** How far its block is indented, in columns: a deeper list item is a detail of the one above it. */
  readonly indent: number;
}

interface Block {
  readonly indent: number;
  readonly start: number;
  text: string;
}

const FENCE = /^\s*(`{3,}|~{3,})/;
const HEADING = /^\s{0,3}#{1,6}\s/;
const LIST_MARKER = /^\s*(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?/;
const QUOTE_MARKER = /^\s*(?:>\s?)+/;
/** What a full stop belongs to without ending a sentence. */
const ABBREVIATION = /(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|approx|resp)$/i;
const CLOSERS = '*_"”’\')]`';

/** Splits prose into sentences; fenced code and HTML comments are no prose. */
export function splitSentences(markdown: string): readonly Sentence[] {
  return blocksOf(blankComments(markdown)).flatMap(sentencesOf);
}

function blankComments(markdown: string): string {
  const parts: string[] = [];
  let from = 0;
  for (;;) {
    const open = markdown.indexOf('<!--', from);
    const close = open === -1 ? -1 : markdown.indexOf('-->', open + 4);
    if (close === -1) return parts.join('') + markdown.slice(from);
    parts.push(markdown.slice(from, open), markdown.slice(open, close + 3).replace(/[^\r\n]/g, ' '));
    from = close + 3;
  }
}

/** Paragraphs, list items and headings, each as one line. */
function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: Block | undefined;
  let fence: string | undefined;
  let offset = 0;
  for (const line of markdown.split('\n')) {
    const start = offset;
    offset += line.length + 1;
    const fenceMark = FENCE.exec(line)?.[1];
    if (fence !== undefined || fenceMark !== undefined) {
      if (fence === undefined) fence = fenceMark;
      else if (fenceMark?.startsWith(fence) === true) fence = undefined;
      open = undefined;
      continue;
    }
    if (line.trim() === '') {
      open = undefined;
      continue;
    }
    const isHeading = HEADING.test(line);
    const marker = (isHeading ? HEADING : LIST_MARKER).exec(line)?.[0] ?? '';
    const unmarked = blankPrefix(
      line,
      marker.length === 0 ? (QUOTE_MARKER.exec(line)?.[0].length ?? 0) : marker.length,
    );
    if (open === undefined || marker !== '') {
      open = { indent: line.length - line.trimStart().length, start, text: unmarked };
      blocks.push(open);
    } else {
      open.text += ` ${unmarked}`;
    }
    if (isHeading) open = undefined;
  }
  return blocks;
}

function blankPrefix(line: string, length: number): string {
  return ' '.repeat(length) + line.slice(length);
}

function sentencesOf(block: Block): readonly Sentence[] {
  const sentences: Sentence[] = [];
  const { text } = block;
  let start = 0;
  const end = (index: number) => {
    const raw = text.slice(start, index);
    const trimmed = raw.trimStart();
    if (trimmed.trim() !== '') {
      const offset = block.start + start + (raw.length - trimmed.length);
      sentences.push({ text: trimmed.trimEnd(), offset, indent: block.indent });
    }
    start = index;
  };
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (char === '`') {
      const close = text.indexOf('`', index + 1);
      if (close !== -1) index = close;
    } else if ('.!?'.includes(char)) {
      let after = index + 1;
      while (after < text.length && CLOSERS.includes(text.charAt(after))) after += 1;
      const isLast = after >= text.length || /\s/.test(text.charAt(after));
      if (isLast && !(char === '.' && ABBREVIATION.test(text.slice(Math.max(start, index - 8), index)))) {
        end(after);
        index = after - 1;
      }
    }
  }
  end(text.length);
  return sentences;
}

import { headingText, type MarkdownRoot, spanOf } from './markdown.ts';

/** A heading at the top level of a document, and what stands below it. */
export interface Section {
  /** As written, without markup. */
  readonly title: string;
  /** 1 to 6. */
  readonly level: number;
  readonly headingAt: number;
  /** Where the line after the heading starts. */
  readonly bodyAt: number;
  /** Where the next heading of the same or a higher level starts, or the text ends. */
  readonly end: number;
}

/** Every section of a document, in order; a section contains those of lower levels that follow it. */
export function sectionsOf(root: MarkdownRoot, text: string): readonly Section[] {
  const headings = root.children.flatMap((node) => {
    if (node.type !== 'heading') return [];
    const { start, end } = spanOf(node);
    return [
      {
        title: headingText(node),
        level: node.depth,
        headingAt: lineStart(text, start),
        bodyAt: nextLine(text, end),
      },
    ];
  });
  return headings.map((heading, index) => {
    const next = headings.slice(index + 1).find((other) => other.level <= heading.level);
    return { ...heading, end: next?.headingAt ?? text.length };
  });
}

/** Letter case, white space and a colon at the end do not matter. */
export function isTitled(section: Section, title: string): boolean {
  return foldTitle(section.title) === foldTitle(title);
}

function foldTitle(title: string): string {
  return title
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/\s*:\s*$/, '')
    .trim();
}

/** A stretch of a text without the blank lines around it; everything else is left as it is. */
export function trimBlankLines(
  text: string,
  start: number,
  end: number,
): { readonly text: string; readonly at: number } {
  const body = text.slice(start, end);
  const leading = /^(?:[ \t]*(?:\r\n|\r|\n))*/.exec(body)?.[0].length ?? 0;
  const kept = body.slice(leading);
  return { text: kept.slice(0, kept.length - trailingBlank(kept)), at: start + leading };
}

/** How much of the end is blank lines, and the end of the last line. */
function trailingBlank(text: string): number {
  let index = text.length;
  let kept = text.length;
  while (index > 0) {
    const char = text.charAt(index - 1);
    if (char === '\n' || char === '\r') kept = index - 1;
    else if (char !== ' ' && char !== '\t') break;
    index -= 1;
  }
  return index === 0 ? text.length : text.length - kept;
}

export function lineStart(text: string, offset: number): number {
  let index = offset;
  while (index > 0 && text.charAt(index - 1) !== '\n' && text.charAt(index - 1) !== '\r') index -= 1;
  return index;
}

export function nextLine(text: string, offset: number): number {
  let index = offset;
  while (index < text.length && text.charAt(index) !== '\n' && text.charAt(index) !== '\r') index += 1;
  if (text.startsWith('\r\n', index)) return index + 2;
  return Math.min(index + 1, text.length);
}

import type { Diagnostic } from './diagnostic.ts';
import {
  type Link,
  type ListItem,
  type MarkdownNode,
  type MarkdownRoot,
  parseInline,
  plainText,
  spanOf,
} from './markdown.ts';
import { isTitled, lineStart, nextLine, type Section, sectionsOf, trimBlankLines } from './sections.ts';
import { diagnosticAt, type SourceText } from './source-text.ts';

/** One entry of the step list. */
export interface StepLink {
  /** The link text, without markup. */
  readonly name: string;
  /** The path as written, decoded, without `#anchor` and `?query`. */
  readonly target: string;
  /** Where the list item starts in the index, in UTF-16 units. */
  readonly at: number;
}

export interface StepList {
  readonly links: readonly StepLink[];
  /** The index without the step list; see {@link readStepList}. */
  readonly goal: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** Room for an anchor, a title, and the end of the link. */
const AFTER_LINK_CHARS = 100;
const TASK_MARKER = /^\[[ xX]\][ \t]+/;
const SCHEME = /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i;

/**
 * Finds the step list of an index, and the goal text that remains without it.
 *
 * A step is a list item, at any depth, whose first child is a link to a `.md` file; a task marker (`[ ]`) may
 * stand before the link. Below a heading `Steps` only those of its section count, wherever there is one.
 *
 * The goal is the whole text but for: each list item that is a step, with everything in it; and the heading
 * `Steps` where nothing else is left of its section. Blank lines around the rest go, and so do those that a
 * cut would leave one after the other; the rest is byte for byte as written.
 *
 * @returns undefined for a list that nobody wrote by hand, which would take too long
 */
export function readStepList(source: SourceText, root: MarkdownRoot): StepList | undefined {
  const { text } = source;
  const stepsSections = sectionsOf(root, text).filter((section) => isTitled(section, 'Steps'));
  const within = (offset: number) =>
    stepsSections.length === 0 || stepsSections.some(({ bodyAt, end }) => offset >= bodyAt && offset < end);
  const links: StepLink[] = [];
  const cuts: Cut[] = [];
  const diagnostics: Diagnostic[] = [];
  const items = listItemsOf(root).filter((item) => within(spanOf(item).start));
  const inlines = parseInline(items.map((item) => leadingText(item, text)));
  if (inlines === undefined) return undefined;
  for (const [index, item] of items.entries()) {
    const { start, end } = spanOf(item);
    const inline = inlines[index] ?? [];
    const [first] = inline;
    if (first?.type === 'link' && isStepTarget(first)) {
      links.push({ name: plainText(first.children), target: targetOf(first), at: start });
      if (end > (cuts.at(-1)?.end ?? -1)) cuts.push({ start, end });
    } else if (
      stepsSections.length > 0 &&
      inline.some((node) => node.type === 'link' && isStepTarget(node))
    ) {
      diagnostics.push(
        diagnosticAt(source, start, {
          ruleId: 'step-item-ignored',
          severity: 'warning',
          message: 'Unexpected text before the link, expected the link first: this item is no step.',
        }),
      );
    }
  }
  return { links, goal: goalText(text, cuts, stepsSections), diagnostics };
}

interface Cut {
  readonly start: number;
  readonly end: number;
}

/** In the order of the document, an item before those within it. */
function listItemsOf(node: MarkdownNode): readonly ListItem[] {
  if (!('children' in node)) return [];
  return node.children.flatMap((child) => [
    ...(child.type === 'listItem' ? [child] : []),
    ...listItemsOf(child),
  ]);
}

/**
 * The start of an item, as far as a link to a Markdown file can reach; empty where there can be none. What
 * the item says after its link is of no interest here, and may be long.
 */
function leadingText(item: ListItem, text: string): string {
  const [first] = item.children;
  if (first?.type !== 'paragraph') return '';
  const { start, end } = spanOf(first);
  const written = text.slice(start, end).replace(TASK_MARKER, '');
  const destination = written.indexOf('](');
  const extension = written.toLowerCase().indexOf('.md', destination);
  if (destination === -1 || extension === -1) return '';
  return written.slice(0, extension + AFTER_LINK_CHARS);
}

function isStepTarget(link: Link): boolean {
  return !SCHEME.test(link.url) && targetOf(link).toLowerCase().endsWith('.md');
}

function targetOf(link: Link): string {
  const path = link.url.replace(/[?#].*$/s, '');
  try {
    return decodeURIComponent(path);
  } catch {
    // A percent sign that encodes nothing is part of the name.
    return path;
  }
}

function goalText(text: string, itemCuts: readonly Cut[], stepsSections: readonly Section[]): string {
  const lines = itemCuts.map(({ start, end }) => ({
    start: lineCutStart(text, start),
    end: nextLine(text, end),
  }));
  const headings = stepsSections
    .filter(({ bodyAt, end }) => without(text, bodyAt, end, lines).every((part) => part.trim() === ''))
    .map(({ headingAt, end }) => ({ start: headingAt, end }));
  const parts = without(
    text,
    0,
    text.length,
    [...headings, ...lines].sort((one, other) => one.start - other.start),
  )
    .map((part) => trimBlankLines(part, 0, part.length).text)
    .filter((part) => part !== '');
  const lineBreak = text.includes('\r\n') ? '\r\n' : '\n';
  return parts.join(lineBreak + lineBreak);
}

/** The whole line goes, unless something else stands on it before the item. */
function lineCutStart(text: string, offset: number): number {
  const start = lineStart(text, offset);
  return text.slice(start, offset).trim() === '' ? start : offset;
}

/** What is left between the cuts, which are in order and may overlap. */
function without(text: string, start: number, end: number, cuts: readonly Cut[]): readonly string[] {
  const parts: string[] = [];
  let position = start;
  for (const cut of cuts) {
    if (cut.end <= position || cut.start >= end) continue;
    parts.push(text.slice(position, Math.max(position, cut.start)));
    position = cut.end;
  }
  parts.push(text.slice(position, Math.max(position, end)));
  return parts;
}

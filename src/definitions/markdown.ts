import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { estimateInlineWork, estimateParseWork, NESTING_MAX, PARSE_WORK_MAX } from './parse-work.ts';

/** Constructs within lines. Structure does not depend on them, and runs of them are slow to parse. */
const INLINE_CONSTRUCTS = [
  'attention',
  'autolink',
  'characterEscape',
  'characterReference',
  'codeText',
  'hardBreakEscape',
  'htmlText',
  'labelEnd',
  'labelStartImage',
  'labelStartLink',
];

const blockParser = unified()
  .use(remarkParse)
  .data('micromarkExtensions', [{ disable: { null: INLINE_CONSTRUCTS } }])
  .freeze();
/** Where an index is concerned, an indented list is still a list. */
const indexParser = unified()
  .use(remarkParse)
  .data('micromarkExtensions', [{ disable: { null: [...INLINE_CONSTRUCTS, 'codeIndented'] } }])
  .freeze();
const inlineParser = unified().use(remarkParse).freeze();

export type MarkdownRoot = ReturnType<typeof blockParser.parse>;
export type MarkdownNode = MarkdownRoot['children'][number] | MarkdownRoot;
export type ListItem = Extract<MarkdownNode, { type: 'listItem' }>;
export type Link = Extract<MarkdownNode, { type: 'link' }>;

/** Long enough for a heading, or a link with its title; what follows is not looked into. */
const INLINE_CHARS_MAX = 500;

/**
 * Parses blocks only: headings, lists, quotes, code. The text within them stays one string, and its markup is
 * read with {@link parseInline} where it matters.
 *
 * @returns undefined for a text that nobody wrote by hand, which would take too long
 */
export function parseBlocks(text: string, kind: 'index' | 'step'): MarkdownRoot | undefined {
  const { work, nesting } = estimateParseWork(text);
  if (work > PARSE_WORK_MAX || nesting > NESTING_MAX) return undefined;
  return (kind === 'index' ? indexParser : blockParser).parse(text);
}

/**
 * The nodes of some paragraphs, each on its own, with all their markup; one parse for all of them.
 *
 * @returns undefined as {@link parseBlocks}
 */
export function parseInline(texts: readonly string[]): readonly (readonly MarkdownNode[])[] | undefined {
  const lines = texts.map((text) => text.slice(0, INLINE_CHARS_MAX).replace(/\s+/g, ' ').trim());
  if (estimateInlineWork(lines) > PARSE_WORK_MAX) return undefined;
  // As headings, because each is exactly one line then; as paragraphs, "1. First" would be a list.
  const blocks = inlineParser.parse(lines.map((line) => `# ${line}`).join('\n')).children;
  return texts.map((_text, index) => {
    const block = blocks[index];
    return block?.type === 'heading' ? block.children : [];
  });
}

/** What a reader sees: no emphasis marks, no backticks, one space where there is white space. */
export function plainText(nodes: readonly MarkdownNode[]): string {
  return nodes.map(visibleText).join('').replace(/\s+/g, ' ').trim();
}

function visibleText(node: MarkdownNode): string {
  if (node.type === 'break') return ' ';
  if (node.type === 'image') return node.alt ?? '';
  if (node.type === 'html') return '';
  if ('children' in node) return node.children.map(visibleText).join('');
  return 'value' in node ? node.value : '';
}

/** Where a node stands in the parsed text, in UTF-16 units. */
export function spanOf(node: MarkdownNode): { readonly start: number; readonly end: number } {
  return { start: node.position?.start.offset ?? 0, end: node.position?.end.offset ?? 0 };
}

/** The text of a heading without markup: "## `Client Instructions`" is "Client Instructions". */
export function headingText(node: MarkdownNode): string {
  if (!('children' in node)) return '';
  const written = plainText(node.children);
  return /[*_`<[&\\!]/.test(written) ? plainText(parseInline([written])?.[0] ?? []) : written;
}

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromMarkdown } from 'mdast-util-from-markdown';

type Node = ReturnType<typeof fromMarkdown> | ReturnType<typeof fromMarkdown>['children'][number];

/** A fenced block. */
export interface Block {
  /** The first word after the fence. */
  readonly language: string;
  readonly text: string;
  /** From 1. */
  readonly line: number;
  /** `steps/run_tests.md`, where the line above the block is nothing but that and a colon. */
  readonly file?: string;
  /** The heading that the block stands below. */
  readonly heading: string;
}

export interface Link {
  readonly url: string;
  readonly line: number;
}

/** A Markdown document of the project. */
export interface Document {
  /** Relative to the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly links: readonly Link[];
  /** What stands in code marks. */
  readonly codes: readonly string[];
  /** As GitHub names them in links. */
  readonly anchors: readonly string[];
}

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Everything that a person reads; the workflows are tested by themselves. */
export function readDocuments(): readonly Document[] {
  const pages = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((path) => `docs/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.md') && !path.startsWith('docs/examples/'));
  return ['README.md', 'CHANGELOG.md', ...pages.sort()].map(readDocument);
}

function readDocument(path: string): Document {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const nodes = flatten(fromMarkdown(text));
  const blocks: Block[] = [];
  const headings: string[] = [];
  let before: Node | undefined;
  for (const node of nodes) {
    if (node.type === 'heading') headings.push(visibleText(node));
    if (node.type === 'code') {
      blocks.push({
        language: node.lang ?? '',
        text: node.value,
        line: lineOf(node),
        file: fileNamedBy(before),
        heading: headings.at(-1) ?? '',
      });
    }
    if (['paragraph', 'heading', 'code', 'list'].includes(node.type)) before = node;
  }
  return {
    path,
    text,
    blocks,
    links: nodes.flatMap((node) => (node.type === 'link' ? [{ url: node.url, line: lineOf(node) }] : [])),
    codes: nodes.flatMap((node) => (node.type === 'inlineCode' ? [node.value] : [])),
    anchors: headings.map(anchorOf),
  };
}

function flatten(node: Node): readonly Node[] {
  return 'children' in node ? [node, ...node.children.flatMap(flatten)] : [node];
}

function visibleText(node: Node): string {
  if ('children' in node) return node.children.map(visibleText).join('');
  return 'value' in node ? node.value : '';
}

function lineOf(node: Node): number {
  return node.position?.start.line ?? 0;
}

function fileNamedBy(node: Node | undefined): string | undefined {
  if (node?.type !== 'paragraph') return undefined;
  const [name, colon, ...rest] = node.children;
  const isName = name?.type === 'inlineCode' && colon?.type === 'text' && colon.value.trim() === ':';
  return isName && rest.length === 0 ? name.value : undefined;
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

/** Where a link of a document leads, relative to the project; undefined for other sites. */
export function targetOf(document: Document, { url }: Link): { path: string; anchor: string } | undefined {
  if (/^[a-z]+:/.test(url)) return undefined;
  const [path = '', anchor = ''] = url.split('#');
  const target = path === '' ? document.path : join(dirname(document.path), decodeURIComponent(path));
  return { path: target.replaceAll('\\', '/'), anchor };
}

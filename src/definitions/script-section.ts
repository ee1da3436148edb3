import { SCRIPT_BYTES_MAX } from '../domain/limits.ts';
import type { Diagnostic } from './diagnostic.ts';
import { type MarkdownNode, type MarkdownRoot, spanOf } from './markdown.ts';
import { nextLine, type Section } from './sections.ts';
import { diagnosticAt, type Finding, type SourceText } from './source-text.ts';
import type { Part } from './step-file.ts';

/** What a section of this title holds is run by the server, if the file has no Client Instructions. */
export const SCRIPT_TITLE = 'Script';
const LANGUAGES = ['ts', 'typescript', 'js', 'javascript'];

export interface ReadScriptParams {
  readonly root: MarkdownRoot;
  readonly source: SourceText;
  readonly section: Section;
}

export interface ReadScript {
  /** The content of the block; absent where there is an error. */
  readonly script?: Part;
  readonly diagnostics: readonly Diagnostic[];
}

/** Takes the one fenced block of TypeScript or JavaScript out of a section; the prose around it is for people. */
export function readScript({ root, source, section }: ReadScriptParams): ReadScript {
  const refused = (at: number, ruleId: string, message: string): ReadScript => ({
    diagnostics: [diagnosticAt(source, at, { ruleId, severity: 'error', message })],
  });
  const [block, second] = fencedBlocks(root, source.text, section);
  if (block === undefined)
    return refused(section.headingAt, 'script-block', 'Expected one fenced block of TypeScript, found none.');
  if (second !== undefined)
    return refused(second.fenceAt, 'script-block', 'Unexpected second fenced block, expected one.');
  const { language, text, fenceAt, at } = block;
  if (!LANGUAGES.includes(language)) {
    const found = language === '' ? 'block without a language' : `language \`${language}\``;
    return refused(fenceAt, 'script-language', `Unexpected ${found}, expected \`ts\` or \`js\`.`);
  }
  if (text.trim() === '') return refused(fenceAt, 'script-block', 'Unexpected empty script.');
  const bytes = Buffer.byteLength(text);
  if (bytes > SCRIPT_BYTES_MAX) {
    const message = `Unexpected script of ${bytes} bytes, expected at most ${SCRIPT_BYTES_MAX}.`;
    return refused(fenceAt, 'script-too-large', message);
  }
  return { script: { text, at, headingAt: section.headingAt }, diagnostics: [] };
}

/** A script beside Client Instructions is text like any other; whoever wrote it may have meant something else. */
export function ignoredScripts({ root, source, section }: ReadScriptParams): readonly Diagnostic[] {
  return fencedBlocks(root, source.text, section)
    .filter(({ language }) => LANGUAGES.includes(language))
    .slice(0, 1)
    .map(({ fenceAt }) => diagnosticAt(source, fenceAt, IGNORED));
}

const IGNORED: Finding = {
  ruleId: 'script-ignored',
  severity: 'warning',
  message: 'This script is not run: the step has Client Instructions, and the client carries it out.',
};

interface FencedBlock {
  /** The first word after the fence, in lower case; empty where there is none. */
  readonly language: string;
  readonly text: string;
  readonly fenceAt: number;
  /** Where the text starts. */
  readonly at: number;
}

/** Those of a section, in lists and quotes too, in the order in which they are written. */
function fencedBlocks(root: MarkdownRoot, text: string, section: Section): readonly FencedBlock[] {
  return codeBlocks(root).flatMap((node) => {
    const { start } = spanOf(node);
    const isWithin = start >= section.bodyAt && start < section.end;
    if (!isWithin || !/^(?:```|~~~)/.test(text.slice(start, start + 3))) return [];
    const language = node.lang?.toLowerCase() ?? '';
    return [{ language, text: node.value, fenceAt: start, at: nextLine(text, start) }];
  });
}

type CodeBlock = Extract<MarkdownNode, { type: 'code' }>;

function codeBlocks(node: MarkdownNode): readonly CodeBlock[] {
  if (node.type === 'code') return [node];
  return 'children' in node ? node.children.flatMap(codeBlocks) : [];
}

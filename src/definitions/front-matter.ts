import { type Document, isMap, isNode, isScalar, parseDocument } from 'yaml';
import type { z } from 'zod';
import { suggestion } from '../domain/nearest-name.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { TextFile } from './text-file.ts';

/** Where something is in the front matter: keys and indexes from the top. */
export type FrontMatterPath = readonly (string | number)[];

/** What the front matter of one kind of file may hold. */
export interface FrontMatterFormat<Values> {
  readonly schema: z.ZodType<Values>;
  /** The keys of each mapping, by its path: `''` for the whole, `transitions[]` for the elements of a list. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
}

export interface FrontMatter<Values> {
  /** Absent where there is no front matter, or where it has errors. */
  readonly values?: Values;
  readonly diagnostics: readonly Diagnostic[];
  /** Where the Markdown starts, in UTF-16 units. */
  readonly bodyAt: number;
  /** A problem of a value, at its place. */
  diagnose(path: FrontMatterPath, problem: Pick<Diagnostic, 'ruleId' | 'severity' | 'message'>): Diagnostic;
}

const CHARS_MAX = 16 * 1024;
const NESTING_MAX = 50;
const ALIASES_MAX = 100;
const FENCED = /^---[ \t]*(?:\r\n|\r|\n)/;
const CLOSING = /^(?:---|\.\.\.)[ \t]*$/gm;
const KEY = /^(?:"[^"\r\n]*"|'[^'\r\n]*'|[^\s:#"'[\]{},-][^:\r\n]*):(?:[ \t]|$)/m;

/**
 * Reads the YAML 1.2 between `---` lines at the start of a file, if there is any. A text that merely starts
 * with a thematic break has none: it is front matter only if it is closed and its first line is a key.
 */
export function readFrontMatter<Values>(
  file: TextFile,
  { schema, keys }: FrontMatterFormat<Values>,
): FrontMatter<Values> {
  const yaml = splitFrontMatter(file.text);
  const diagnoseAt = (
    offset: number,
    problem: Pick<Diagnostic, 'ruleId' | 'severity' | 'message'>,
  ): Diagnostic => ({
    ...problem,
    file: file.display,
    place: file.place(offset),
  });
  if (yaml === undefined) {
    return { diagnostics: [], bodyAt: 0, diagnose: (_path, problem) => diagnoseAt(0, problem) };
  }
  const { text, at, bodyAt } = yaml;
  const broken = (offset: number, message: string): FrontMatter<Values> => ({
    diagnostics: [diagnoseAt(at + offset, { ruleId: 'front-matter-syntax', severity: 'error', message })],
    bodyAt,
    diagnose: (_path, problem) => diagnoseAt(at, problem),
  });

  const refusal = refuse(text);
  if (refusal !== undefined) return broken(0, refusal);
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    prettyErrors: false,
    logLevel: 'silent',
  });
  const [mistake] = [...document.errors, ...document.warnings];
  if (mistake !== undefined) return broken(mistake.pos[0], `Unexpected YAML: ${mistake.message}.`);
  let values: unknown;
  try {
    values = document.toJS({ maxAliasCount: ALIASES_MAX }) ?? {};
  } catch (error) {
    return broken(0, `Unexpected YAML: ${error instanceof Error ? error.message : 'it cannot be read'}.`);
  }

  const diagnose: FrontMatter<Values>['diagnose'] = (path, problem) =>
    diagnoseAt(at + offsetOf(document, path), problem);
  const parsed = schema.safeParse(keepVersion(document, values));
  if (parsed.success) return { values: parsed.data, diagnostics: [], bodyAt, diagnose };
  const diagnostics = parsed.error.issues.flatMap((issue) =>
    issueDiagnostics({ issue, values, keys, diagnose }),
  );
  return { diagnostics, bodyAt, diagnose };
}

function splitFrontMatter(
  text: string,
): { readonly text: string; readonly at: number; readonly bodyAt: number } | undefined {
  const at = FENCED.exec(text)?.[0].length;
  if (at === undefined) return undefined;
  CLOSING.lastIndex = at;
  const closing = CLOSING.exec(text);
  if (closing === null) return undefined;
  const yaml = text.slice(at, closing.index);
  const content = yaml.replace(/^(?:[ \t]*(?:#.*)?(?:\r\n|\r|\n))*/, '');
  if (content.trim() !== '' && KEY.exec(content)?.index !== 0) return undefined;
  const end = closing.index + closing[0].length;
  const lineBreak = /^(?:\r\n|\r|\n)/.exec(text.slice(end, end + 2))?.[0].length ?? 0;
  return { text: yaml, at, bodyAt: end + lineBreak };
}

/** Shapes that would take the YAML parser too long, or too deep. */
function refuse(text: string): string | undefined {
  if (text.length > CHARS_MAX)
    return `Unexpected front matter of ${text.length} characters, expected at most ${CHARS_MAX}.`;
  if (/^[ \t-]*\?(?:[ \t]|$)/m.test(text)) return 'Unexpected `?`, expected keys in the form `key: value`.';
  let depth = 0;
  for (const char of text) {
    if (char === '[' || char === '{') depth += 1;
    else if (char === ']' || char === '}') depth -= 1;
    if (depth > NESTING_MAX) return `Unexpected nesting, expected at most ${NESTING_MAX} levels.`;
  }
  for (const dashes of text.matchAll(/(?:-[ \t]+){2,}/g))
    if (dashes[0].length > NESTING_MAX * 2)
      return `Unexpected nesting, expected at most ${NESTING_MAX} levels.`;
  return undefined;
}

/** `version: 1.10` means "1.10" as it is written, not the number 1.1. */
function keepVersion(document: Document, values: unknown): unknown {
  const version = document.contents === null ? undefined : document.getIn(['version'], true);
  if (!isScalar(version) || typeof version.value !== 'number' || version.source === undefined) return values;
  return { ...(values as object), version: version.source };
}

/** Where a value starts; for an unknown key, where the key does; for what is missing, what should have it. */
function offsetOf(document: Document, path: FrontMatterPath): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const within = path.slice(0, length);
    const parent = length === 0 ? undefined : document.getIn(within.slice(0, -1), true);
    const holder = length === 1 ? document.contents : parent;
    if (isMap(holder)) {
      const pair = holder.items.find(({ key }) => isScalar(key) && key.value === within.at(-1));
      if (pair !== undefined && isNode(pair.key) && pair.key.range) return pair.key.range[0];
    }
    const node = length === 0 ? document.contents : document.getIn(within, true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

interface IssueParams {
  readonly issue: z.core.$ZodIssue;
  readonly values: unknown;
  readonly keys: FrontMatterFormat<unknown>['keys'];
  readonly diagnose: FrontMatter<unknown>['diagnose'];
}

function issueDiagnostics({ issue, values, keys, diagnose }: IssueParams): readonly Diagnostic[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const known = keys[dotted(path).replace(/\[\d+\]/g, '[]')] ?? [];
    return issue.keys.map((key) =>
      diagnose([...path, key], {
        ruleId: 'front-matter-key',
        severity: 'error',
        message: `Unexpected key \`${key}\`, expected ${listed(known)}.${suggestion(known, key)}`,
      }),
    );
  }
  const place = path.length === 0 ? 'front matter' : `\`${dotted(path)}\``;
  const found = valueAt(values, path);
  const message =
    issue.code !== 'invalid_type'
      ? `Unexpected value of ${place}: ${issue.message}.`
      : found === undefined
        ? `Expected ${place}, which is missing.`
        : `Unexpected ${kindOf(found)} as ${place}, expected ${issue.expected}.`;
  return [diagnose(path, { ruleId: 'front-matter-value', severity: 'error', message })];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function valueAt(values: unknown, path: FrontMatterPath): unknown {
  let value = values;
  for (const part of path) value = isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  return value;
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty value';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'object' ? 'mapping' : typeof value;
}

function dotted(path: FrontMatterPath): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  return names.length === 1 ? `\`${names[0]}\`` : `one of ${names.map((name) => `\`${name}\``).join(', ')}`;
}

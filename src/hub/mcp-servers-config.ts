import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, sep } from 'node:path';
import * as z from 'zod';
import { absolutePath } from '../domain/absolute-path.ts';
import { Fault } from '../domain/errors.ts';
import { isJsonObject, type JsonObject } from '../domain/json.ts';
import { nearestName } from '../domain/nearest-name.ts';
import { TOOL_POLICIES, type ToolPolicyRules } from '../domain/tool-policy.ts';
import { duplicateKeys } from './duplicate-keys.ts';
import type { ServerSpec, StdioServerSpec } from './hub.ts';
import { serverNameProblem } from './server-name.ts';
import { httpFields, objectOf, stdioFields } from './spec-schemas.ts';

/** What the file that all MCP clients know says about servers. */
export interface McpServersConfig {
  readonly servers: Readonly<Record<string, ServerSpec>>;
  /** What may be done with the tools of a server, by its name; those without rules are missing. */
  readonly policies: Readonly<Record<string, ToolPolicyRules>>;
  /** What was passed over, in whole sentences. */
  readonly notes: readonly string[];
}

/** As Cline writes it: nobody waits longer for a call than an hour, so that a larger number must be milliseconds. */
const TIMEOUT_SECONDS_MAX = 3_600;

const OWN_KEY = 'orchestrator';
/** Ours alone. A word that is misspelt in here must not make a tool free. */
const ownKey = z.strictObject(
  {
    tools: objectOf(
      z.enum(TOOL_POLICIES, 'This has to be "allow", "deny" or "ask".'),
      'This has to be an object: "allow", "deny" or "ask" for names of tools.',
    ).optional(),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `There is no ${issue.keys.join(', ')}; it has only "tools".`
        : 'This has to be an object.',
  },
);

const common = {
  disabled: z.boolean('This has to be true or false.').optional(),
  timeout: z.number('This has to be a number of seconds.').positive('This has to be more than 0.').optional(),
  [OWN_KEY]: ownKey.optional(),
};
const stdioEntry = z.object({ ...common, ...stdioFields });
const httpEntry = z.object({ ...common, ...httpFields });

export interface ReadConfigParams {
  /** Absolute; `cwd` and `command` are relative to its folder, and messages name it. */
  readonly file: string;
  readonly json: string;
}

/**
 * Reads `{"mcpServers": {"<name>": {...}}}`. Keys that only other programs know, such as `autoApprove`, are passed
 * over, because the same file serves several of them. `timeout` is in seconds. Variables such as `${env:NAME}` are
 * not filled in: the clients do not agree on how they are written.
 *
 * @throws Fault `CONFIG_INVALID` with all problems at once, each with file, server and key
 */
export function readMcpServersConfig({ file, json }: ReadConfigParams): McpServersConfig {
  const { mcpServers: entries, ...others } = wholeOf(file, json);
  const problems = [...duplicatesIn(file, json), ...misplacedRules(file, others)];
  const notes: string[] = [];
  const servers: [name: string, spec: ServerSpec][] = [];
  const policies: [name: string, rules: ToolPolicyRules][] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const reader: EntryReader = {
      folder: dirname(file),
      report: (key, problem) => problems.push(`${placeOf(file, name, key)}: ${problem}`),
      note: (key, words) => notes.push(`${placeOf(file, name, key)}: ${words}`),
    };
    const nameProblem = serverNameProblem(name);
    if (nameProblem !== undefined) reader.report('', nameProblem);
    const { spec, rules } = readEntry(entry, reader);
    if (spec !== undefined) servers.push([name, spec]);
    if (rules !== undefined) policies.push([name, rules]);
  }
  if (problems.length > 0) throw invalid(problems);
  return { servers: Object.fromEntries(servers), policies: Object.fromEntries(policies), notes };
}

/** The same, from the file. Throws `CONFIG_INVALID` also where it cannot be read. */
export async function loadMcpServersConfig(file: string): Promise<McpServersConfig> {
  const json = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw invalid([`${file}: It cannot be read (${error.code}).`]);
  });
  return readMcpServersConfig({ file, json });
}

interface EntryReader {
  readonly folder: string;
  report(key: string, problem: string): void;
  note(key: string, words: string): void;
}

function wholeOf(file: string, json: string): JsonObject & { readonly mcpServers: JsonObject } {
  let whole: unknown;
  try {
    // Editors of some systems put a byte order mark in front.
    whole = JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch (error) {
    const place = placeInText(json, error);
    throw invalid([`${file}${place}: It is not plain JSON; it may have comments, or a comma too many.`]);
  }
  if (!isJsonObject(whole) || !isJsonObject(whole.mcpServers))
    throw invalid([`${file}: It has no "mcpServers": an object with a server under each name.`]);
  return { ...whole, mcpServers: whole.mcpServers };
}

/** Beside the servers they would be for none. */
function misplacedRules(file: string, others: JsonObject): string[] {
  return Object.keys(others)
    .filter((key) => nearestName([OWN_KEY], key) !== undefined)
    .map((key) => `${file}: ${key}: Rules stand in the entry of a server, under "${OWN_KEY}".`);
}

/** With the later one alone, the rules of the other one would be gone. */
function duplicatesIn(file: string, json: string): string[] {
  return duplicateKeys(json)
    .filter(([first]) => first === 'mcpServers')
    .map((path) => `${file}: ${path.join('.')}: This stands there twice.`);
}

/** Not the words of the parser, which quote what stands there: it may be a key. */
function placeInText(json: string, error: unknown): string {
  const position = /at position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
  if (position === undefined) return '';
  const lines = json.slice(0, Number(position)).split('\n');
  return `:${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
}

interface Entry {
  readonly spec?: ServerSpec;
  readonly rules?: ToolPolicyRules;
}

function readEntry(entry: unknown, reader: EntryReader): Entry {
  if (!isJsonObject(entry)) {
    reader.report('', 'This has to be an object with a "command" or a "url".');
    return {};
  }
  if (entry.command === undefined && entry.url === undefined) {
    reader.report('', 'It has neither a "command" nor a "url".');
    return {};
  }
  const isStdio = entry.command !== undefined && (entry.url === undefined || !isHttpType(entry.type));
  const schema = isStdio ? stdioEntry : httpEntry;
  noteUnused({ entry, known: [...Object.keys(schema.shape), 'type'], reader });
  const parsed = schema.safeParse(entry);
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) reader.report(path.join('.'), message);
    return {};
  }
  const { timeout, orchestrator, ...rest } = parsed.data;
  const spec = 'command' in rest ? { ...rest, ...placesOf(rest, reader.folder) } : rest;
  return {
    spec: { ...spec, ...(timeout !== undefined && { timeoutMs: timeoutMs(timeout, reader) }) },
    rules: orchestrator?.tools,
  };
}

/** Where this program was started must not matter. A command without a slash is looked for by the system. */
function placesOf({ command, cwd }: Pick<StdioServerSpec, 'command' | 'cwd'>, folder: string) {
  const base = cwd === undefined ? folder : absolutePath(folder, cwd);
  const isPlace = command.includes('/') || command.includes(sep);
  return {
    command: isPlace && !isAbsolute(command) ? absolutePath(base, command) : command,
    ...(cwd !== undefined && { cwd: base }),
  };
}

/** Clients spell it in several ways. */
function isHttpType(type: unknown): boolean {
  return typeof type === 'string' && /^(?:streamable-?http|http|sse)$/i.test(type);
}

interface NoteParams {
  readonly entry: JsonObject;
  readonly known: readonly string[];
  readonly reader: EntryReader;
}

function noteUnused({ entry, known, reader }: NoteParams): void {
  const unused = Object.keys(entry).filter((key) => !known.includes(key));
  if (unused.length > 0)
    reader.note('', `${unused.join(', ')} ${unused.length === 1 ? 'is' : 'are'} not used here.`);
  for (const key of unused)
    if (nearestName([OWN_KEY], key) !== undefined)
      reader.report(key, `There is no such key; what is meant may be "${OWN_KEY}".`);
  // A list is that of another program, and allows.
  if (entry.tools !== undefined && !Array.isArray(entry.tools))
    reader.report('tools', `Rules stand under "${OWN_KEY}": "${OWN_KEY}": { "tools": { ... } }.`);
  if (entry.type === 'sse')
    reader.note('type', 'The server is spoken to over Streamable HTTP, not over SSE.');
  for (const key of known) {
    const [variable] = /\$\{[^}]+\}/.exec(JSON.stringify(entry[key] ?? '')) ?? [];
    if (variable !== undefined)
      reader.note(key, `${variable} is handed on as it is written: nothing is filled in.`);
  }
}

function timeoutMs(timeout: number, reader: EntryReader): number {
  if (timeout <= TIMEOUT_SECONDS_MAX) return Math.ceil(timeout * 1_000);
  reader.note('timeout', `${timeout} is taken for milliseconds, because it would be more than an hour.`);
  return Math.ceil(timeout);
}

function placeOf(file: string, name: string, key: string): string {
  const shown = serverNameProblem(name) === undefined ? name : JSON.stringify(name.slice(0, 50));
  return `${file}: mcpServers.${shown}${key === '' ? '' : `.${key}`}`;
}

function invalid(problems: readonly string[]): Fault {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  const lines = problems.map((problem) => `  ${problem}`);
  return new Fault('CONFIG_INVALID', [`The list of downstream servers has ${count}.`, ...lines].join('\n'), {
    hint: 'docs/guides/downstream-servers.md describes every key.',
    details: { problems },
  });
}

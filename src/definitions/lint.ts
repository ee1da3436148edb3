import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DEFAULT_LIMITS, type Limits } from '../domain/limits.ts';
import { AGENT_STATES } from '../domain/session.ts';
import { compareDiagnostics, type Diagnostic } from './diagnostic.ts';
import { createWorkflowLoader, type WorkflowLoader } from './load-workflow.ts';
import { openRootFolders, type RootFolders } from './root-folders.ts';
import { WORKFLOW_RULES } from './rules/rules.ts';
import { INDEX_FILE, type ParsedWorkflow, type WorkflowReading } from './workflow-files.ts';
import { createWorkflowFolders } from './workflow-folders.ts';

export interface LintOptions {
  readonly limits?: Limits;
}

export interface LintResult {
  /** Names of the workflows that were looked at. */
  readonly workflows: readonly string[];
  /** Of all of them, in the order of files and places. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Checks workflow files: the errors that loading them finds, and for workflows without errors the warnings of
 * {@link WORKFLOW_RULES}. Diagnostics of a single file are those of its workflow that are in that file.
 *
 * @param path a folder of workflows, one workflow, or a file of a workflow
 */
export async function lintPath(path: string, options: LintOptions = {}): Promise<LintResult> {
  const target = await targetOf(resolve(path));
  if (target === undefined) return { workflows: [], diagnostics: [nothingToLint(path)] };
  const limits = options.limits ?? DEFAULT_LIMITS;
  const load = createWorkflowLoader({ limits, nowMs: Date.now });
  const roots = await openRootFolders([target.root]);
  const diagnostics: Diagnostic[] = [];
  for (const name of target.names) {
    const found = await lintWorkflow({ name, folder: join(target.root, name), roots, load });
    diagnostics.push(...found);
  }
  const file = target.file === undefined ? undefined : roots.display(target.file);
  return {
    workflows: target.names,
    diagnostics: diagnostics
      .filter((diagnostic) => file === undefined || diagnostic.file === file)
      .sort(compareDiagnostics),
  };
}

interface LintTarget {
  /** Absolute path of the workflows folder. */
  readonly root: string;
  readonly names: readonly string[];
  /** Absolute; where only one file is asked for. */
  readonly file?: string;
}

async function targetOf(path: string): Promise<LintTarget | undefined> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) return undefined;
  if (stats.isDirectory()) {
    if (await isWorkflow(path)) return { root: dirname(path), names: [basename(path)] };
    const folders = createWorkflowFolders({ roots: [path], nowMs: Date.now });
    const states = folders.find(AGENT_STATES) === undefined ? [] : [AGENT_STATES];
    const names = [...folders.names(), ...states];
    return names.length === 0 ? undefined : { root: path, names };
  }
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    if (!(await isWorkflow(folder))) continue;
    const isIndex = path === join(folder, INDEX_FILE);
    return { root: dirname(folder), names: [basename(folder)], ...(!isIndex && { file: path }) };
  }
  return undefined;
}

async function isWorkflow(folder: string): Promise<boolean> {
  const stats = await stat(join(folder, INDEX_FILE)).catch(() => undefined);
  return stats !== undefined;
}

function nothingToLint(path: string): Diagnostic {
  const message = `Expected a folder of workflows, a workflow (a folder with an \`${INDEX_FILE}\`), or a file of one.`;
  return { ruleId: 'no-workflow', severity: 'error', file: path, message };
}

interface LintWorkflowParams {
  readonly name: string;
  readonly folder: string;
  readonly roots: RootFolders;
  readonly load: WorkflowLoader;
}

async function lintWorkflow({
  name,
  folder,
  roots,
  load,
}: LintWorkflowParams): Promise<readonly Diagnostic[]> {
  const reading = await load({ name, folder, roots });
  const { parsed } = reading;
  if (parsed === undefined) return reading.diagnostics;
  const subject = { ...parsed, unlistedFiles: await unlistedFiles({ folder, parsed, reading, roots }) };
  return [...reading.diagnostics, ...WORKFLOW_RULES.flatMap((rule) => rule.check(subject))];
}

interface UnlistedFilesParams {
  readonly folder: string;
  readonly parsed: ParsedWorkflow;
  readonly reading: WorkflowReading;
  readonly roots: RootFolders;
}

/** Only folders below the workflow's own are looked into: beside the index there may be other documents. */
async function unlistedFiles({
  folder,
  parsed,
  reading,
  roots,
}: UnlistedFilesParams): Promise<readonly string[]> {
  const used = new Set(reading.signatures.map(({ path }) => path));
  const stepFolders = new Set(parsed.steps.map(({ path }) => dirname(path)));
  stepFolders.delete(folder);
  const files: string[] = [];
  for (const stepFolder of stepFolders) {
    const entries = await readdir(stepFolder, { withFileTypes: true }).catch(() => []);
    const markdown = entries.filter((entry) => entry.isFile() && /^[^._].*\.md$/i.test(entry.name));
    files.push(...markdown.map((entry) => join(stepFolder, entry.name)));
  }
  return files.filter((file) => !used.has(file)).map(roots.display);
}

import { join, relative, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Definition } from '../domain/definition.ts';
import type { Limits } from '../domain/limits.ts';
import { createConditionChecker } from './conditions.ts';
import type { SourceFile } from './definitions.ts';
import { compareDiagnostics, type Diagnostic } from './diagnostic.ts';
import { type FileSignature, signFile } from './file-signature.ts';
import { readFrontMatter } from './front-matter.ts';
import { type IndexFrontMatter, indexFormat } from './front-matter-formats.ts';
import { expandIncludes, type IncludeBudget } from './includes.ts';
import { jsonSchemaDiagnostics } from './json-schema-diagnostics.ts';
import { parseBlocks } from './markdown.ts';
import { unreadableFinding, unreadableIndex } from './read-problems.ts';
import { type ReadOutcome, readTextFile } from './read-text-file.ts';
import { resolveRelative } from './relative-path.ts';
import { resolveStep } from './resolve-step.ts';
import type { RootFolders } from './root-folders.ts';
import { createSchemaChecker, type SchemaChecker } from './schema-check.ts';
import { diagnosticAt, type SourceText } from './source-text.ts';
import { readStepFile, tooComplex } from './step-file.ts';
import { readStepList, type StepLink } from './step-list.ts';
import { checkStepList, STEPS_MAX } from './step-list-check.ts';
import type { TextFile } from './text-file.ts';
import { INDEX_FILE, type ParsedStep, type ParsedWorkflow, type WorkflowReading } from './workflow-files.ts';

const INCLUDES_MAX = 1_000;
const DIAGNOSTICS_MAX = 100;

export interface LoadWorkflowParams {
  readonly name: string;
  /** Absolute path of the workflow's folder. */
  readonly folder: string;
  readonly roots: RootFolders;
}

export interface WorkflowLoaderDeps {
  readonly limits: Limits;
  /** The time on the clock that stamps files, in milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** Reads and checks one workflow folder. Never throws: whatever is wrong is a diagnostic. */
export type WorkflowLoader = (params: LoadWorkflowParams) => Promise<WorkflowReading>;

export function createWorkflowLoader({ limits, nowMs }: WorkflowLoaderDeps): WorkflowLoader {
  const checks = { checkCondition: createConditionChecker(), checkSchema: createSchemaChecker() };

  return async ({ name, folder, roots }) => {
    const signatures = new Map<string, FileSignature>();
    const outcomes = new Map<string, Promise<ReadOutcome>>();
    const read = (path: string): Promise<ReadOutcome> => {
      const known = outcomes.get(path);
      if (known !== undefined) return known;
      // Signed before it is read: a change in between shows as a change since.
      signatures.set(path, signFile(path, nowMs()));
      const outcome = readTextFile({ path, roots, bytesMax: limits.definitionFileBytesMax });
      outcomes.set(path, outcome);
      return outcome;
    };
    const budget = { bytesLeft: limits.definitionBytesMax, includesLeft: INCLUDES_MAX };
    const context = { name, read, depthMax: limits.includeDepthMax, budget, ...checks };
    const index = await read(join(folder, INDEX_FILE));
    const { diagnostics, parsed, files } = index.ok
      ? await readWorkflow(index.file, context)
      : {
          diagnostics: [{ ...unreadableIndex(index.problem), file: roots.display(join(folder, INDEX_FILE)) }],
          files: [],
        };
    const isUsable = !diagnostics.some(({ severity }) => severity === 'error');
    return {
      name,
      diagnostics: bounded([...diagnostics].sort(compareDiagnostics)),
      ...(isUsable && parsed !== undefined && { parsed }),
      sources: [...new Set(files)].map((file) => sourceOf(folder, file)),
      signatures: [...signatures.values()],
    };
  };
}

interface ReadingContext {
  readonly name: string;
  readonly read: (path: string) => Promise<ReadOutcome>;
  readonly depthMax: number;
  readonly budget: IncludeBudget;
  readonly checkCondition: (expression: string) => string | undefined;
  readonly checkSchema: SchemaChecker;
}

interface ReadWorkflow {
  readonly diagnostics: readonly Diagnostic[];
  /** Whatever could be read, even where there are errors. */
  readonly parsed?: ParsedWorkflow;
  /** The index, then the step files in the order of the steps. */
  readonly files: readonly TextFile[];
}

async function readWorkflow(file: TextFile, context: ReadingContext): Promise<ReadWorkflow> {
  const frontMatter = readFrontMatter(file, indexFormat);
  const { source: index, diagnostics: includeDiagnostics } = await expandIncludes({
    ...context,
    file,
    from: frontMatter.bodyAt,
  });
  const diagnostics = [
    ...frontMatter.diagnostics,
    ...includeDiagnostics,
    ...jsonSchemaDiagnostics({
      schema: frontMatter.values?.inputs,
      key: 'inputs',
      frontMatter,
      checkSchema: context.checkSchema,
    }),
  ];
  const root = parseBlocks(index.text, 'index');
  const stepList = root === undefined ? undefined : readStepList(index, root);
  if (stepList === undefined)
    return { diagnostics: [...diagnostics, tooComplex(file.display)], files: [file] };
  const { links, goal, diagnostics: listDiagnostics } = stepList;
  diagnostics.push(...listDiagnostics, ...checkStepList(index, links));
  const steps = await readSteps(index, links.slice(0, STEPS_MAX), context);
  diagnostics.push(...steps.diagnostics);
  const definition = definitionOf({
    name: context.name,
    frontMatter: frontMatter.values ?? {},
    goal,
    steps: steps.parsed,
  });
  return {
    diagnostics,
    parsed: { definition, index, steps: steps.parsed },
    files: [file, ...steps.files],
  };
}

interface ReadSteps {
  readonly parsed: readonly ParsedStep[];
  readonly files: readonly TextFile[];
  readonly diagnostics: readonly Diagnostic[];
}

async function readSteps(
  index: SourceText,
  links: readonly StepLink[],
  context: ReadingContext,
): Promise<ReadSteps> {
  const stepNames = links.map((link) => link.name);
  const parsed: ParsedStep[] = [];
  const files: TextFile[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const link of links) {
    // What follows could only complain about what was not read.
    if (context.budget.bytesLeft < 0 || context.budget.includesLeft < 0) break;
    // Parsing is synchronous; between two files, whoever else waits gets a turn.
    await setImmediate();
    const file = await readLinkedFile(index, link, context);
    if ('ruleId' in file) {
      diagnostics.push(file);
      continue;
    }
    files.push(file);
    const stepFile = await readStepFile({ ...context, file });
    const resolved = resolveStep({ ...context, link, file, stepFile, stepNames });
    diagnostics.push(...stepFile.diagnostics, ...resolved.diagnostics);
    if (resolved.parsed !== undefined) parsed.push(resolved.parsed);
  }
  return { parsed, files, diagnostics };
}

async function readLinkedFile(
  index: SourceText,
  link: StepLink,
  { read }: ReadingContext,
): Promise<TextFile | Diagnostic> {
  const resolved = resolveRelative(index.fileAt(link.at).path, link.target);
  if (!resolved.ok) {
    const finding = { ruleId: 'step-path', severity: 'error', message: `${resolved.problem}.` } as const;
    return diagnosticAt(index, link.at, finding);
  }
  const outcome = await read(resolved.path);
  if (outcome.ok) return outcome.file;
  return diagnosticAt(index, link.at, unreadableFinding('step', link.target, outcome.problem));
}

interface DefinitionParts {
  readonly name: string;
  readonly frontMatter: IndexFrontMatter;
  readonly goal: string;
  readonly steps: readonly ParsedStep[];
}

/** Members that have no value are left out, so that the hash does not depend on how they are absent. */
function definitionOf({ name, frontMatter, goal, steps }: DefinitionParts): Definition {
  const { description, version, tags, inputs } = frontMatter;
  return {
    name,
    ...(description !== undefined && description !== '' && { description }),
    ...(version !== undefined && { version }),
    ...(tags !== undefined && { tags }),
    ...(inputs !== undefined && { inputs }),
    goal,
    steps: steps.map(({ step }) => step),
  };
}

/** The errors come first where there are too many to show all. */
function bounded(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  if (diagnostics.length <= DIAGNOSTICS_MAX) return diagnostics;
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const warnings = diagnostics.filter(({ severity }) => severity === 'warning');
  return [...errors, ...warnings].slice(0, DIAGNOSTICS_MAX);
}

function sourceOf(folder: string, { path, text, hasByteOrderMark }: TextFile): SourceFile {
  return {
    path: relative(folder, path).split(sep).join('/'),
    text: hasByteOrderMark ? `\uFEFF${text}` : text,
  };
}

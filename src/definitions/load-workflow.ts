import { basename, extname, join, relative, sep } from 'node:path';
import { type Definition, FINISH, type Step } from '../domain/definition.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Limits } from '../domain/limits.ts';
import { foldName } from '../domain/step-names.ts';
import { createConditionChecker } from './conditions.ts';
import type { SourceFile } from './definitions.ts';
import { compareDiagnostics, type Diagnostic } from './diagnostic.ts';
import { type FileSignature, signFile } from './file-signature.ts';
import { type FrontMatter, readFrontMatter } from './front-matter.ts';
import { indexFormat } from './front-matter-formats.ts';
import { expandIncludes, type IncludeBudget } from './includes.ts';
import { parseBlocks } from './markdown.ts';
import { type ReadOutcome, type ReadProblem, readTextFile } from './read-text-file.ts';
import { resolveRelative } from './relative-path.ts';
import type { RootFolders } from './root-folders.ts';
import { createSchemaChecker, type SchemaChecker } from './schema-check.ts';
import { diagnosticAt, type SourceText } from './source-text.ts';
import { readStepFile, type StepFile, tooComplex } from './step-file.ts';
import { readStepList, type StepLink } from './step-list.ts';
import type { TextFile } from './text-file.ts';
import { readTransitions } from './transitions.ts';
import { INDEX_FILE, type ParsedStep, type ParsedWorkflow, type WorkflowReading } from './workflow-files.ts';

const STEPS_MAX = 1_000;
const INCLUDES_MAX = 1_000;
const DIAGNOSTICS_MAX = 100;
const STEP_NAME_CHARS_MAX = 200;

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
  const checkCondition = createConditionChecker();
  const checkSchema = createSchemaChecker();

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
    const reader: Reader = {
      read,
      depthMax: limits.includeDepthMax,
      budget: { bytesLeft: limits.definitionBytesMax, includesLeft: INCLUDES_MAX },
    };
    const indexPath = join(folder, INDEX_FILE);
    const outcome = await read(indexPath);
    const { diagnostics, parsed, files } = outcome.ok
      ? await readWorkflow({ name, file: outcome.file, reader, checkCondition, checkSchema })
      : {
          diagnostics: [unreadable(roots.display(indexPath), outcome.problem)],
          parsed: undefined,
          files: [],
        };
    const sorted = [...diagnostics].sort(compareDiagnostics);
    const isUsable = !sorted.some(({ severity }) => severity === 'error');
    return {
      name,
      diagnostics: bounded(sorted),
      ...(isUsable && parsed !== undefined && { parsed }),
      sources: files.map((file) => sourceOf(folder, file)),
      signatures: [...signatures.values()],
    };
  };
}

interface Reader {
  readonly read: (path: string) => Promise<ReadOutcome>;
  readonly depthMax: number;
  readonly budget: IncludeBudget;
}

interface ReadWorkflowParams {
  readonly name: string;
  readonly file: TextFile;
  readonly reader: Reader;
  readonly checkCondition: (expression: string) => string | undefined;
  readonly checkSchema: SchemaChecker;
}

interface ReadWorkflow {
  readonly diagnostics: readonly Diagnostic[];
  readonly parsed?: ParsedWorkflow | undefined;
  /** The index, then the step files in the order of the steps. */
  readonly files: readonly TextFile[];
}

async function readWorkflow(params: ReadWorkflowParams): Promise<ReadWorkflow> {
  const { name, file, reader, checkCondition, checkSchema } = params;
  const diagnostics: Diagnostic[] = [];
  const frontMatter = readFrontMatter(file, indexFormat);
  const expanded = await expandIncludes({ file, from: frontMatter.bodyAt, ...reader });
  const { source: index } = expanded;
  diagnostics.push(...frontMatter.diagnostics, ...expanded.diagnostics);
  const inputs = frontMatter.values?.inputs;
  if (inputs !== undefined)
    diagnostics.push(...schemaDiagnostics({ schema: inputs, at: 'inputs', frontMatter, checkSchema }));

  const root = parseBlocks(index.text, 'index');
  if (root === undefined) return { diagnostics: [...diagnostics, tooComplex(file.display)], files: [file] };
  const stepList = readStepList(index, root);
  diagnostics.push(...stepList.diagnostics, ...stepNameDiagnostics(index, stepList.links));
  if (stepList.links.length === 0) diagnostics.push(noStep(file.display));
  if (stepList.links.length > STEPS_MAX) diagnostics.push(tooManySteps(file.display, stepList.links.length));

  const stepNames = stepList.links.map((link) => link.name);
  const files = [file];
  const steps: ParsedStep[] = [];
  for (const link of stepList.links.slice(0, STEPS_MAX)) {
    const outcome = await readLinkedFile(index, link, reader);
    if ('ruleId' in outcome) {
      diagnostics.push(outcome);
      continue;
    }
    files.push(outcome);
    const stepFile = await readStepFile({ file: outcome, ...reader });
    diagnostics.push(...stepFile.diagnostics);
    const { step, diagnostics: stepDiagnostics } = stepOf({
      link,
      stepNames,
      file: outcome,
      stepFile,
      checkCondition,
      checkSchema,
    });
    diagnostics.push(...stepDiagnostics);
    if (step !== undefined) steps.push({ ...step, linkAt: link.at, path: outcome.path });
  }
  const values = frontMatter.values;
  const definition: Definition = {
    name,
    ...(values?.description !== undefined &&
      values.description !== '' && { description: values.description }),
    ...(values?.version !== undefined && { version: values.version }),
    ...(values?.tags !== undefined && { tags: values.tags }),
    ...(inputs !== undefined && { inputs }),
    goal: stepList.goal,
    steps: steps.map(({ step }) => step),
  };
  return { diagnostics, parsed: { definition, index, steps }, files };
}

async function readLinkedFile(
  index: SourceText,
  link: StepLink,
  { read }: Reader,
): Promise<TextFile | Diagnostic> {
  const fail = (ruleId: string, message: string) =>
    diagnosticAt(index, link.at, { ruleId, severity: 'error', message });
  const resolved = resolveRelative(index.fileAt(link.at).path, link.target);
  if (!resolved.ok) return fail('step-path', `${resolved.problem}.`);
  const outcome = await read(resolved.path);
  if (outcome.ok) return outcome.file;
  const { ruleId, reason } = STEP_PROBLEMS[outcome.problem];
  return fail(ruleId, `Unexpected link to "${link.target}": ${reason}.`);
}

const STEP_PROBLEMS: Readonly<Record<ReadProblem, { readonly ruleId: string; readonly reason: string }>> = {
  missing: { ruleId: 'step-missing', reason: 'there is no such file' },
  outside: { ruleId: 'step-outside', reason: 'it lies outside the workflows folder' },
  'not-a-file': { ruleId: 'step-unreadable', reason: 'it is not a regular file' },
  'too-large': { ruleId: 'file-too-large', reason: 'the file is too large' },
  'not-text': { ruleId: 'file-not-text', reason: 'it is not UTF-8 text' },
  unreadable: { ruleId: 'step-unreadable', reason: 'it cannot be read' },
};

function unreadable(file: string, problem: ReadProblem): Diagnostic {
  const { reason } = STEP_PROBLEMS[problem];
  const ruleId =
    problem === 'too-large' || problem === 'not-text' ? STEP_PROBLEMS[problem].ruleId : 'index-unreadable';
  return { ruleId, severity: 'error', file, message: `Unexpected index: ${reason}.` };
}

interface StepOfParams {
  readonly link: StepLink;
  readonly stepNames: readonly string[];
  readonly file: TextFile;
  readonly stepFile: StepFile;
  readonly checkCondition: (expression: string) => string | undefined;
  readonly checkSchema: SchemaChecker;
}

interface StepReading {
  readonly step?: Pick<ParsedStep, 'step' | 'source' | 'guidanceAt' | 'instructionsAt'>;
  readonly diagnostics: readonly Diagnostic[];
}

function stepOf({ link, stepNames, file, stepFile, checkCondition, checkSchema }: StepOfParams): StepReading {
  const { frontMatter, guidance, instructions, source } = stepFile;
  const {
    transitions: written,
    report_schema: reportSchema,
    max_visits: maxVisits,
  } = frontMatter.values ?? {};
  const diagnostics: Diagnostic[] = [];
  if (reportSchema !== undefined)
    diagnostics.push(
      ...schemaDiagnostics({ schema: reportSchema, at: 'report_schema', frontMatter, checkSchema }),
    );
  const declared =
    written === undefined
      ? undefined
      : readTransitions({ written, stepNames, checkCondition, diagnose: frontMatter.diagnose });
  diagnostics.push(...(declared?.diagnostics ?? []));
  if (guidance === undefined || instructions === undefined) return { diagnostics };
  const step: Step = {
    name: link.name,
    fileStem: basename(file.path, extname(file.path)),
    ...(stepFile.heading !== undefined && { heading: stepFile.heading }),
    ...(stepFile.goal !== undefined && { goal: stepFile.goal }),
    guidance: guidance.text,
    instructions: instructions.text,
    ...(declared !== undefined && { transitions: declared.transitions }),
    ...(reportSchema !== undefined && { reportSchema }),
    ...(maxVisits !== undefined && { maxVisits }),
  };
  return { step: { step, source, guidanceAt: guidance.at, instructionsAt: instructions.at }, diagnostics };
}

interface SchemaDiagnosticsParams {
  readonly schema: JsonObject;
  readonly at: string;
  readonly frontMatter: FrontMatter<unknown>;
  readonly checkSchema: SchemaChecker;
}

function schemaDiagnostics({
  schema,
  at,
  frontMatter,
  checkSchema,
}: SchemaDiagnosticsParams): readonly Diagnostic[] {
  return checkSchema(schema).map(({ path, severity, message }) => {
    const ruleId = severity === 'error' ? 'json-schema' : 'json-schema-ignored';
    return frontMatter.diagnose([at, ...path], { ruleId, severity, message });
  });
}

function stepNameDiagnostics(index: SourceText, links: readonly StepLink[]): readonly Diagnostic[] {
  const names = new Set<string>();
  const folded = new Map<string, string>();
  return links.flatMap(({ name, at }) => {
    const found = (ruleId: string, severity: Diagnostic['severity'], message: string) => [
      diagnosticAt(index, at, { ruleId, severity, message }),
    ];
    if (name === '' || name.length > STEP_NAME_CHARS_MAX || /\p{Cc}/u.test(name)) {
      const message = `Unexpected step name, expected 1 to ${STEP_NAME_CHARS_MAX} characters as the link text.`;
      return found('step-name', 'error', message);
    }
    if (names.has(name)) return found('step-duplicate', 'error', `Unexpected second step named "${name}".`);
    names.add(name);
    const fold = foldName(name);
    const twin = folded.get(fold);
    folded.set(fold, name);
    if (name !== FINISH && fold === foldName(FINISH)) {
      const message = `Unexpected step name "${name}": write \`${FINISH}\` for closing words, or another name.`;
      return found('step-name-reserved', 'warning', message);
    }
    if (twin === undefined || fold === '') return [];
    const message = `Unexpected step name "${name}": it differs from "${twin}" only in letter case or punctuation.`;
    return found('step-name-ambiguous', 'warning', message);
  });
}

function noStep(file: string): Diagnostic {
  const message =
    'Expected at least one step: a list item that starts with a link to a `.md` file, below the heading `Steps` if there is one.';
  return { ruleId: 'no-steps', severity: 'error', file, place: { line: 1, column: 1 }, message };
}

function tooManySteps(file: string, count: number): Diagnostic {
  const message = `Unexpected ${count} steps, expected at most ${STEPS_MAX}.`;
  return { ruleId: 'definition-too-large', severity: 'error', file, place: { line: 1, column: 1 }, message };
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

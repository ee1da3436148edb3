import { basename, extname } from 'node:path';
import { defaultTarget, FINISH, type Step } from '../domain/definition.ts';
import { AGENT_STATES } from '../domain/session.ts';
import type { Diagnostic } from './diagnostic.ts';
import { jsonSchemaDiagnostics } from './json-schema-diagnostics.ts';
import type { SchemaChecker } from './schema-check.ts';
import { diagnosticAt } from './source-text.ts';
import type { StepFile } from './step-file.ts';
import type { StepLink } from './step-list.ts';
import type { TextFile } from './text-file.ts';
import { readTransitions } from './transitions.ts';
import type { ParsedStep } from './workflow-files.ts';

export interface ResolveStepParams {
  /** Of the workflow. */
  readonly name: string;
  readonly link: StepLink;
  readonly file: TextFile;
  readonly stepFile: StepFile;
  /** Canonical names of all steps of the workflow. */
  readonly stepNames: readonly string[];
  readonly checkCondition: (expression: string) => string | undefined;
  readonly checkSchema: SchemaChecker;
}

export interface ResolvedStep {
  /** Absent where a mandatory section is missing. */
  readonly parsed?: ParsedStep;
  readonly diagnostics: readonly Diagnostic[];
}

/** Makes a step of a link and the file behind it: only now is it known what the other steps are called. */
export function resolveStep(params: ResolveStepParams): ResolvedStep {
  const { name, link, file, stepFile, stepNames, checkCondition, checkSchema } = params;
  const { frontMatter, guidance, instructions, script, heading, goal, source } = stepFile;
  const {
    transitions: written,
    report_schema: reportSchema,
    max_visits: maxVisits,
  } = frontMatter.values ?? {};
  const declared =
    written === undefined
      ? undefined
      : readTransitions({
          written,
          stepNames,
          insistsOnResult: reportSchema !== undefined,
          checkCondition,
          diagnose: frontMatter.diagnose,
        });
  const diagnostics = [
    ...jsonSchemaDiagnostics({ schema: reportSchema, key: 'report_schema', frontMatter, checkSchema }),
    ...(declared?.diagnostics ?? []),
    ...undecidedScript(stepFile),
    ...scriptAtFinish(stepFile, link),
    ...scriptInStates(stepFile, name),
  ];
  const carriedOutBy = instructions ?? script;
  if (guidance === undefined || carriedOutBy === undefined) return { diagnostics };
  const step: Step = {
    name: link.name,
    fileStem: basename(file.path, extname(file.path)),
    ...(heading !== undefined && { heading }),
    ...(goal !== undefined && { goal }),
    guidance: guidance.text,
    instructions: instructions?.text ?? '',
    ...(script !== undefined && { script: script.text }),
    ...(declared !== undefined && { transitions: declared.transitions }),
    ...(reportSchema !== undefined && { reportSchema }),
    ...(maxVisits !== undefined && { maxVisits }),
  };
  const places = { guidanceAt: guidance.at, instructionsAt: carriedOutBy.at, linkAt: link.at };
  return { parsed: { step, source, ...places, path: file.path }, diagnostics };
}

function scriptAtFinish({ script, source }: StepFile, { name }: StepLink): readonly Diagnostic[] {
  if (script === undefined || name !== FINISH) return [];
  const message = `Unexpected script of \`${FINISH}\`, expected Client Instructions: closing words for the client.`;
  return [diagnosticAt(source, script.headingAt, { ruleId: 'script-at-finish', severity: 'error', message })];
}

/** A state is a kind of work that an agent stays in: one that a script leaves by itself is none. */
function scriptInStates({ script, source }: StepFile, workflowName: string): readonly Diagnostic[] {
  if (script === undefined || workflowName !== AGENT_STATES) return [];
  const message = `Unexpected script in a state of \`${AGENT_STATES}\`, expected Client Instructions: only the agent moves its session.`;
  return [diagnosticAt(source, script.headingAt, { ruleId: 'script-in-states', severity: 'error', message })];
}

/** Nobody is there to decide when a script has ended: its transitions have to settle every case. */
function undecidedScript({ script, frontMatter, source }: StepFile): readonly Diagnostic[] {
  const hasErrors = frontMatter.diagnostics.some(({ severity }) => severity === 'error');
  if (script === undefined || hasErrors) return [];
  const { transitions } = frontMatter.values ?? {};
  if (transitions !== undefined && defaultTarget(transitions) !== undefined) return [];
  const finding = {
    ruleId: 'script-undecided',
    severity: 'error',
    message:
      'Expected `transitions` with exactly one entry without `when`: nobody decides where a script leads.',
  } as const;
  return [
    transitions === undefined
      ? diagnosticAt(source, script.headingAt, finding)
      : frontMatter.diagnose(['transitions'], finding),
  ];
}

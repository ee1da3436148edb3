import { contextVariableUnset } from './context-variable-unset.ts';
import { deadEnd } from './dead-end.ts';
import { guidanceNamesNoStep } from './guidance-names-no-step.ts';
import { guidanceNotDeclared } from './guidance-not-declared.ts';
import { guidanceUnknownStep } from './guidance-unknown-step.ts';
import { LOADING_RULES } from './loading-rules.ts';
import type { Rule, RuleInfo } from './rule.ts';
import { scriptSyntax } from './script-syntax.ts';
import { unlistedStepFile } from './unlisted-step-file.ts';
import { unreachableStep } from './unreachable-step.ts';

/** Checks of whole workflows, which only the linter makes. */
export const WORKFLOW_RULES: readonly Rule[] = [
  unreachableStep,
  deadEnd,
  guidanceUnknownStep,
  guidanceNamesNoStep,
  guidanceNotDeclared,
  contextVariableUnset,
  unlistedStepFile,
  scriptSyntax,
];

/** Every kind of diagnostic that there is; the reference of rules is made from this. */
export const RULES: readonly RuleInfo[] = [
  ...LOADING_RULES,
  ...WORKFLOW_RULES.map(({ ruleId, severity, summary, advice }) => ({ ruleId, severity, summary, advice })),
];

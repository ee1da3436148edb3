import { defaultTarget, FINISH, type Transition } from '../domain/definition.ts';
import { suggestion } from '../domain/nearest-name.ts';
import { matchStepName } from '../domain/step-names.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { FrontMatter } from './front-matter.ts';
import type { WrittenTransition } from './front-matter-formats.ts';

export interface ReadTransitionsParams {
  readonly written: readonly WrittenTransition[];
  readonly stepNames: readonly string[];
  /** Whether a report without `result` is refused, because the step has a `report_schema`. */
  readonly insistsOnResult: boolean;
  /** What is wrong with a CEL expression, or undefined. */
  readonly checkCondition: (expression: string) => string | undefined;
  readonly diagnose: FrontMatter<unknown>['diagnose'];
}

export interface ReadTransitions {
  readonly transitions: readonly Transition[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Replaces the names in `to` by canonical ones, and checks that the conditions can be evaluated. */
export function readTransitions(params: ReadTransitionsParams): ReadTransitions {
  const { written, stepNames, insistsOnResult, checkCondition, diagnose } = params;
  const candidates = stepNames.includes(FINISH) ? stepNames : [...stepNames, FINISH];
  const transitions: Transition[] = [];
  const diagnostics: Diagnostic[] = [];
  const otherwise = defaultTarget(written);
  const defaultAt =
    otherwise === undefined ? written.length : written.findIndex(({ when }) => when === undefined);
  const finishesByDefault = otherwise !== undefined && matchStepName(candidates, otherwise) === FINISH;
  for (const [index, { to, when }] of written.entries()) {
    const report = (key: 'to' | 'when', problem: Parameters<typeof diagnose>[1]) =>
      diagnostics.push(diagnose(['transitions', index, key], problem));
    const target = matchStepName(candidates, to);
    if (target === undefined) {
      const message = `Unexpected step \`${to}\`, expected a step of this workflow or \`${FINISH}\`.${suggestion(candidates, to)}`;
      report('to', { ruleId: 'transition-target', severity: 'error', message });
    }
    const problem = when === undefined ? undefined : checkCondition(when);
    if (problem !== undefined) {
      const message = `Unexpected condition \`${when}\`: ${problem}.`;
      report('when', { ruleId: 'transition-condition', severity: 'error', message });
    }
    if (index > defaultAt) {
      const message =
        'This transition comes after the default. Conditions are asked first all the same; write the default last.';
      report('to', { ruleId: 'transition-after-default', severity: 'warning', message });
    }
    if (when !== undefined && !insistsOnResult && finishesByDefault && readsUnguardedResult(when)) {
      const message = `A report without what \`${when}\` reads takes the default, and so finishes the run unchecked.`;
      report('when', { ruleId: 'transition-unchecked', severity: 'warning', message });
    }
    if (target !== undefined) transitions.push({ to: target, ...(when !== undefined && { when }) });
  }
  return { transitions, diagnostics };
}

/** A condition that cannot be evaluated is not true. `has(report.result)` says that the author thought of that. */
function readsUnguardedResult(when: string): boolean {
  return /\breport\s*\.\s*result\b/.test(when) && !/\bhas\(\s*report\s*\.\s*result\b/.test(when);
}

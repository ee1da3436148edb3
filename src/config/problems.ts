import { Fault } from '../domain/errors.ts';
import type { Settings } from './sources.ts';
import { describeVariable, type VariableName, type VariableValues } from './variables.ts';

export interface Problem {
  readonly variable: VariableName | '.env';
  /** What is wrong and what to do, in whole sentences. */
  readonly message: string;
}

export type Report = (variable: Problem['variable'], message: string) => void;

/** What each part of the configuration is made from. A part reports its problems and goes on. */
export interface Inputs {
  /** Of the variables that are set and well-formed. */
  readonly values: VariableValues;
  readonly settings: Settings;
  /** The working directory: relative paths start here. */
  readonly cwd: string;
  readonly packageRoot: string;
  readonly report: Report;
}

export function configFault(problems: readonly Problem[], settings: Settings): Fault {
  const lines = problems.map(
    ({ variable, message }) => `  ${variable}${origin(variable, settings)}: ${message}`,
  );
  const count = lines.length === 1 ? 'a problem' : `${lines.length} problems`;
  return new Fault('CONFIG_INVALID', [`The configuration has ${count}.`, ...lines].join('\n'), {
    hint: 'docs/reference/configuration.md describes every variable.',
    details: { problems: problems.map(({ variable, message }) => ({ variable, message })) },
  });
}

/** Where to look, when that is not where one expects a variable. */
function origin(variable: Problem['variable'], settings: Settings): string {
  if (variable === '.env') return '';
  switch (settings[variable]?.source) {
    case 'flag':
      return ` (--${describeVariable(variable).flag})`;
    case '.env':
      return ' (in .env)';
    default:
      return '';
  }
}

import { type Command, Option } from 'commander';
import type { Variables } from '../config/sources.ts';
import { describeVariable, VARIABLE_NAMES } from '../config/variables.ts';

const FLAGS = VARIABLE_NAMES.flatMap((variable) => {
  const { flag, argument } = describeVariable(variable);
  return flag === undefined ? [] : [{ variable, syntax: argument ? `--${flag} <${argument}>` : `--${flag}` }];
});

/** Flags that say what variables say, for all commands. */
export function addGlobalFlags(program: Command): void {
  for (const { variable, syntax } of FLAGS) program.addOption(new Option(syntax, `the same as ${variable}`));
}

/** What the command line says, by variable name. */
export function flagsOf(command: Command): Variables {
  const options: Readonly<Record<string, unknown>> = command.optsWithGlobals();
  const given = FLAGS.map(({ variable, syntax }) => [variable, options[new Option(syntax).attributeName()]]);
  return Object.fromEntries(
    given.filter(([, value]) => value !== undefined).map(([variable, value]) => [variable, String(value)]),
  );
}

import { type Command, Option } from 'commander';
import type { Variables } from '../config/sources.ts';
import { describeVariable, VARIABLE_NAMES } from '../config/variables.ts';

const FLAGS = VARIABLE_NAMES.flatMap((variable) => {
  const { flag, argument, description } = describeVariable(variable);
  if (flag === undefined) return [];
  const syntax = argument === undefined ? `--${flag}` : `--${flag} <${argument}>`;
  return [{ variable, syntax, help: `${gist(description)} (${variable})` }];
});

/** Flags that say what variables say, for all commands. */
export function addGlobalFlags(program: Command): void {
  for (const { syntax, help } of FLAGS) program.addOption(new Option(syntax, help));
}

/** What the command line says, by variable name. */
export function flagsOf(command: Command): Variables {
  const options: Readonly<Record<string, unknown>> = command.optsWithGlobals();
  const given = FLAGS.map(({ variable, syntax }) => [variable, options[new Option(syntax).attributeName()]]);
  return Object.fromEntries(
    given.filter(([, value]) => value !== undefined).map(([variable, value]) => [variable, String(value)]),
  );
}

/** A description up to its first break, without Markdown. */
function gist(description: string): string {
  return (/^[^.;:(]+/.exec(description)?.[0] ?? description).replaceAll('`', '').trim();
}

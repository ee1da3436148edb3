import { describeVariable, VARIABLE_NAMES } from '../../config/variables.ts';
import { DEFAULT_LIMITS } from '../../domain/limits.ts';
import { code, page, table } from './markdown.ts';

export function configurationPage(): string {
  const variables = VARIABLE_NAMES.map((name) => {
    const { description, default: fallback, flag, argument } = describeVariable(name);
    const flagText =
      flag === undefined ? '' : code(argument === undefined ? `--${flag}` : `--${flag} <${argument}>`);
    return [code(name), flagText, fallback ?? 'none', description];
  });
  const limits = Object.entries(DEFAULT_LIMITS).map(([name, value]) => [
    code(name),
    value.toLocaleString('en'),
  ]);
  return page(
    'Configuration',
    `A flag wins over the environment, the environment over the file \`.env\` of the working directory, and that over
the default. Empty text counts as unset. Everything is checked at the start: all problems are reported at once, and
the program ends with exit code 2. Keys have no flags, because other users of a machine can read command lines.`,
    '## Variables',
    table(['variable', 'flag', 'default', 'meaning'], variables),
    '## Limits',
    'What one call, one instance and one definition may measure; sizes are in bytes. They cannot be changed.',
    table(['limit', 'value'], limits),
  );
}

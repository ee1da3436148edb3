import { type Config, secretsOf } from '../config/config.ts';
import { Fault } from '../domain/errors.ts';
import { createRedactor } from './redact.ts';
import { plain } from './terminal.ts';

/**
 * What the person at the terminal reads when a command failed: what is wrong and what to do, no stack unless they
 * asked for `LOG_LEVEL=debug`, and no secrets.
 *
 * @param config as far as it could be loaded
 */
export function describeFailure(error: unknown, config: Config | undefined): string {
  const debugging = config?.logLevel === 'debug';
  const lines = [`Error: ${error instanceof Error ? error.message : String(error)}`];
  if (error instanceof Fault && error.hint !== undefined) lines.push(error.hint);
  if (!(error instanceof Fault) && !debugging)
    lines.push('Add --log-level debug to see where it comes from.');
  if (debugging && error instanceof Error && error.stack !== undefined) lines.push(error.stack);
  const redact = createRedactor(config === undefined ? [] : secretsOf(config));
  return plain(redact(lines.join('\n')));
}

import { type Config, secretsOf } from '../config/config.ts';
import { Fault, type FaultCode } from '../domain/errors.ts';
import { createRedactor } from '../domain/redact.ts';
import { plain } from './terminal.ts';

/** Where the fault's own hint is for a model, which has tools, and not for a person at a terminal. */
const HINTS: Partial<Record<FaultCode, string>> = {
  INSTANCE_NOT_FOUND: 'Run "orchestrator-mcp status" to see the runs.',
  MODEL_REQUIRED: 'Set AI_PROVIDER and what it needs, or --stub to try it out.',
};

/**
 * What the person at the terminal reads when a command failed: what is wrong and what to do, no stack unless they
 * asked for `LOG_LEVEL=debug`, and no secrets.
 *
 * @param config as far as it could be loaded
 */
export function describeFailure(error: unknown, config: Config | undefined): string {
  const debugging = config?.logLevel === 'debug';
  const lines = [`Error: ${error instanceof Error ? error.message : String(error)}`];
  const hint = error instanceof Fault ? (HINTS[error.code] ?? error.hint) : undefined;
  if (hint !== undefined) lines.push(hint);
  if (!(error instanceof Fault) && !debugging)
    lines.push('Add --log-level debug to see where it comes from.');
  if (debugging && error instanceof Error && error.stack !== undefined) lines.push(error.stack);
  const redact = createRedactor(config === undefined ? [] : secretsOf(config));
  return plain(redact(lines.join('\n')));
}

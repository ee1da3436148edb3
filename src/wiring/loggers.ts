import { createJsonLogger } from '../cli/json-logger.ts';
import { type Config, secretsOf } from '../config/config.ts';
import type { Logger } from '../domain/logger.ts';

export function loggerFor(config: Config, level = config.logLevel): Logger {
  return createJsonLogger({ level, stream: process.stderr, secrets: secretsOf(config) });
}

/** A person at a terminal reads what a command prints; of what goes on behind it, only trouble. */
export function terminalLogger(config: Config): Logger {
  return loggerFor(config, config.logLevel === 'info' ? 'warn' : config.logLevel);
}

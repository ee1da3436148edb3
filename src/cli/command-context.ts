import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.ts';
import { flagsOf } from './global-flags.ts';
import type { CliDeps, Services } from './services.ts';
import type { Terminal } from './terminal.ts';

/** What every command is made with. */
export interface CommandContext extends CliDeps {
  readonly terminal: Terminal;
  /** Where a command leaves the exit code if it is not 0. */
  readonly outcome: { exitCode: ExitCode };
}

/** Runs `use` with the engine that the command's flags describe, and closes it whatever happens. */
export async function withServices(
  context: CommandContext,
  command: Command,
  use: (services: Services) => Promise<void>,
): Promise<void> {
  const services = await context.open(await context.loadConfig(flagsOf(command)));
  try {
    await use(services);
  } finally {
    await services.close();
  }
}

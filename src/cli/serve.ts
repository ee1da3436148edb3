import { Command } from 'commander';
import { Fault } from '../domain/errors.ts';
import type { CommandContext } from './command-context.ts';
import { flagsOf } from './global-flags.ts';

export function createServeCommand(context: CommandContext): Command {
  return new Command('serve')
    .description('Serve the workflows to an MCP client over stdin and stdout; the same as no command at all.')
    .option('--http', 'serve over HTTP (not in this release)')
    .action(async (options: { http?: true }, command: Command) => {
      if (options.http === true)
        throw new Fault('INVALID_ARGUMENT', 'Serving over HTTP is not in this release.', {
          hint: 'Leave --http out: every MCP client can start the program itself and talk to it over stdio.',
        });
      await context.serveStdio(await context.loadConfig(flagsOf(command)));
    });
}

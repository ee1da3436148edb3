import { resolve } from 'node:path';
import { Command } from 'commander';
import { systemClock } from '../domain/clock.ts';
import type { CommandContext } from './command-context.ts';
import { flagsOf } from './global-flags.ts';

export function createBackupCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('backup')
    .description('Copy the database into one file, checked row by row, while servers go on working.')
    .argument('[file]', 'the copy; without it, a file beside the database that is named by the time')
    .option('--force', 'replace the file if it is there already')
    .option('--json', 'print JSON')
    .action(async (file: string | undefined, options: { force?: true; json?: true }, command: Command) => {
      const config = await context.loadConfig(flagsOf(command));
      const time = systemClock.now().replaceAll(':', '-');
      const result = await context.backupDatabase({
        config,
        file: resolve(file ?? `${config.databasePath}.${time}.backup`),
        force: options.force === true,
      });
      if (options.json === true) return terminal.printJson(result);
      const { instances, entries, bytes } = result;
      terminal.print(result.file);
      terminal.note(`${instances} runs with ${entries} history entries, ${bytes} bytes, checked.`);
    });
}

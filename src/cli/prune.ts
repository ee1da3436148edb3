import { Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../domain/clock.ts';
import type { CommandContext } from './command-context.ts';
import { flagsOf } from './global-flags.ts';

interface PruneOptions {
  /** Milliseconds. */
  readonly olderThan: number;
  readonly dryRun?: true;
  readonly compact?: true;
  readonly json?: true;
}

export function createPruneCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('prune')
    .description('Remove runs that finished long ago, with their history, while servers go on working.')
    .addOption(
      new Option('--older-than <age>', 'how long ago they changed last, such as 30d, 12h or 90m')
        .makeOptionMandatory()
        .argParser(ageMs),
    )
    .option('--dry-run', 'count them, and remove nothing')
    .option('--compact', 'make the file smaller; servers wait while it is built anew')
    .option('--json', 'print JSON')
    .action(async (options: PruneOptions, command: Command) => {
      const config = await context.loadConfig(flagsOf(command));
      const before = new Date(Date.parse(systemClock.now()) - options.olderThan).toISOString();
      const dryRun = options.dryRun === true;
      const compact = options.compact === true;
      const result = await context.pruneDatabase({ config, before, dryRun, compact });
      if (options.json === true) return terminal.printJson({ before, dryRun, ...result });
      const { instances, entries, scriptRuns, definitions, bytesBefore, bytesAfter, freeBytes } = result;
      const done = dryRun ? 'would go' : 'are gone';
      terminal.print(
        `${instances} finished runs with ${entries} history entries, ${scriptRuns} scripts and ${definitions} definitions ${done}.`,
      );
      if (dryRun) return;
      terminal.note(
        `The file has ${bytesAfter} bytes (before: ${bytesBefore}), ${freeBytes} of them free for what comes next.`,
      );
    });
}

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function ageMs(text: string): number {
  const [, count, unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError('It is a number and a unit: 30d, 12h or 90m.');
  return Number(count) * (UNITS_MS[unit] ?? 0);
}
